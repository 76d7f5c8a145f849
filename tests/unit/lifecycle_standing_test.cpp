// Is what is in force for a device exactly what the documentation says of its stage, posture,
// causes and offline budget?
#include <boost/test/unit_test.hpp>

#include "lifecycle/grants.h"
#include "lifecycle/standing_of.h"
#include "lifecycle_support.h"
#include "support/allocations.h"

using namespace interlock;
using namespace interlock::lifecycle;

namespace {

const DeviceIntent kPlain{.initial_stage = Stage::kActive};
const DeviceIntent kAttests{
    .initial_stage = Stage::kActive, .attestation = true, .evidence_age_max = hours(24)};
const DeviceIntent kOffline{
    .initial_stage = Stage::kActive,
    .attestation = true,
    .evidence_age_max = hours(24),
    .grace = GraceRules{.grace = hours(72), .reads_for = hours(24), .uses = 2}};

SubjectFacts attested_active() {
  return attested(in_stage(Stage::kActive), {.at = at(0), .until = at(500)}, at(0)).facts;
}

Standing standing(const SubjectFacts& facts, const DeviceIntent& intent = kPlain,
                  WallTime now = at(2), const Credential& credential = {}) {
  return standing_of(&facts, intent, credential, now);
}

struct Expected {
  Posture posture;
  Phase phase;
  Base base;
  bool essential;
  Enrol enrol;
  Reason reason;
};

void check(const Standing& got, const Expected& want) {
  BOOST_TEST((got.posture == want.posture), to_string(got.posture));
  BOOST_TEST((got.phase == want.phase), to_string(got.phase));
  BOOST_TEST((got.scope.base == want.base), to_string(got.scope.base));
  BOOST_TEST(got.scope.essential == want.essential);
  BOOST_TEST((got.scope.enrol == want.enrol), to_string(got.scope.enrol));
  BOOST_TEST(to_string(got.reason) == to_string(want.reason));
}

boost::test_tools::assertion_result allocations_are_counted(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result(test::Allocations::kCounted);
  result.message() << "built without AddressSanitizer, whose hooks count allocations";
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle_standing)

BOOST_AUTO_TEST_CASE(without_facts_intent_alone_speaks) {
  check(standing_of(nullptr, kPlain, {}, at(0)),
        {Posture::kTrusted, Phase::kFull, Base::kOwn, true, Enrol::kYes, Reason::kNone});
  check(standing_of(nullptr, {}, {}, at(0)), {Posture::kTrusted, Phase::kFull, Base::kOnboarding,
                                              false, Enrol::kYes, Reason::stage_pending});
  check(standing_of(nullptr, kAttests, {}, at(0)),
        {Posture::kUnattested, Phase::kFull, Base::kRemediation, true, Enrol::kYes,
         Reason::attestation_required});
  BOOST_TEST(!standing_of(nullptr, kPlain, {}, at(0)).changes_at.has_value());
}

BOOST_AUTO_TEST_CASE(stages_give_their_own_base) {
  check(standing(in_stage(Stage::kPending)), {Posture::kTrusted, Phase::kFull, Base::kOnboarding,
                                              false, Enrol::kYes, Reason::stage_pending});
  check(standing(in_stage(Stage::kStaged)),
        {Posture::kTrusted, Phase::kFull, Base::kStaged, true, Enrol::kYes, Reason::kNone});
  check(standing(in_stage(Stage::kActive)),
        {Posture::kTrusted, Phase::kFull, Base::kOwn, true, Enrol::kYes, Reason::kNone});
  check(standing(in_stage(Stage::kRetired)),
        {Posture::kTrusted, Phase::kFull, Base::kNone, false, Enrol::kNo, Reason::device_retired});
}

BOOST_AUTO_TEST_CASE(each_cause_leaves_what_its_rule_says) {
  struct Row {
    Cause cause;
    bool essential;
    Enrol enrol;
    Reason reason;
  };
  const std::vector<Row> rows = {
      {Cause::kAttestationFailed, true, Enrol::kYes, Reason::attestation_failed},
      {Cause::kViolations, true, Enrol::kNo, Reason::quarantined},
      {Cause::kOperator, true, Enrol::kNo, Reason::quarantined},
      {Cause::kSecureBootOff, false, Enrol::kYes, Reason::secure_boot_off},
      {Cause::kCloneSuspected, false, Enrol::kNo, Reason::clone_suspected},
      {Cause::kDefaultSecret, false, Enrol::kNo, Reason::default_secret},
      {Cause::kKeyCompromised, false, Enrol::kOtherProof, Reason::quarantined}};
  BOOST_TEST(rows.size() == kNumCauses);
  for (const Row& row : rows) {
    check(standing(held_by(in_stage(Stage::kActive), held(row.cause, 1))),
          {Posture::kQuarantined, Phase::kFull, Base::kRemediation, row.essential, row.enrol,
           row.reason});
    check(standing(held_by(in_stage(Stage::kPending), held(row.cause, 1))),
          {Posture::kQuarantined, Phase::kFull, Base::kOnboarding, false, row.enrol, row.reason});
  }
}

BOOST_AUTO_TEST_CASE(who_may_be_a_clone_learns_no_reason) {
  SubjectFacts facts = held_by(in_stage(Stage::kActive), held(Cause::kOperator, 1));
  BOOST_TEST(standing(facts).tells_reason());
  facts = held_by(facts, held(Cause::kCloneSuspected, 1));
  BOOST_TEST(!standing(facts).tells_reason());
  BOOST_TEST((standing(facts).reason == Reason::clone_suspected));
  BOOST_TEST(!standing(facts).scope.essential);
  BOOST_TEST(
      !standing(held_by(in_stage(Stage::kActive), held(Cause::kDefaultSecret, 1))).tells_reason());
}

BOOST_AUTO_TEST_CASE(evidence_that_is_too_old_makes_unattested_without_a_budget) {
  const Standing fresh = standing(attested_active(), kAttests);
  BOOST_TEST((fresh.posture == Posture::kTrusted));
  BOOST_TEST((fresh.changes_at == at(24)));
  check(standing(attested_active(), kAttests, at(24)),
        {Posture::kUnattested, Phase::kFull, Base::kRemediation, true, Enrol::kYes,
         Reason::attestation_stale});
  BOOST_TEST((standing(attested_active(), kPlain, at(999)).posture == Posture::kTrusted));
}

BOOST_AUTO_TEST_CASE(a_budget_pays_for_old_evidence_in_phases) {
  const Standing reads = standing(attested_active(), kOffline, at(24));
  check(reads,
        {Posture::kGrace, Phase::kReads, Base::kOwn, true, Enrol::kYes, Reason::attestation_stale});
  BOOST_TEST(reads.scope.reads_only);
  BOOST_TEST((reads.changes_at == at(48)));
  check(standing(attested_active(), kOffline, at(48)),
        {Posture::kGrace, Phase::kEssential, Base::kRemediation, true, Enrol::kYes,
         Reason::attestation_stale});
  // It must be able to attest; nothing else is left.
  check(standing(attested_active(), kOffline, at(96)),
        {Posture::kUnattested, Phase::kNothing, Base::kRemediation, false, Enrol::kYes,
         Reason::grace_exhausted});
}

BOOST_AUTO_TEST_CASE(a_certificate_that_has_expired_is_paid_for_or_proves_nothing) {
  const auto expired = [](const DeviceIntent& intent, std::int64_t hour) {
    return standing(attested_active(), intent, at(hour), {.leaf_ends = at(2)});
  };
  check(expired(kPlain, 2), {Posture::kGrace, Phase::kNothing, Base::kNone, false,
                             Enrol::kOtherProof, Reason::certificate_expired});
  check(expired(kOffline, 2), {Posture::kGrace, Phase::kReads, Base::kOwn, true, Enrol::kYes,
                               Reason::certificate_expired});
  check(expired(kOffline, 74), {Posture::kUnattested, Phase::kNothing, Base::kNone, false,
                                Enrol::kOtherProof, Reason::grace_exhausted});
}

BOOST_AUTO_TEST_CASE(nothing_is_renewed_under_a_stale_revocation_list) {
  const Credential stale{.crl_ends = at(2)};
  check(standing(attested_active(), kPlain, at(2), stale),
        {Posture::kGrace, Phase::kNothing, Base::kNone, false, Enrol::kOtherProof,
         Reason::revocation_stale});
  check(standing(attested_active(), kOffline, at(2), stale),
        {Posture::kGrace, Phase::kReads, Base::kOwn, true, Enrol::kOtherProof,
         Reason::revocation_stale});
}

BOOST_AUTO_TEST_CASE(a_connection_that_no_use_was_left_for_is_not_in_grace) {
  SubjectFacts facts = attested_active();
  facts.grace = {.since = at(24), .uses = 2};
  BOOST_TEST((standing(facts, kOffline, at(25), {.paid = true}).phase == Phase::kReads));
  check(standing(facts, kOffline, at(25)),
        {Posture::kUnattested, Phase::kNothing, Base::kRemediation, false, Enrol::kYes,
         Reason::grace_exhausted});
}

BOOST_AUTO_TEST_CASE(a_grant_is_beside_the_base_and_lifts_nothing) {
  const auto granted = [](const SubjectFacts& facts) {
    const auto out =
        grant(facts, {.id = 1, .function = "press-maint", .since = at(1), .until = at(5)}, at(1));
    BOOST_REQUIRE(out.has_value());
    return out->facts;
  };
  SubjectFacts facts = granted(in_stage(Stage::kActive));
  BOOST_TEST(standing(facts).granted == "press-maint");
  BOOST_TEST((standing(facts).changes_at == at(5)));
  BOOST_TEST(standing(facts, kPlain, at(0)).granted == "");
  BOOST_TEST((standing(facts, kPlain, at(0)).changes_at == at(1)));
  BOOST_TEST(standing(facts, kPlain, at(5)).granted == "");
  BOOST_TEST(standing(granted(in_stage(Stage::kStaged))).granted == "press-maint");
  BOOST_TEST(standing(facts, kAttests).granted == "");
  BOOST_TEST(standing(held_by(facts, held(Cause::kOperator, 1))).granted == "");
  for (const Stage stage : {Stage::kPending, Stage::kRetired}) {
    facts.stage = stage;
    BOOST_TEST(standing(facts).granted == "");
  }
}

BOOST_AUTO_TEST_CASE(the_end_of_a_cause_and_of_a_soak_are_announced) {
  const SubjectFacts facts = held_by(in_stage(Stage::kActive), held(Cause::kOperator, 1, 5));
  BOOST_TEST((standing(facts).changes_at == at(5)));
  BOOST_TEST((standing(facts, kPlain, at(5)).posture == Posture::kTrusted));

  DeviceIntent soaks = kPlain;
  soaks.stages = {.trial = true, .soak = hours(72), .automatic = true};
  BOOST_TEST((standing(in_stage(Stage::kStaged), soaks).changes_at == at(72)));
  BOOST_TEST(!standing(in_stage(Stage::kStaged), soaks, at(72)).changes_at.has_value());
}

BOOST_AUTO_TEST_CASE(a_moment_that_changes_nothing_is_not_announced) {
  // A grant that ends in quarantine, and evidence that runs out of a device that is retired.
  SubjectFacts facts = held_by(in_stage(Stage::kActive), held(Cause::kOperator, 1));
  facts.grants = {{.id = 1, .function = "f", .since = at(1), .until = at(5)}};
  BOOST_TEST(!standing(facts).changes_at.has_value());
}

BOOST_AUTO_TEST_CASE(a_standing_allocates_nothing,
                     *boost::unit_test::precondition(allocations_are_counted)) {
  SubjectFacts facts = held_by(attested_active(), held(Cause::kOperator, 1, 5));
  facts.grants = {{.id = 1, .function = "f", .since = at(1), .until = at(5)}};
  const test::Allocations allocations;
  for (std::int64_t hour = 0; hour < 100; ++hour) {
    static_cast<void>(standing(facts, kOffline, at(hour), {.leaf_ends = at(9)}));
  }
  BOOST_TEST(allocations.num() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
