// The rules of the machines as data: the code works from these tables, and `stages_text` and
// MACHINES.md show them. Change a rule here and nowhere else.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "interlock/reason.h"
#include "model/scope.h"

namespace interlock::lifecycle {

// StageEvent is what can happen to the stage of a device.
enum class StageEvent : std::uint8_t {
  kApproved,
  kStaged,
  kSoaked,     // The timer of its soak rang.
  kViolation,  // It was denied something that its function does not permit.
  kFrozen,
  kUnfrozen,
  kRetired,
  kReplaced,  // Another device takes its place ...
  kSucceeded  // ... and this is that other device.
};
constexpr std::size_t kNumStageEvents = 9;

// EventRule is what holds for an event in whatever stage.
struct EventRule {
  StageEvent event;
  std::string_view name;
  bool by_person;       // Else automatic: a freeze stops it, and it is never refused.
  const char* refusal;  // Said where no row of the stage has this event.
};

// Guard is what must hold beside stage and event.
enum class Guard : std::uint8_t {
  kAlways,
  kTrial,     // `onboarding` names a function for `staged`.
  kNoTrial,   // It names none.
  kSoakOver,  // No freeze, no cause, the soak is over, and the function does not write.
  kTooMany    // No freeze, and as many violations as `onboarding` lets pass.
};
constexpr std::size_t kNumGuards = 5;

// StageRow is one permitted transition. What has no row does not happen. In `staged` a violation
// that has no row begins the soak anew.
struct StageRow {
  Stage from;
  StageEvent event;
  Guard guard;
  Stage to;
};

// Release is who alone may end a cause.
enum class Release : std::uint8_t {
  kEvidence,      // Good attestation evidence that is newer than the cause.
  kSecurityRole,  // A person with the security role; or the cause's own end, where it has one.
  kNewKey         // A new key, enrolled by another proof than the old one.
};
constexpr std::size_t kNumReleases = 3;

struct CauseRule {
  Cause cause;
  Release release;
  bool essential;  // Essential permits hold meanwhile.
  Enrol enrol;     // What is left of enrolment meanwhile.
  Reason reason;
};

// rule_of returns the one rule of an event, a cause.
const EventRule& rule_of(StageEvent event);
const CauseRule& rule_of(Cause cause);

// The rows, in the order in which they are tried and shown.
std::span<const StageRow> stage_rows();

// cause_rules has each cause once, the gravest first: of several causes that a device holds, the
// first one's reason is given.
std::span<const CauseRule, kNumCauses> cause_rules();

std::string_view condition_text(Guard guard);  // "onboarding names a function for staged"; or "".
std::string_view release_text(Release release);

}  // namespace interlock::lifecycle
