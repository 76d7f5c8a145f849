// From facts, intent and time to what is in force: the one place where a device's scope is decided.
#pragma once

#include <optional>

#include "lifecycle/grace.h"
#include "lifecycle/stages.h"

namespace interlock::lifecycle {

// DeviceIntent is what files say of one device that matters here.
struct DeviceIntent {
  Stage initial_stage = Stage::kPending;  // Of a device without facts.
  bool attestation = false;               // Its tier asks for it, ...
  Millis evidence_age_max;                // ... and for evidence no older than this.
  std::optional<GraceRules> grace;        // Its tier's offline budget.
  StageRules stages;
};

// Credential is what a connection of the device showed: when it stops being good, which is the
// first moment at which it no longer is, past or ahead. Nothing: not known, or not asked.
struct Credential {
  std::optional<WallTime> leaf_ends;
  std::optional<WallTime> crl_ends;
  bool paid = false;  // A use of the offline budget was spent for the connection (spend_use).
};

// Plight is all that a scope follows from.
struct Plight {
  Stage stage = Stage::kPending;
  CauseSet causes;
  bool unattested = false;
  Phase phase = Phase::kFull;
  bool leaf_ended = false;
  bool crl_ended = false;
};

// scope_of returns what is in force. Pure and total; what is worse in any member is never better in
// the scope.
Scope scope_of(const Plight& plight);

// runs_out_of returns what can run out for a device: for the countdown (grace_of) and the budget
// (settle). `facts` may be null.
RunsOut runs_out_of(const SubjectFacts* facts, const DeviceIntent& intent,
                    const Credential& credential);

// standing_of returns where a device stands at `now`. `facts` is null where nothing is known: then
// intent alone speaks. Total, without allocation: a microsecond or so. The result holds, unless
// facts, intent or credential change, until `changes_at`; `granted` points into `facts`.
Standing standing_of(const SubjectFacts* facts, const DeviceIntent& intent,
                     const Credential& credential, WallTime now);

}  // namespace interlock::lifecycle
