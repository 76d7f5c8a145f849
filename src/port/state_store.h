// Where facts are kept: what is known of devices and assets, and what people did about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "base/result.h"
#include "base/time.h"
#include "model/facts.h"

namespace interlock::port {

// StoreFault is what a caller may branch on.
enum class StoreFault : std::uint8_t {
  kMissing,      // There was a database, and it is gone.
  kDamaged,      // It is not one of ours, or something in it breaks the rules.
  kNewer,        // A newer version of this program wrote it.
  kRestored,     // It is ours, but not the one that was last in use here: restored or swapped.
  kLocked,       // Another process has it open.
  kUnavailable,  // Disk full, read-only, I/O, permissions: may pass, and may be tried again.
  kRefused       // The change breaks a limit or a rule: a mistake of the caller. Nothing is wrong
                 // with the database.
};

struct StoreError {
  StoreFault fault;
  std::string message;  // For people: which file, what is wrong with it, and what to do.
};

// StoreResult is a value or a StoreError, as Result is of Error.
template <class T>
class [[nodiscard]] StoreResult : public tl::expected<T, StoreError> {
 public:
  using tl::expected<T, StoreError>::expected;
};
using StoreStatus = StoreResult<Ok>;

// Marks is what is known about the gateway itself.
struct Marks {
  std::uint64_t next_grant = 1;         // Grants below it were given out; it never goes back.
  std::optional<WallTime> clock_floor;  // It has been as late as that; nothing: not known.
  bool operator==(const Marks&) const = default;
};

// State is everything but the actions. Subjects are in the order of (word of their kind, id).
struct State {
  std::uint64_t epoch = 0;  // How many changes were ever committed.
  Marks marks;
  std::vector<SubjectFacts> subjects;
};

// Change is applied whole or not at all.
struct Change {
  std::vector<SubjectFacts> subjects;  // Each replaces all that was known of its subject.
  std::vector<Action> actions;         // Appended, in this order.
  std::optional<Marks> marks;          // Nothing: as they were.
};

// StateStore is used by one thread at a time. No call waits for another process; each waits for the
// disk. No error changes what is kept, as far as this process and its later calls see.
class StateStore {
 public:
  virtual ~StateStore() = default;

  // load reads everything, and takes nothing for granted: a word or a time that cannot be is
  // kDamaged.
  virtual StoreResult<State> load() = 0;

  // commit returns the new epoch, which is one more than the last, once the change is on the disk.
  // Texts, causes and grants have limits (base/limits.h): more is kRefused. After kUnavailable the
  // same change may be tried again. If the process ends first, the next one may find that change
  // done all the same, whole and with the next epoch, where the disk did not even let it be undone.
  virtual StoreResult<std::uint64_t> commit(const Change& change) = 0;

  // latest_actions returns at most `count` acts of people, the latest first: all, or those about
  // one subject. The oldest are forgotten (limits::kActionsKeptMax).
  virtual StoreResult<std::vector<Action>> latest_actions(std::size_t count,
                                                          const std::optional<Subject>& about) = 0;

  // backup writes all that is committed into a new file, with mode 0600, which is complete and on
  // the disk under this name or does not exist; kRefused where the name is taken. Put in the place
  // of the database it is kRestored, on every machine.
  virtual StoreStatus backup(const std::string& path) = 0;
};

}  // namespace interlock::port
