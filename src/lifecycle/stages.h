// The machine of stages: pending, staged, active, retired. Its table is in tables.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "lifecycle/step.h"
#include "lifecycle/tables.h"

namespace interlock::lifecycle {

// StageRules is what `onboarding` says, for one device.
struct StageRules {
  bool trial = false;            // It names a function for `staged`.
  std::optional<Millis> soak;    // A staged device becomes active by itself after so long without a
                                 // violation. Nothing: by a person alone.
  std::uint32_t violations = 0;  // So many in one window send a staged device back to pending.
                                 // 0: they only begin its soak anew.
  // The function that it would become active in does not write. Nothing goes automatically into
  // a function that writes.
  bool automatic = false;
};

// StageInput is an event and what belongs to it.
struct StageInput {
  StageEvent event;
  std::uint32_t violations = 0;     // kViolation: this one and those before it in the window.
  std::string_view successor = {};  // kReplaced: the device that takes its place.
};

// new_facts returns the facts of a subject of which nothing was known: intent alone says its stage.
SubjectFacts new_facts(Subject subject, Stage initial_stage, WallTime now);

// step applies one event. Automatic events that do not apply change nothing; what a person may not
// do is refused (Errc::kState) with a sentence that says why and what to do instead.
Result<Step> step(const SubjectFacts& facts, const StageInput& input, const StageRules& rules,
                  WallTime now);

// soak_ends returns the moment from which kSoaked makes a staged device active; nothing where it
// will not: it is in another stage, frozen, in a quarantine without end, or not to advance by
// itself. The time of a quarantine does not count as soak.
std::optional<WallTime> soak_ends(const SubjectFacts& facts, const StageRules& rules);

}  // namespace interlock::lifecycle
