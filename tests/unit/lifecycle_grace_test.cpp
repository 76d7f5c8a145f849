// Is there one offline budget for everything that runs out, spent in phases that are announced, and
// whole again only when everything was renewed?
#include <boost/test/unit_test.hpp>

#include "lifecycle/grace.h"
#include "lifecycle_support.h"

using namespace interlock;
using namespace interlock::lifecycle;

namespace {

const std::optional<GraceRules> kRules =
    GraceRules{.grace = hours(72), .reads_for = hours(24), .uses = 2};

Phase phase(const RunsOut& runs_out, WallTime now, const GraceSpent& spent = {}) {
  return grace_of(spent, runs_out, kRules, true, now).phase;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle_grace)

BOOST_AUTO_TEST_CASE(a_budget_is_spent_in_phases) {
  const RunsOut leaf{.leaf = at(10)};
  const auto before = [](std::int64_t h) { return WallTime{at(h).ms - 1}; };
  BOOST_TEST((phase(leaf, before(10)) == Phase::kFull));
  BOOST_TEST((phase(leaf, at(10)) == Phase::kReads));
  BOOST_TEST((phase(leaf, before(34)) == Phase::kReads));
  BOOST_TEST((phase(leaf, at(34)) == Phase::kEssential));
  BOOST_TEST((phase(leaf, before(82)) == Phase::kEssential));
  BOOST_TEST((phase(leaf, at(82)) == Phase::kNothing));
}

BOOST_AUTO_TEST_CASE(the_next_phase_is_announced_before_anything_stops) {
  const RunsOut leaf{.leaf = at(10)};
  const auto next = [&](std::int64_t h) {
    const Grace grace = grace_of({}, leaf, kRules, false, at(h));
    return std::pair(grace.next_at, grace.next);
  };
  BOOST_TEST((next(0) == std::pair(std::optional(at(10)), Phase::kReads)));
  BOOST_TEST((next(10) == std::pair(std::optional(at(34)), Phase::kEssential)));
  BOOST_TEST((next(34) == std::pair(std::optional(at(82)), Phase::kNothing)));
  BOOST_TEST(!next(82).first.has_value());
}

BOOST_AUTO_TEST_CASE(reads_never_last_longer_than_the_budget) {
  const GraceRules odd{.grace = hours(2), .reads_for = hours(24), .uses = std::nullopt};
  const Grace grace = grace_of({}, {.crl = at(0)}, odd, false, at(1));
  BOOST_TEST((grace.phase == Phase::kReads));
  BOOST_TEST((grace.next_at == at(2)));
  BOOST_TEST((grace.next == Phase::kNothing));
  BOOST_TEST(!grace.uses_left.has_value());
}

BOOST_AUTO_TEST_CASE(three_things_spend_one_budget) {
  BOOST_TEST((phase({.evidence = at(0)}, at(30)) == Phase::kEssential));
  BOOST_TEST((phase({.crl = at(0)}, at(30)) == Phase::kEssential));
  // What runs out later adds nothing, and renewing the first alone gives nothing back.
  const RunsOut both{.evidence = at(0), .leaf = at(20)};
  BOOST_TEST((phase(both, at(30)) == Phase::kEssential));
  const GraceSpent spent = settle({}, both, at(20));
  BOOST_TEST((spent.since == at(0)));
  const RunsOut renewed{.evidence = at(200), .leaf = at(20)};
  BOOST_TEST((settle(spent, renewed, at(22)) == spent));
  BOOST_TEST((phase(renewed, at(30), spent) == Phase::kEssential));
  BOOST_TEST((phase(renewed, at(72), spent) == Phase::kNothing));
}

BOOST_AUTO_TEST_CASE(a_budget_is_whole_again_when_everything_was_renewed) {
  const GraceSpent spent{.since = at(0), .uses = 2};
  BOOST_TEST((settle(spent, {.evidence = at(99), .leaf = at(99)}, at(30)) == GraceSpent{}));
  BOOST_TEST((settle(spent, {}, at(30)) == GraceSpent{}));
  BOOST_TEST((settle(spent, {.evidence = at(99), .leaf = at(30)}, at(30)) == spent));
}

BOOST_AUTO_TEST_CASE(uses_are_spent_by_connections_and_open_ones_go_on) {
  GraceSpent spent = settle({}, {.leaf = at(0)}, at(1));
  for (std::uint32_t use = 1; use <= 2; ++use) {
    const auto out = spend_use(spent, *kRules);
    BOOST_REQUIRE(out.has_value());
    spent = *out;
    BOOST_TEST(spent.uses == use);
  }
  BOOST_TEST(!spend_use(spent, *kRules).has_value());
  const Grace paid = grace_of(spent, {.leaf = at(0)}, kRules, true, at(1));
  BOOST_TEST((paid.phase == Phase::kReads));
  BOOST_TEST(paid.uses_left.value() == 0);
  const Grace unpaid = grace_of(spent, {.leaf = at(0)}, kRules, false, at(1));
  BOOST_TEST((unpaid.phase == Phase::kNothing));
  BOOST_TEST(!unpaid.next_at.has_value());
  // A device of which nothing has run out needs no budget.
  BOOST_TEST((grace_of(spent, {.leaf = at(9)}, kRules, false, at(1)).phase == Phase::kFull));
  const GraceRules uncounted{.grace = hours(1), .reads_for = {}, .uses = std::nullopt};
  BOOST_TEST((spend_use(spent, uncounted) == spent));
}

BOOST_AUTO_TEST_CASE(without_a_budget_a_certificate_or_list_ends_at_once) {
  const auto without = [](const RunsOut& runs_out, WallTime now) {
    return grace_of({}, runs_out, std::nullopt, false, now);
  };
  BOOST_TEST((without({.leaf = at(5)}, at(4)).phase == Phase::kFull));
  BOOST_TEST((without({.leaf = at(5)}, at(4)).next_at == at(5)));
  BOOST_TEST((without({.leaf = at(5)}, at(5)).phase == Phase::kNothing));
  BOOST_TEST((without({.crl = at(5)}, at(5)).phase == Phase::kNothing));
  BOOST_TEST((without({.evidence = at(5)}, at(9)).phase == Phase::kFull));
}

BOOST_AUTO_TEST_CASE(times_beyond_the_calendar_do_not_overflow) {
  const WallTime huge{std::numeric_limits<std::int64_t>::max()};
  BOOST_TEST((after(huge, hours(1)) == kDistantFuture));
  BOOST_TEST((phase({.leaf = huge}, at(0)) == Phase::kFull));
}

BOOST_AUTO_TEST_SUITE_END()
