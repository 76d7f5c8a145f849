#include "lifecycle/grace.h"

#include <algorithm>

namespace interlock::lifecycle {
namespace {

bool over(const std::optional<WallTime>& ends, WallTime now) { return ends && *ends <= now; }

std::optional<WallTime> earlier(const std::optional<WallTime>& a,
                                const std::optional<WallTime>& b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// What runs out without a budget to pay for it ends at once, and evidence is not its business.
Grace without_rules(const RunsOut& runs_out, WallTime now) {
  const auto ends = earlier(runs_out.leaf, runs_out.crl);
  if (over(ends, now)) return {.phase = Phase::kNothing, .since = ends, .next = Phase::kNothing};
  return {.next_at = ends, .next = ends ? Phase::kNothing : Phase::kFull};
}

}  // namespace

std::optional<WallTime> RunsOut::first() const { return earlier(evidence, earlier(leaf, crl)); }

Grace grace_of(const GraceSpent& spent, const RunsOut& runs_out,
               const std::optional<GraceRules>& rules, bool paid, WallTime now) {
  if (!rules) return without_rules(runs_out, now);
  const auto first = runs_out.first();
  const auto since = earlier(first, spent.since);
  if (!since || !first) return {};
  const WallTime reads_until = after(*since, std::min(rules->reads_for, rules->grace));
  const WallTime ends = after(*since, rules->grace);
  const bool pays = paid || !rules->uses || spent.uses < *rules->uses;
  const auto phase_at = [&](WallTime at) {
    if (at < *first) return Phase::kFull;
    if (!pays) return Phase::kNothing;
    if (at < reads_until) return Phase::kReads;
    return at < ends ? Phase::kEssential : Phase::kNothing;
  };
  Grace out{.phase = phase_at(now), .since = std::nullopt, .next_at = std::nullopt};
  if (out.phase != Phase::kFull) out.since = since;
  for (const WallTime at : {*first, reads_until, ends}) {
    if (at > now && phase_at(at) != out.phase && (!out.next_at || at < *out.next_at)) {
      out.next_at = at;
    }
  }
  out.next = out.next_at ? phase_at(*out.next_at) : out.phase;
  if (rules->uses) out.uses_left = *rules->uses - std::min(*rules->uses, spent.uses);
  return out;
}

GraceSpent settle(const GraceSpent& spent, const RunsOut& runs_out, WallTime now) {
  const auto first = runs_out.first();
  if (!over(first, now)) return {};
  return {.since = earlier(first, spent.since), .uses = spent.uses};
}

Result<GraceSpent> spend_use(const GraceSpent& spent, const GraceRules& rules) {
  if (rules.uses && spent.uses >= *rules.uses) {
    return fail(Errc::kState, Origin::kOwn,
                "The connections that the offline budget of the device's tier pays for are used "
                "up: renew what has run out.");
  }
  GraceSpent out = spent;
  if (rules.uses) ++out.uses;
  return out;
}

}  // namespace interlock::lifecycle
