// Are the words for stage, posture and cause the ones of the documentation, both ways?
#include <boost/test/unit_test.hpp>

#include "model/facts.h"

using namespace interlock;

BOOST_AUTO_TEST_SUITE(standing)

BOOST_AUTO_TEST_CASE(every_word_is_read_back_as_what_it_was_written_for) {
  for (std::size_t i = 0; i < kNumStages; ++i) {
    const auto stage = static_cast<Stage>(i);
    BOOST_TEST((stage_from_string(to_string(stage)) == stage));
  }
  for (std::size_t i = 0; i < kNumPostures; ++i) {
    const auto posture = static_cast<Posture>(i);
    BOOST_TEST((posture_from_string(to_string(posture)) == posture));
  }
  for (const Cause cause : kCauses) {
    BOOST_TEST((cause_from_string(to_string(cause)) == cause));
  }
  BOOST_TEST(to_string(Stage::kRetired) == "retired");
  BOOST_TEST(to_string(Posture::kQuarantined) == "quarantined");
  BOOST_TEST(to_string(Cause::kOperator) == "operator");
}

BOOST_AUTO_TEST_CASE(no_other_spelling_is_known) {
  BOOST_TEST(!stage_from_string("Active").has_value());
  BOOST_TEST(!posture_from_string("").has_value());
  BOOST_TEST(!cause_from_string("operator ").has_value());
}

BOOST_AUTO_TEST_CASE(a_cause_with_an_end_is_held_until_then) {
  SubjectFacts facts;
  BOOST_TEST(!facts.quarantined({5}));
  facts.causes.push_back({.cause = Cause::kOperator, .since = {1}, .until = WallTime{10}});
  BOOST_TEST(facts.quarantined({9}));
  BOOST_TEST(!facts.quarantined({10}));
  facts.causes.push_back({.cause = Cause::kViolations, .since = {1}});
  BOOST_TEST(facts.quarantined({10}));
}

BOOST_AUTO_TEST_SUITE_END()
