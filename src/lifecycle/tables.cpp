#include "lifecycle/tables.h"

#include <algorithm>

#include "base/result.h"

namespace interlock::lifecycle {
namespace {

using enum Stage;

// In the order of StageEvent.
constexpr std::array<EventRule, kNumStageEvents> kEventRules = {{
    {StageEvent::kApproved, "approved", true,
     "Only a pending or a staged device can be approved; this one is active already."},
    {StageEvent::kStaged, "staged", true,
     "Only a pending or an active device can be staged; this one is staged already."},
    {StageEvent::kSoaked, "soak over", false, ""},
    {StageEvent::kViolation, "violation", false, ""},
    {StageEvent::kFrozen, "frozen", true, "The device is frozen already."},
    {StageEvent::kUnfrozen, "unfrozen", true, "The device is not frozen."},
    {StageEvent::kRetired, "retired", true, ""},
    {StageEvent::kReplaced, "replaced", true, ""},
    {StageEvent::kSucceeded, "succeeds another", true, ""},
}};

constexpr std::array kStageRows = {
    StageRow{kPending, StageEvent::kApproved, Guard::kTrial, kStaged},
    StageRow{kPending, StageEvent::kApproved, Guard::kNoTrial, kActive},
    StageRow{kPending, StageEvent::kStaged, Guard::kTrial, kStaged},
    StageRow{kPending, StageEvent::kSucceeded, Guard::kTrial, kStaged},
    StageRow{kPending, StageEvent::kSucceeded, Guard::kNoTrial, kActive},
    StageRow{kPending, StageEvent::kRetired, Guard::kAlways, kRetired},
    StageRow{kPending, StageEvent::kReplaced, Guard::kAlways, kRetired},
    StageRow{kStaged, StageEvent::kApproved, Guard::kAlways, kActive},
    StageRow{kStaged, StageEvent::kSoaked, Guard::kSoakOver, kActive},
    StageRow{kStaged, StageEvent::kViolation, Guard::kTooMany, kPending},
    StageRow{kStaged, StageEvent::kSucceeded, Guard::kAlways, kStaged},
    StageRow{kStaged, StageEvent::kRetired, Guard::kAlways, kRetired},
    StageRow{kStaged, StageEvent::kReplaced, Guard::kAlways, kRetired},
    StageRow{kActive, StageEvent::kStaged, Guard::kTrial, kStaged},
    StageRow{kActive, StageEvent::kSucceeded, Guard::kTrial, kStaged},
    StageRow{kActive, StageEvent::kSucceeded, Guard::kNoTrial, kActive},
    StageRow{kActive, StageEvent::kRetired, Guard::kAlways, kRetired},
    StageRow{kActive, StageEvent::kReplaced, Guard::kAlways, kRetired},
};

constexpr std::array<CauseRule, kNumCauses> kCauseRules = {{
    {Cause::kCloneSuspected, Release::kSecurityRole, false, Enrol::kNo, Reason::clone_suspected},
    {Cause::kDefaultSecret, Release::kSecurityRole, false, Enrol::kNo, Reason::default_secret},
    {Cause::kKeyCompromised, Release::kNewKey, false, Enrol::kOtherProof, Reason::quarantined},
    {Cause::kSecureBootOff, Release::kEvidence, false, Enrol::kYes, Reason::secure_boot_off},
    {Cause::kAttestationFailed, Release::kEvidence, true, Enrol::kYes, Reason::attestation_failed},
    {Cause::kViolations, Release::kSecurityRole, true, Enrol::kNo, Reason::quarantined},
    {Cause::kOperator, Release::kSecurityRole, true, Enrol::kNo, Reason::quarantined},
}};

constexpr std::array<std::string_view, kNumGuards> kConditions = {
    "", "onboarding names a function for staged", "onboarding names none",
    "no freeze, no cause, and its function writes nothing",
    "no freeze, and as many as onboarding says"};

constexpr std::array<std::string_view, kNumReleases> kReleaseTexts = {
    "good evidence newer than the cause", "a person with the security role, or its own end",
    "a new key, enrolled by another proof"};

}  // namespace

const EventRule& rule_of(StageEvent event) {
  const EventRule& rule = kEventRules[static_cast<std::size_t>(event)];
  IL_ASSERT(rule.event == event);
  return rule;
}

const CauseRule& rule_of(Cause cause) {
  const auto* rule = std::ranges::find(kCauseRules, cause, &CauseRule::cause);
  IL_ASSERT(rule != kCauseRules.end());
  return *rule;
}

std::span<const StageRow> stage_rows() { return kStageRows; }
std::span<const CauseRule, kNumCauses> cause_rules() { return kCauseRules; }
std::string_view condition_text(Guard guard) {
  return kConditions[static_cast<std::size_t>(guard)];
}
std::string_view release_text(Release release) {
  return kReleaseTexts[static_cast<std::size_t>(release)];
}

}  // namespace interlock::lifecycle
