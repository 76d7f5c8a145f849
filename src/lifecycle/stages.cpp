#include "lifecycle/stages.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

namespace interlock::lifecycle {
namespace {

tl::unexpected<Error> refuse(const char* sentence) {
  return fail(Errc::kState, Origin::kOwn, sentence);
}

bool holds(Guard guard, const SubjectFacts& facts, const StageInput& input, const StageRules& rules,
           WallTime now) {
  switch (guard) {
    case Guard::kAlways:
      return true;
    case Guard::kTrial:
      return rules.trial;
    case Guard::kNoTrial:
      return !rules.trial;
    case Guard::kSoakOver: {
      const auto ends = soak_ends(facts, rules);
      return ends && *ends <= now;
    }
    case Guard::kTooMany:
      return !facts.frozen && rules.violations > 0 && input.violations >= rules.violations;
  }
  return false;
}

Step enter(const SubjectFacts& facts, const StageInput& input, Stage to, WallTime now) {
  Step out{facts, fmt::format("It went from {} to {}: {}.", to_string(facts.stage), to_string(to),
                              rule_of(input.event).name)};
  out.facts.stage = to;
  out.facts.stage_since = now;
  if (to == Stage::kStaged) out.facts.soak_since = now;
  if (input.event == StageEvent::kReplaced) out.facts.replaced_by = input.successor;
  return out;
}

Result<Step> set_frozen(const SubjectFacts& facts, const EventRule& rule) {
  const bool frozen = rule.event == StageEvent::kFrozen;
  if (facts.frozen == frozen) return refuse(rule.refusal);
  Step out{facts, frozen ? "Its stage is frozen: people alone change it."
                         : "Its stage is no longer frozen."};
  out.facts.frozen = frozen;
  return out;
}

// A storm of violations must not become a storm of writes: one moves the beginning of the soak a
// little ahead, and those before it change nothing. So a soak ends late by that much, never early.
Step violated(const SubjectFacts& facts, WallTime now) {
  if (facts.stage != Stage::kStaged || now < facts.soak_since) return {facts, ""};
  Step out{facts, "Its soak begins anew: violation."};
  out.facts.soak_since = now + limits::kSoakGrain;
  return out;
}

}  // namespace

SubjectFacts new_facts(Subject subject, Stage initial_stage, WallTime now) {
  SubjectFacts out;
  out.subject = std::move(subject);
  out.stage = initial_stage;
  out.stage_since = out.soak_since = now;
  return out;
}

Result<Step> step(const SubjectFacts& facts, const StageInput& input, const StageRules& rules,
                  WallTime now) {
  const EventRule& rule = rule_of(input.event);
  if (facts.stage == Stage::kRetired) {
    if (!rule.by_person) return Step{facts, ""};
    return refuse("The device is retired, and that is final: give the box a new device id.");
  }
  if (input.event == StageEvent::kFrozen || input.event == StageEvent::kUnfrozen) {
    return set_frozen(facts, rule);
  }
  if (input.event == StageEvent::kReplaced &&
      (input.successor.empty() || input.successor == facts.subject.id)) {
    return refuse("A device is replaced by another one: name the id of the new device.");
  }
  bool known = false;
  for (const StageRow& row : stage_rows()) {
    if (row.from != facts.stage || row.event != input.event) continue;
    known = true;
    if (!holds(row.guard, facts, input, rules, now)) continue;
    if (row.from == Stage::kActive && row.to == Stage::kActive) return Step{facts, ""};
    return enter(facts, input, row.to, now);
  }
  if (input.event == StageEvent::kViolation) return violated(facts, now);
  if (!rule.by_person) return Step{facts, ""};
  if (!known) return refuse(rule.refusal);
  return refuse(
      "The configuration names no function for staged devices: add `staged { function: ... }` to "
      "onboarding, or approve the device instead.");
}

std::optional<WallTime> soak_ends(const SubjectFacts& facts, const StageRules& rules) {
  if (facts.stage != Stage::kStaged || facts.frozen || !rules.automatic || !rules.soak) {
    return std::nullopt;
  }
  WallTime since = facts.soak_since;
  for (const HeldCause& held : facts.causes) {
    if (!held.until) return std::nullopt;
    since = std::max(since, *held.until);
  }
  return after(since, *rules.soak);
}

}  // namespace interlock::lifecycle
