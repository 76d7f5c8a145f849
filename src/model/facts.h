// What is known about devices and assets beyond intent: kept in the database, changed by events and
// by people, never by files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/standing.h"

namespace interlock {

// Subject is whom a fact is about.
enum class SubjectKind : std::uint8_t { kDevice, kAsset };
struct Subject {
  SubjectKind kind = SubjectKind::kDevice;
  std::string id;
  auto operator<=>(const Subject&) const = default;
};

// HeldCause is one cause of a quarantine. A subject holds each cause at most once.
struct HeldCause {
  Cause cause = Cause::kOperator;
  WallTime since;
  std::optional<WallTime> until;  // Ends by itself then; nothing: by its own rule alone.
  std::string evidence;  // One plain sentence: what was seen, or the reason that was given.
  std::string by;        // The operator; empty: the gateway itself.
  bool operator==(const HeldCause&) const = default;
};

// Grant is another function for a limited time (a maintenance window). It ends by itself.
struct Grant {
  std::uint64_t id = 0;  // Of this gateway's grants, never used again.
  std::string function;
  WallTime since, until;
  std::string reason, by;
  bool operator==(const Grant&) const = default;
};

// Grace is what a device has used of its tier's offline budget. It fills again only when everything
// that had run out has been renewed.
struct GraceSpent {
  std::optional<WallTime> since;  // Nothing: the budget is whole.
  std::uint32_t uses = 0;         // Connections that it paid for.
  bool operator==(const GraceSpent&) const = default;
};

// Attested is what the last good appraisal proved.
struct Attested {
  WallTime at, until;
  int assurance = 0;
  std::string firmware;
  bool operator==(const Attested&) const = default;
};

// SubjectFacts is all that is known about one subject. Of a subject without facts only intent says
// something: model/facts.h has no defaults of its own for it.
struct SubjectFacts {
  Subject subject;
  Stage stage = Stage::kPending;
  WallTime stage_since;
  bool frozen = false;            // Its stage changes by people alone.
  WallTime soak_since;            // In `staged`: since when it has been without a denial.
  std::vector<HeldCause> causes;  // In the order of Cause.
  std::vector<Grant> grants;      // In the order of their ids.
  GraceSpent grace;
  std::optional<Attested> attested;
  std::string replaced_by;  // A retired device's successor; empty: none.
  bool operator==(const SubjectFacts&) const = default;

  // quarantined says whether a cause is held at `now`: one that has ended by itself is kept until
  // something else changes.
  [[nodiscard]] bool quarantined(WallTime now) const {
    return std::ranges::any_of(
        causes, [now](const HeldCause& held) { return !held.until || *held.until > now; });
  }
};

// Action is one act of a person, for the record.
struct Action {
  WallTime time;
  std::string by;         // Name of the operator, and ...
  std::uint32_t uid = 0;  // ... the number the kernel vouched for.
  std::string verb;       // "quarantine", "release", "stage", ...
  Subject subject;
  std::string reason;
  std::string detail;  // What it changed, in one plain sentence.
  bool operator==(const Action&) const = default;
};

}  // namespace interlock
