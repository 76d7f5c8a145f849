// The machine of posture: a quarantine is a set of causes, and each leaves by its own rule alone
// (tables.h). There is no event for a restart, a reload, a reconnection, an import or a restore,
// and so none of them releases anything.
#pragma once

#include "base/result.h"
#include "lifecycle/step.h"
#include "lifecycle/tables.h"

namespace interlock::lifecycle {

// quarantine adds a cause, from `held.since` on. It always succeeds: worse is never refused, not of
// a retired device either. A cause that is held already keeps its earlier `since` and gets the
// later end (none is the latest) and the newer evidence. An end counts only where a person with the
// security role may release the cause, and only where it is later than `since`; else there is none.
// Evidence is cut to limits::kFactSentenceBytesMax.
Step quarantine(const SubjectFacts& facts, HeldCause held);

// Releaser is who asks for the release of a cause.
struct Releaser {
  Release right = Release::kEvidence;  // What it can show.
  // kEvidence, kNewKey: when the evidence was taken or the key proved. It must be later than the
  // cause's `since`. Not looked at for kSecurityRole.
  WallTime proved_at;
};

// release ends one cause, at `now`. Refused (Errc::kState) with a sentence where it is not held,
// the right is not the one that its rule asks for, or the proof is not newer than the cause. The
// soak of a device whose last cause leaves begins anew.
Result<Step> release(const SubjectFacts& facts, Cause cause, const Releaser& by, WallTime now);

// attested keeps a good appraisal, unless a later one is known or it has run out by `now`, and ends
// the causes that evidence releases and that are older than it.
Step attested(const SubjectFacts& facts, const Attested& good, WallTime now);

// expire drops the causes and grants that have ended by themselves until `now`.
Step expire(const SubjectFacts& facts, WallTime now);

}  // namespace interlock::lifecycle
