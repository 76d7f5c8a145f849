#include "lifecycle/standing_of.h"

#include <algorithm>

#include "lifecycle/grants.h"

namespace interlock::lifecycle {
namespace {

bool over(const std::optional<WallTime>& ends, WallTime now) { return ends && *ends <= now; }

// Everything that a standing follows from, as it was given.
struct Case {
  const SubjectFacts* facts = nullptr;
  const DeviceIntent& intent;
  RunsOut runs_out;
  bool paid = false;

  [[nodiscard]] Grace grace_at(WallTime now) const {
    return grace_of(facts != nullptr ? facts->grace : GraceSpent{}, runs_out, intent.grace, paid,
                    now);
  }
};

CauseSet causes_at(const SubjectFacts* facts, WallTime now) {
  CauseSet out;
  if (facts == nullptr) return out;
  for (const HeldCause& held : facts->causes) {
    if (!over(held.until, now)) out.add(held.cause);
  }
  return out;
}

// Evidence that has run out is paid for by the budget, as long as there is some; evidence that
// never was is not.
bool unattested_at(const Case& c, Phase phase, WallTime now) {
  if (!c.intent.attestation) return false;
  if (c.facts == nullptr || !c.facts->attested) return true;
  return over(c.runs_out.evidence, now) && (!c.intent.grace || phase == Phase::kNothing);
}

// A certificate or a list that has run out, and that nothing pays for any more: who shows it has
// proved nothing.
bool proves_nothing(const Plight& plight) {
  return plight.phase == Phase::kNothing && (plight.leaf_ended || plight.crl_ended);
}

Posture posture_of(const Plight& plight) {
  if (!plight.causes.empty()) return Posture::kQuarantined;
  if (plight.unattested) return Posture::kUnattested;
  return plight.phase == Phase::kFull ? Posture::kTrusted : Posture::kGrace;
}

Reason reason_of(const Plight& plight, const Case& c, WallTime now) {
  if (plight.stage == Stage::kRetired) return Reason::device_retired;
  for (const CauseRule& rule : cause_rules()) {
    if (plight.causes.has(rule.cause)) return rule.reason;
  }
  if (plight.stage == Stage::kPending && !proves_nothing(plight)) return Reason::stage_pending;
  if (c.intent.grace && plight.phase == Phase::kNothing) return Reason::grace_exhausted;
  if (c.intent.attestation && (c.facts == nullptr || !c.facts->attested) &&
      !proves_nothing(plight)) {
    return Reason::attestation_required;
  }
  if (plight.leaf_ended) return Reason::certificate_expired;
  if (plight.crl_ended) return Reason::revocation_stale;
  if (over(c.runs_out.evidence, now)) return Reason::attestation_stale;
  return Reason::kNone;
}

Standing standing_at(const Case& c, WallTime now) {
  const Phase phase = c.grace_at(now).phase;
  const Plight plight{.stage = c.facts != nullptr ? c.facts->stage : c.intent.initial_stage,
                      .causes = causes_at(c.facts, now),
                      .unattested = unattested_at(c, phase, now),
                      .phase = phase,
                      .leaf_ended = over(c.runs_out.leaf, now),
                      .crl_ended = over(c.runs_out.crl, now)};
  Standing out;
  out.stage = plight.stage;
  out.posture = posture_of(plight);
  out.phase = plight.phase;
  out.causes = plight.causes;
  out.scope = scope_of(plight);
  out.reason = reason_of(plight, c, now);
  if (c.facts != nullptr && (out.scope.base == Base::kOwn || out.scope.base == Base::kStaged)) {
    if (const Grant* grant = grant_in_force(*c.facts, now)) out.granted = grant->function;
  }
  return out;
}

// The next moment after `now` at which anything at all is reached that a standing looks at.
std::optional<WallTime> next_moment(const Case& c, WallTime now) {
  std::optional<WallTime> next;
  const auto offer = [&](const std::optional<WallTime>& at) {
    if (at && *at > now && (!next || *at < *next)) next = at;
  };
  offer(c.runs_out.evidence);
  offer(c.runs_out.leaf);
  offer(c.runs_out.crl);
  offer(c.grace_at(now).next_at);
  if (c.facts == nullptr) return next;
  for (const HeldCause& held : c.facts->causes) offer(held.until);
  for (const Grant& grant : c.facts->grants) {
    offer(grant.since);
    offer(grant.until);
  }
  return next;
}

}  // namespace

Scope scope_of(const Plight& plight) {
  Scope out;
  if (plight.stage == Stage::kRetired) return out;
  const bool nothing = proves_nothing(plight);
  const bool held_back =
      !plight.causes.empty() || plight.unattested || plight.phase >= Phase::kEssential;
  out.essential = plight.stage != Stage::kPending && plight.phase != Phase::kNothing;
  // A certificate is not renewed for somebody who may have been revoked meanwhile.
  out.enrol = nothing || plight.crl_ended ? Enrol::kOtherProof : Enrol::kYes;
  for (const CauseRule& rule : cause_rules()) {
    if (!plight.causes.has(rule.cause)) continue;
    out.essential = out.essential && rule.essential;
    out.enrol = std::min(out.enrol, rule.enrol);
  }
  if (nothing) return out;
  if (plight.stage == Stage::kPending) {
    // What remediation has beyond onboarding is not for a device that nobody has approved.
    out.base = Base::kOnboarding;
  } else if (held_back) {
    out.base = Base::kRemediation;
  } else {
    out.base = plight.stage == Stage::kStaged ? Base::kStaged : Base::kOwn;
    out.reads_only = plight.phase == Phase::kReads;
  }
  return out;
}

RunsOut runs_out_of(const SubjectFacts* facts, const DeviceIntent& intent,
                    const Credential& credential) {
  RunsOut out{.evidence = std::nullopt, .leaf = credential.leaf_ends, .crl = credential.crl_ends};
  if (intent.attestation && facts != nullptr && facts->attested) {
    out.evidence =
        std::min(facts->attested->until, after(facts->attested->at, intent.evidence_age_max));
  }
  return out;
}

Standing standing_of(const SubjectFacts* facts, const DeviceIntent& intent,
                     const Credential& credential, WallTime now) {
  const Case c{facts, intent, runs_out_of(facts, intent, credential), credential.paid};
  Standing out = standing_at(c, now);
  for (auto at = next_moment(c, now); at; at = next_moment(c, *at)) {
    if (standing_at(c, *at) == out) continue;
    out.changes_at = at;
    break;
  }
  if (facts != nullptr) {
    const auto soaked = soak_ends(*facts, intent.stages);
    if (soaked && *soaked > now && (!out.changes_at || *soaked < *out.changes_at)) {
      out.changes_at = soaked;
    }
  }
  return out;
}

}  // namespace interlock::lifecycle
