// Does a quarantine hold every cause until its own rule, and nothing else, releases it?
#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "lifecycle/causes.h"
#include "lifecycle/grants.h"
#include "lifecycle_support.h"

using namespace interlock;
using namespace interlock::lifecycle;

namespace {

constexpr std::array kReleases = {Release::kEvidence, Release::kSecurityRole, Release::kNewKey};

const SubjectFacts kActive = in_stage(Stage::kActive);

const Attested kGood{.at = at(5), .until = at(29), .assurance = 2, .firmware = "press-fw 4.2.1"};

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle_causes)

BOOST_AUTO_TEST_CASE(each_cause_is_released_by_its_own_rule_alone) {
  const std::vector<std::pair<Cause, Release>> rules = {
      {Cause::kAttestationFailed, Release::kEvidence},
      {Cause::kSecureBootOff, Release::kEvidence},
      {Cause::kCloneSuspected, Release::kSecurityRole},
      {Cause::kViolations, Release::kSecurityRole},
      {Cause::kOperator, Release::kSecurityRole},
      {Cause::kDefaultSecret, Release::kSecurityRole},
      {Cause::kKeyCompromised, Release::kNewKey}};
  BOOST_TEST(rules.size() == kNumCauses);
  for (const auto& [cause, rule] : rules) {
    const SubjectFacts facts = held_by(kActive, held(cause, 1));
    for (const Release right : kReleases) {
      const auto out = release(facts, cause, {right, at(2)}, at(3));
      BOOST_TEST(out.has_value() == (right == rule), to_string(cause));
      if (out) BOOST_TEST(out->facts.causes.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_release_leaves_other_causes_alone) {
  const SubjectFacts facts =
      held_by(held_by(kActive, held(Cause::kOperator, 1)), held(Cause::kCloneSuspected, 1));
  BOOST_REQUIRE(facts.causes.size() == 2);
  BOOST_TEST((facts.causes[0].cause == Cause::kCloneSuspected));  // In the order of Cause.
  const auto out = release(facts, Cause::kOperator, {Release::kSecurityRole, {}}, at(2));
  BOOST_REQUIRE(out.has_value());
  BOOST_REQUIRE(out->facts.causes.size() == 1);
  BOOST_TEST((out->facts.causes[0].cause == Cause::kCloneSuspected));
  BOOST_TEST(!release(out->facts, Cause::kOperator, {Release::kSecurityRole, {}}, at(2)));
}

BOOST_AUTO_TEST_CASE(a_proof_that_is_not_newer_than_the_cause_releases_nothing) {
  const SubjectFacts facts = held_by(kActive, held(Cause::kKeyCompromised, 5));
  BOOST_TEST(!release(facts, Cause::kKeyCompromised, {Release::kNewKey, at(5)}, at(6)));
  BOOST_TEST(release(facts, Cause::kKeyCompromised, {Release::kNewKey, at(6)}, at(6)).has_value());
}

BOOST_AUTO_TEST_CASE(good_evidence_is_kept_and_ends_the_older_causes_of_evidence) {
  SubjectFacts facts = held_by(kActive, held(Cause::kAttestationFailed, 1));
  facts = held_by(facts, held(Cause::kSecureBootOff, 2));
  facts = held_by(facts, held(Cause::kOperator, 3));
  const Step out = attested(facts, kGood, at(5));
  BOOST_TEST((out.facts.attested == kGood));
  BOOST_REQUIRE(out.facts.causes.size() == 1);
  BOOST_TEST((out.facts.causes[0].cause == Cause::kOperator));

  const SubjectFacts later = held_by(kActive, held(Cause::kAttestationFailed, 6));
  BOOST_TEST(!attested(later, kGood, at(7)).facts.causes.empty());
}

BOOST_AUTO_TEST_CASE(evidence_that_has_run_out_or_was_overtaken_changes_nothing) {
  const SubjectFacts facts = held_by(kActive, held(Cause::kAttestationFailed, 1));
  BOOST_TEST(attested(facts, kGood, kGood.until).changed.empty());
  const Step known = attested(kActive, kGood, at(5));
  Attested older = kGood;
  older.at = at(4);
  BOOST_TEST((attested(known.facts, older, at(6)).facts == known.facts));
}

BOOST_AUTO_TEST_CASE(an_end_ends_only_its_own_cause) {
  SubjectFacts facts = held_by(kActive, held(Cause::kOperator, 1, 5));
  facts = held_by(facts, held(Cause::kViolations, 1));
  BOOST_TEST((expire(facts, WallTime{at(5).ms - 1}).facts == facts));
  const Step out = expire(facts, at(5));
  BOOST_TEST(out.changed == "The quarantine for operator has ended.");
  BOOST_REQUIRE(out.facts.causes.size() == 1);
  BOOST_TEST((out.facts.causes[0].cause == Cause::kViolations));
}

BOOST_AUTO_TEST_CASE(holding_a_cause_again_is_never_better) {
  const SubjectFacts facts = held_by(kActive, held(Cause::kOperator, 1, 9));
  const auto again = [&](const HeldCause& cause) { return held_by(facts, cause).causes.at(0); };
  HeldCause shorter = held(Cause::kOperator, 2, 4);
  shorter.evidence = "Seen again.";
  BOOST_TEST((again(shorter).until == at(9)));
  BOOST_TEST((again(shorter).since == at(1)));
  BOOST_TEST(again(shorter).evidence == "Seen again.");
  BOOST_TEST((again(held(Cause::kOperator, 2, 12)).until == at(12)));
  BOOST_TEST(!again(held(Cause::kOperator, 2)).until.has_value());
  const SubjectFacts endless = held_by(kActive, held(Cause::kOperator, 1));
  BOOST_TEST(!held_by(endless, held(Cause::kOperator, 2, 12)).causes.at(0).until.has_value());
  BOOST_TEST(quarantine(facts, facts.causes[0]).changed.empty());
}

BOOST_AUTO_TEST_CASE(an_end_counts_only_where_a_person_may_release) {
  for (const Cause cause : kCauses) {
    const bool may_end = rule_of(cause).release == Release::kSecurityRole;
    const SubjectFacts facts = held_by(kActive, held(cause, 1, 5));
    BOOST_TEST(facts.causes.at(0).until.has_value() == may_end, to_string(cause));
  }
  // An end that is not ahead is none: whoever asked for a quarantine gets one.
  BOOST_TEST(!held_by(kActive, held(Cause::kOperator, 5, 5)).causes.at(0).until.has_value());
}

BOOST_AUTO_TEST_CASE(evidence_is_cut_at_a_character) {
  HeldCause cause = held(Cause::kOperator, 1);
  cause.evidence = "x";
  while (cause.evidence.size() <= limits::kFactSentenceBytesMax) cause.evidence += "\u00e4";
  const SubjectFacts facts = held_by(kActive, cause);
  BOOST_TEST(facts.causes.at(0).evidence.size() == limits::kFactSentenceBytesMax - 1);
}

BOOST_AUTO_TEST_CASE(grants_are_bounded_end_by_themselves_and_the_newest_holds) {
  SubjectFacts facts = kActive;
  for (std::uint64_t id = 1; id <= limits::kGrantsPerSubjectMax; ++id) {
    auto out = grant(facts, {.id = id, .function = "f", .since = at(1), .until = at(9)}, at(1));
    BOOST_REQUIRE(out.has_value());
    facts = out->facts;
  }
  const Grant more{.id = 99, .function = "g", .since = at(1), .until = at(9)};
  BOOST_TEST((grant(facts, more, at(1)).error().code == Errc::kLimit));
  BOOST_TEST(grant_in_force(facts, at(1))->id == limits::kGrantsPerSubjectMax);
  facts = end_grant(facts, limits::kGrantsPerSubjectMax)->facts;
  BOOST_TEST(grant_in_force(facts, at(8))->id == limits::kGrantsPerSubjectMax - 1);
  BOOST_TEST(!end_grant(facts, limits::kGrantsPerSubjectMax).has_value());
  BOOST_TEST(grant_in_force(facts, at(9)) == nullptr);
  BOOST_TEST(grant_in_force(facts, at(0)) == nullptr);
  BOOST_TEST(expire(facts, at(9)).facts.grants.empty());
  BOOST_TEST(!grant(kActive, more, at(9)).has_value());
  BOOST_TEST(!grant(in_stage(Stage::kPending), more, at(1)).has_value());
  BOOST_TEST(!grant(in_stage(Stage::kRetired), more, at(1)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
