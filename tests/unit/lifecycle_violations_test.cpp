// Is a storm of violations one event, counted over a window that slides, in bounded memory?
#include <algorithm>
#include <deque>
#include <random>

#include <boost/test/unit_test.hpp>

#include "lifecycle/violations.h"

using namespace interlock;
using namespace interlock::lifecycle;

namespace {

constexpr ViolationRules kRules{.threshold = 5, .window = {8'000}};

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle_violations)

BOOST_AUTO_TEST_CASE(a_storm_crosses_the_threshold_once) {
  Violations violations;
  int num_crossed = 0;
  for (int i = 1; i <= 100'000; ++i) {
    const auto count = violations.add("press-07", kRules, Instant{i / 100});
    BOOST_REQUIRE(count.counted);
    BOOST_REQUIRE(count.crossed == (i == 5));
    num_crossed += count.crossed ? 1 : 0;
  }
  BOOST_TEST(num_crossed == 1);
  BOOST_TEST(violations.size() == 1);
}

BOOST_AUTO_TEST_CASE(another_storm_later_is_another_event) {
  Violations violations;
  for (int i = 0; i < 4; ++i) BOOST_TEST(!violations.add("a", kRules, Instant{0}).crossed);
  BOOST_TEST(violations.add("a", kRules, Instant{0}).crossed);
  BOOST_TEST(violations.add("a", kRules, Instant{9'000}).in_window == 1);
  for (int i = 0; i < 3; ++i) BOOST_TEST(!violations.add("a", kRules, Instant{9'000}).crossed);
  BOOST_TEST(violations.add("a", kRules, Instant{9'000}).crossed);
}

BOOST_AUTO_TEST_CASE(a_device_that_was_released_and_goes_on_is_an_event_again) {
  Violations violations;
  for (int i = 0; i < 50; ++i) violations.add("a", kRules, Instant{0});
  violations.forget("a");
  BOOST_TEST(violations.size() == 0);
  for (int i = 0; i < 4; ++i) BOOST_TEST(!violations.add("a", kRules, Instant{1}).crossed);
  BOOST_TEST(violations.add("a", kRules, Instant{1}).crossed);
  violations.forget("nobody");
}

BOOST_AUTO_TEST_CASE(devices_do_not_count_for_each_other) {
  Violations violations;
  for (int i = 0; i < 4; ++i) {
    BOOST_TEST(!violations.add("a", kRules, Instant{0}).crossed);
    BOOST_TEST(!violations.add("b", kRules, Instant{0}).crossed);
  }
}

BOOST_AUTO_TEST_CASE(without_a_threshold_nothing_is_counted_and_nothing_kept) {
  Violations violations;
  BOOST_TEST(!violations.add("a", {}, Instant{0}).crossed);
  BOOST_TEST(violations.size() == 0);
}

BOOST_AUTO_TEST_CASE(every_threshold_is_reached) {
  Violations violations;
  const ViolationRules most{.threshold = limits::kViolationThresholdMax, .window = {1}};
  for (std::uint32_t i = 1; i < most.threshold; ++i) {
    BOOST_REQUIRE(!violations.add("a", most, Instant{5}).crossed);
  }
  BOOST_TEST(violations.add("a", most, Instant{5}).crossed);
  for (int i = 0; i < 70'000; ++i) violations.add("a", most, Instant{5});
  BOOST_TEST(violations.add("a", most, Instant{5}).in_window == 65'535);  // Full, not around.
}

BOOST_AUTO_TEST_CASE(a_window_of_another_length_forgives_nothing) {
  Violations violations;
  for (int i = 0; i < 4; ++i) violations.add("a", kRules, Instant{100'000});
  const ViolationRules longer{.threshold = 5, .window = {80'000}};
  BOOST_TEST(violations.add("a", longer, Instant{100'000}).crossed);
}

BOOST_AUTO_TEST_CASE(time_that_runs_back_counts_as_now) {
  Violations violations;
  for (int i = 0; i < 4; ++i) violations.add("a", kRules, Instant{100'000});
  BOOST_TEST(violations.add("a", kRules, Instant{1'000}).crossed);
}

BOOST_AUTO_TEST_CASE(devices_are_bounded_and_quiet_ones_make_room) {
  Violations violations;
  for (std::size_t i = 0; i < limits::kViolationDevicesMax; ++i) {
    BOOST_REQUIRE(violations.add(std::to_string(i), kRules, Instant{0}).counted);
  }
  BOOST_TEST(!violations.add("one more", kRules, Instant{0}).counted);
  BOOST_TEST(!violations.add("one more", kRules, Instant{0}).crossed);
  BOOST_TEST(violations.add("0", kRules, Instant{0}).in_window == 2);
  BOOST_TEST(violations.add("one more", kRules, Instant{10'000}).counted);
  BOOST_TEST(violations.size() == 1);
}

BOOST_AUTO_TEST_CASE(a_count_lies_between_the_window_and_nine_eighths_of_it) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 engine(seed);
    Violations violations;
    std::deque<std::int64_t> times;
    std::int64_t now = 50'000;
    for (int i = 0; i < 500; ++i) {
      now += engine() % (engine() % 20 == 0 ? 6'000 : 400);
      times.push_back(now);
      const auto since = [&](std::int64_t length) {
        return static_cast<std::uint32_t>(std::count_if(
            times.begin(), times.end(), [&](std::int64_t time) { return time > now - length; }));
      };
      const auto count = violations.add("a", kRules, Instant{now}).in_window;
      BOOST_REQUIRE_MESSAGE(count >= since(8'000) && count <= since(9'000), "--seed=" << seed);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
