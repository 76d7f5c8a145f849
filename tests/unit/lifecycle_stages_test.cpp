// Does a device go through its stages only as the table says, and never by itself where it must
// not?
#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "lifecycle/stages.h"
#include "lifecycle_support.h"

using namespace interlock;
using namespace interlock::lifecycle;

namespace {

constexpr StageRules kRules{.trial = true, .soak = hours(72), .violations = 3, .automatic = true};

SubjectFacts after_event(const SubjectFacts& facts, StageInput input,
                         const StageRules& rules = kRules, WallTime now = at(1)) {
  auto out = step(facts, input, rules, now);
  BOOST_REQUIRE(out.has_value());
  return out->facts;
}

bool refused(const SubjectFacts& facts, StageInput input, const StageRules& rules = kRules) {
  const auto out = step(facts, input, rules, at(1));
  if (!out) BOOST_TEST(std::string_view(out.error().what).ends_with('.'));
  return !out;
}

Stage stage_after(Stage from, StageEvent event, const StageRules& rules = kRules,
                  WallTime now = at(1)) {
  return after_event(in_stage(from), {.event = event, .successor = "press-08"}, rules, now).stage;
}

const StageInput kThirdViolation{.event = StageEvent::kViolation, .violations = 3};

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle_stages)

BOOST_AUTO_TEST_CASE(approval_leads_over_the_trial_where_there_is_one) {
  BOOST_TEST((stage_after(Stage::kPending, StageEvent::kApproved) == Stage::kStaged));
  BOOST_TEST((stage_after(Stage::kPending, StageEvent::kApproved, {}) == Stage::kActive));
  BOOST_TEST((stage_after(Stage::kStaged, StageEvent::kApproved) == Stage::kActive));
  BOOST_TEST(refused(in_stage(Stage::kActive), {.event = StageEvent::kApproved}));
}

BOOST_AUTO_TEST_CASE(staging_needs_a_function_for_it) {
  BOOST_TEST((stage_after(Stage::kPending, StageEvent::kStaged) == Stage::kStaged));
  BOOST_TEST((stage_after(Stage::kActive, StageEvent::kStaged) == Stage::kStaged));
  BOOST_TEST(refused(in_stage(Stage::kStaged), {.event = StageEvent::kStaged}));
  BOOST_TEST(refused(in_stage(Stage::kPending), {.event = StageEvent::kStaged}, {}));
}

BOOST_AUTO_TEST_CASE(a_change_says_when_and_what) {
  const auto out = step(in_stage(Stage::kPending), {.event = StageEvent::kApproved}, kRules, at(5));
  BOOST_REQUIRE(out.has_value());
  BOOST_TEST(out->changed == "It went from pending to staged: approved.");
  BOOST_TEST((out->facts.stage_since == at(5)));
  BOOST_TEST((out->facts.soak_since == at(5)));
}

BOOST_AUTO_TEST_CASE(a_soak_ends_at_its_hour_and_no_sooner) {
  const SubjectFacts facts = in_stage(Stage::kStaged);
  BOOST_TEST((soak_ends(facts, kRules) == at(72)));
  const WallTime early{at(72).ms - 1};
  BOOST_TEST((stage_after(Stage::kStaged, StageEvent::kSoaked, kRules, early) == Stage::kStaged));
  BOOST_TEST((stage_after(Stage::kStaged, StageEvent::kSoaked, kRules, at(72)) == Stage::kActive));
}

BOOST_AUTO_TEST_CASE(nothing_goes_by_itself_into_a_function_that_writes) {
  StageRules writes = kRules;
  writes.automatic = false;
  BOOST_TEST((stage_after(Stage::kStaged, StageEvent::kSoaked, writes, at(999)) == Stage::kStaged));
  BOOST_TEST(!soak_ends(in_stage(Stage::kStaged), writes).has_value());
  BOOST_TEST((stage_after(Stage::kStaged, StageEvent::kApproved, writes) == Stage::kActive));
}

BOOST_AUTO_TEST_CASE(a_violation_begins_the_soak_anew_and_too_many_step_back) {
  const SubjectFacts first =
      after_event(in_stage(Stage::kStaged), {.event = StageEvent::kViolation, .violations = 1});
  BOOST_TEST((first.stage == Stage::kStaged));
  BOOST_TEST((first.soak_since > at(1)));
  BOOST_TEST((first.soak_since <= at(1) + limits::kSoakGrain));
  BOOST_TEST((after_event(first, kThirdViolation).stage == Stage::kPending));
  StageRules patient = kRules;
  patient.violations = 0;
  BOOST_TEST((after_event(first, kThirdViolation, patient).stage == Stage::kStaged));
  BOOST_TEST((stage_after(Stage::kActive, StageEvent::kViolation) == Stage::kActive));
}

BOOST_AUTO_TEST_CASE(a_storm_of_violations_is_one_change_in_each_grain) {
  StageRules patient = kRules;
  patient.violations = 0;
  SubjectFacts facts = in_stage(Stage::kStaged);
  int num_changes = 0;
  for (int i = 0; i < 3'000; ++i) {
    auto out = step(facts, kThirdViolation, patient, at(1) + Millis{i});
    BOOST_REQUIRE(out.has_value());
    num_changes += out->changed.empty() ? 0 : 1;
    facts = out->facts;
  }
  BOOST_TEST(num_changes == 3'000 / limits::kSoakGrain.ms);
}

BOOST_AUTO_TEST_CASE(a_freeze_stops_what_is_automatic_and_not_people) {
  const SubjectFacts frozen = after_event(in_stage(Stage::kStaged), {.event = StageEvent::kFrozen});
  BOOST_TEST(!soak_ends(frozen, kRules).has_value());
  BOOST_TEST((after_event(frozen, {.event = StageEvent::kSoaked}, kRules, at(99)) == frozen));
  BOOST_TEST((after_event(frozen, kThirdViolation).stage == Stage::kStaged));
  BOOST_TEST((after_event(frozen, {.event = StageEvent::kApproved}).stage == Stage::kActive));
  BOOST_TEST(refused(frozen, {.event = StageEvent::kFrozen}));
  BOOST_TEST(!after_event(frozen, {.event = StageEvent::kUnfrozen}).frozen);
  BOOST_TEST(refused(in_stage(Stage::kStaged), {.event = StageEvent::kUnfrozen}));
}

BOOST_AUTO_TEST_CASE(time_in_quarantine_is_no_soak) {
  SubjectFacts facts = held_by(in_stage(Stage::kStaged), held(Cause::kOperator, 1));
  BOOST_TEST(!soak_ends(facts, kRules).has_value());
  auto out = release(facts, Cause::kOperator, {Release::kSecurityRole, {}}, at(10));
  BOOST_REQUIRE(out.has_value());
  BOOST_TEST((soak_ends(out->facts, kRules) == at(82)));

  // Before and after a quarantine that ends by itself is noted, the soak ends at the same moment.
  facts = held_by(in_stage(Stage::kStaged), held(Cause::kOperator, 1, 4));
  BOOST_TEST((soak_ends(facts, kRules) == at(76)));
  BOOST_TEST((soak_ends(expire(facts, at(50)).facts, kRules) == at(76)));
}

BOOST_AUTO_TEST_CASE(retired_is_final) {
  for (const Stage from : {Stage::kPending, Stage::kStaged, Stage::kActive}) {
    BOOST_TEST((stage_after(from, StageEvent::kRetired) == Stage::kRetired));
  }
  const SubjectFacts retired = in_stage(Stage::kRetired);
  for (std::size_t i = 0; i < kNumStageEvents; ++i) {
    const auto event = static_cast<StageEvent>(i);
    const auto out = step(retired, {.event = event, .successor = "press-08"}, kRules, at(99));
    BOOST_TEST(out.has_value() != rule_of(event).by_person);
    BOOST_TEST((!out || out->facts == retired));
  }
}

BOOST_AUTO_TEST_CASE(a_device_is_replaced_by_another_which_begins_on_trial) {
  const SubjectFacts old = after_event(in_stage(Stage::kActive),
                                       {.event = StageEvent::kReplaced, .successor = "press-08"});
  BOOST_TEST((old.stage == Stage::kRetired));
  BOOST_TEST(old.replaced_by == "press-08");
  BOOST_TEST(refused(in_stage(Stage::kActive), {.event = StageEvent::kReplaced}));
  BOOST_TEST(
      refused(in_stage(Stage::kActive), {.event = StageEvent::kReplaced, .successor = "press-07"}));
  for (const Stage from : {Stage::kPending, Stage::kStaged, Stage::kActive}) {
    BOOST_TEST((stage_after(from, StageEvent::kSucceeded) == Stage::kStaged));
  }
  BOOST_TEST((stage_after(Stage::kPending, StageEvent::kSucceeded, {}) == Stage::kActive));
  BOOST_TEST((stage_after(Stage::kActive, StageEvent::kSucceeded, {}) == Stage::kActive));
}

BOOST_AUTO_TEST_SUITE_END()
