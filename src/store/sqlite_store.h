// The state database: port/state_store.h on SQLite, in the file state.db of the state folder.
#pragma once

#include <memory>
#include <string>

#include "port/state_store.h"

namespace interlock::store {

class SqliteStore final : public port::StateStore {
 public:
  // open opens the database of `folder`, or makes it where there has never been one. It is checked
  // whole first (some 0.1 s for 100,000 devices). One process has it open at a time, also against
  // readers. On an error nothing is created, and no file that may be of use is changed; kMissing
  // and kRestored are for an operator to decide: a folder without `initialised` and state.db is one
  // that begins.
  static port::StoreResult<std::unique_ptr<SqliteStore>> open(const std::string& folder);

  // adopt opens a sound database that is kRestored, and makes it the one in use, because an
  // operator says so: a copy that it was made from is kRestored from now on. Its epoch becomes at
  // least `epoch_min`: what the audit trail remembers of later epochs stays apart from what comes.
  static port::StoreResult<std::unique_ptr<SqliteStore>> adopt(const std::string& folder,
                                                               std::uint64_t epoch_min);
  ~SqliteStore() override;

  // fresh tells whether open() has made the database: there are no facts yet.
  [[nodiscard]] bool fresh() const;

  port::StoreResult<port::State> load() override;
  port::StoreResult<std::uint64_t> commit(const port::Change& change) override;
  port::StoreResult<std::vector<Action>> latest_actions(
      std::size_t count, const std::optional<Subject>& about) override;
  port::StoreStatus backup(const std::string& path) override;

 private:
  struct Held;  // The folder, and the database in it.
  explicit SqliteStore(std::unique_ptr<Held> held);
  static port::StoreResult<std::unique_ptr<SqliteStore>> open_held(std::unique_ptr<Held> held);

  port::StoreResult<std::uint64_t> apply(const port::Change& change);

  std::unique_ptr<Held> held_;
};

}  // namespace interlock::store
