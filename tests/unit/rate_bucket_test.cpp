// Is a rate in the long run exactly what is written, and at once never more than its burst?
#include "session/rate_bucket.h"

#include <random>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"

using namespace interlock;
using interlock::policy::Rate;
using interlock::session::RateBucket;

namespace {

// Spends whatever is there, and returns how much that was.
int drain(RateBucket& bucket) {
  int num_spent = 0;
  for (; bucket.wait().ms == 0; ++num_spent) bucket.spend();
  return num_spent;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rate_bucket)

BOOST_AUTO_TEST_CASE(it_begins_full_and_fills_at_its_rate) {
  RateBucket bucket({.limit = 2, .per = Millis{1000}, .burst = 10}, Instant{5000});
  BOOST_TEST(bucket.full());
  BOOST_TEST(drain(bucket) == 10);
  BOOST_TEST(!bucket.full());
  BOOST_TEST(bucket.wait().ms == 500);
  bucket.fill(Instant{5499});
  BOOST_TEST(bucket.wait().ms == 1);
  bucket.fill(Instant{5500});
  BOOST_TEST(drain(bucket) == 1);
  bucket.fill(Instant{5500 + 4999});
  BOOST_TEST(!bucket.full());
  bucket.fill(Instant{5500 + 5000});
  BOOST_TEST(bucket.full());
  bucket.fill(Instant{1'000'000});
  BOOST_TEST(drain(bucket) == 10);
}

// Three in a second is no whole number of milliseconds each: nothing is lost by looking often, as
// long as the burst has room for the fraction.
BOOST_AUTO_TEST_CASE(looking_often_neither_gives_nor_takes) {
  RateBucket bucket({.limit = 3, .per = Millis{1000}, .burst = 2}, Instant{0});
  int num_spent = drain(bucket);
  for (std::int64_t ms = 1; ms <= 60'000; ++ms) {
    bucket.fill(Instant{ms});
    num_spent += drain(bucket);
  }
  BOOST_TEST(num_spent == 2 + 3 * 60);
}

BOOST_AUTO_TEST_CASE(time_never_runs_back) {
  RateBucket bucket({.limit = 1, .per = Millis{1000}, .burst = 2}, Instant{10'000});
  BOOST_TEST(drain(bucket) == 2);
  bucket.fill(Instant{0});
  BOOST_TEST(bucket.wait().ms == 1000);
  bucket.fill(Instant{10'999});
  BOOST_TEST(bucket.wait().ms == 1);
  bucket.fill(Instant{10'000});
  bucket.fill(Instant{11'000});
  BOOST_TEST(drain(bucket) == 1);
}

BOOST_AUTO_TEST_CASE(a_changed_rate_is_in_force_at_once) {
  RateBucket bucket({.limit = 1, .per = Millis{1000}, .burst = 10}, Instant{0});
  for (int i = 0; i < 4; ++i) bucket.spend();
  // Six are left. A smaller burst takes the rest, a larger one adds none.
  bucket.fill({.limit = 1, .per = Millis{60'000}, .burst = 5}, Instant{0});
  BOOST_TEST(bucket.full());
  bucket.fill({.limit = 1, .per = Millis{100}, .burst = 100}, Instant{0});
  BOOST_TEST(drain(bucket) == 5);
  bucket.fill({.limit = 1, .per = Millis{100}, .burst = 100}, Instant{50});
  // Half an operation stays half an operation.
  bucket.fill({.limit = 1, .per = Millis{60'000}, .burst = 100}, Instant{50});
  BOOST_TEST(bucket.wait().ms == 30'000);
}

BOOST_AUTO_TEST_CASE(the_largest_numbers_do_not_overflow) {
  const Rate largest{limits::kRateLimitMax, limits::kRatePerMax, limits::kRateBurstMax};
  const Rate slowest{1, limits::kRatePerMax, limits::kRateBurstMax};
  const Rate smallest{1, Millis{1}, 1};
  RateBucket bucket(largest, Instant{0});
  bucket.spend();
  BOOST_TEST(!bucket.full());
  bucket.fill(slowest, Instant{0});
  bucket.fill(smallest, Instant{0});
  BOOST_TEST(bucket.full());
  bucket.spend();
  bucket.fill(slowest, Instant{0});
  BOOST_TEST(bucket.wait().ms == limits::kRatePerMax.ms);
  bucket.fill(Instant{INT64_MAX});
  BOOST_TEST(bucket.full());
}

// In any stretch of time no more is spent than the burst and what fills in it; and where there is
// none, waiting exactly as long as said is enough, and a millisecond less is not.
BOOST_AUTO_TEST_CASE(random_rates_keep_their_promise) {
  constexpr unsigned kSeed = 20261126;
  std::mt19937 draw(kSeed);
  for (int round = 0; round < 300; ++round) {
    const Rate rate{1 + static_cast<std::uint32_t>(draw() % 20),
                    Millis{1 + static_cast<std::int64_t>(draw() % 3000)},
                    1 + static_cast<std::uint32_t>(draw() % 20)};
    RateBucket bucket(rate, Instant{0});
    std::int64_t now = 0, num_spent = 0;
    for (int step = 0; step < 50; ++step) {
      now += static_cast<std::int64_t>(draw() % 200);
      bucket.fill(Instant{now});
      num_spent += drain(bucket);
      BOOST_REQUIRE_MESSAGE(num_spent <= rate.burst + now * rate.limit / rate.per.ms,
                            "round " << round << " seed " << kSeed);
      const std::int64_t wait = bucket.wait().ms;
      BOOST_REQUIRE_GT(wait, 0);
      bucket.fill(Instant{now + wait - 1});
      BOOST_REQUIRE_GT(bucket.wait().ms, 0);
      now += wait;
      bucket.fill(Instant{now});
      BOOST_REQUIRE_EQUAL(bucket.wait().ms, 0);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
