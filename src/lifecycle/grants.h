// Grants: another function for a limited time. They end by themselves (causes.h, expire).
#pragma once

#include "base/result.h"
#include "lifecycle/step.h"

namespace interlock::lifecycle {

// grant adds a grant, whose id the caller has chosen, larger than any before. Refused
// (Errc::kState) of a device that is pending or retired, which no grant lifts, or whose end is not
// ahead of `now`; refused (Errc::kLimit) beyond limits::kGrantsPerSubjectMax.
Result<Step> grant(const SubjectFacts& facts, Grant grant, WallTime now);

// end_grant ends one before its time. Refused (Errc::kState) where there is none with this id.
Result<Step> end_grant(const SubjectFacts& facts, std::uint64_t id);

// grant_in_force returns the newest grant that holds at `now`; null: none. It is for a device that
// is staged or active, and neither in quarantine nor unattested: a grant lifts nothing.
const Grant* grant_in_force(const SubjectFacts& facts, WallTime now);

}  // namespace interlock::lifecycle
