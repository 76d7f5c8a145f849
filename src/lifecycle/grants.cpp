#include "lifecycle/grants.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

namespace interlock::lifecycle {

Result<Step> grant(const SubjectFacts& facts, Grant grant, WallTime now) {
  if (facts.stage == Stage::kPending || facts.stage == Stage::kRetired) {
    return fail(Errc::kState, Origin::kOwn,
                "A grant is for a device that is staged or active: approve it first.");
  }
  if (grant.until <= now || grant.until <= grant.since) {
    return fail(Errc::kState, Origin::kOwn,
                "The grant would have ended already: say for how long.");
  }
  if (facts.grants.size() >= limits::kGrantsPerSubjectMax) {
    return fail(Errc::kLimit, Origin::kOwn,
                "The device has as many grants as one may have: end one of them first.");
  }
  Step out{facts, fmt::format("It has the function {} until {}.", grant.function,
                              format_utc(grant.until))};
  out.facts.grants.push_back(std::move(grant));
  return out;
}

Result<Step> end_grant(const SubjectFacts& facts, std::uint64_t id) {
  Step out{facts, ""};
  for (const Grant& grant : facts.grants) {
    if (grant.id == id) out.changed = fmt::format("The grant of {} was ended.", grant.function);
  }
  if (std::erase_if(out.facts.grants, [&](const Grant& other) { return other.id == id; }) == 0) {
    return fail(Errc::kState, Origin::kOwn,
                "The device has no grant with this number: it may have ended by itself.");
  }
  return out;
}

const Grant* grant_in_force(const SubjectFacts& facts, WallTime now) {
  const auto newest =
      std::find_if(facts.grants.rbegin(), facts.grants.rend(),
                   [&](const Grant& grant) { return grant.since <= now && now < grant.until; });
  return newest == facts.grants.rend() ? nullptr : &*newest;
}

}  // namespace interlock::lifecycle
