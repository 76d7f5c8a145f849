// Has each device exactly one budget of each permit, whoever asks, and is their number bounded
// without one ever being given away?
#include "session/rate_table.h"

#include <atomic>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace interlock;
using interlock::policy::Budget;
using interlock::policy::Device;
using interlock::policy::Function;
using interlock::policy::Permit;
using interlock::policy::Rate;
using interlock::session::RateTable;

namespace {

constexpr Rate kRate{.limit = 1, .per = Millis{1000}, .burst = 2};

struct Fixture {
  Function press{.name = "press"}, oven{.name = "oven"};
  Device device{.id = "press-07", .function = &press};
  Permit permit{.name = "p", .rate = kRate};
  RateTable table;

  static bool spend(RateTable& table, const Device& device, const Permit& permit, Instant now) {
    RateTable::Hold hold(table, device, now);
    if (hold.left(permit).state != Budget::State::kLeft) return false;
    hold.spend(permit);
    return true;
  }
  bool spend(const Device& who, const Permit& what, Instant now = {}) {
    return spend(table, who, what, now);
  }
  int drain(const Device& who, const Permit& what, Instant now = {}) {
    int num_spent = 0;
    while (spend(who, what, now)) ++num_spent;
    return num_spent;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rate_table, Fixture)

BOOST_AUTO_TEST_CASE(a_budget_is_spent_and_fills_again) {
  BOOST_TEST(drain(device, permit, Instant{0}) == 2);
  RateTable::Hold hold(table, device, Instant{400});
  const Budget budget = hold.left(permit);
  BOOST_TEST((budget.state == Budget::State::kSpent));
  BOOST_TEST(budget.wait.ms == 600);
  hold.release();
  BOOST_TEST(drain(device, permit, Instant{1000}) == 1);
}

BOOST_AUTO_TEST_CASE(asking_spends_nothing_and_keeps_nothing) {
  for (int i = 0; i < 5; ++i) {
    RateTable::Hold hold(table, device, Instant{0});
    BOOST_TEST((hold.left(permit).state == Budget::State::kLeft));
  }
  BOOST_TEST(table.size() == 0U);
  BOOST_TEST(drain(device, permit) == 2);
  BOOST_TEST(table.size() == 1U);
}

BOOST_AUTO_TEST_CASE(each_device_function_and_permit_has_its_own) {
  const Device other{.id = "press-08", .function = &press},
      moved{.id = "press-07", .function = &oven};
  const Permit second{.name = "q", .rate = kRate};
  BOOST_TEST(drain(device, permit) == 2);
  BOOST_TEST(drain(device, second) == 2);
  BOOST_TEST(drain(other, permit) == 2);
  BOOST_TEST(drain(moved, permit) == 2);
  BOOST_TEST(table.size() == 4U);
}

// A reload makes new values for the same names.
BOOST_AUTO_TEST_CASE(the_names_alone_make_it_the_same_budget) {
  BOOST_TEST(drain(device, permit) == 2);
  const Function again{.name = "press"};
  const Device same{.id = "press-07", .function = &again};
  BOOST_TEST(drain(same, Permit{.name = "p", .rate = kRate}) == 0);
  // A changed rate applies to it at once, and gives nothing at once.
  const Permit faster{.name = "p", .rate = Rate{.limit = 10, .per = Millis{1000}, .burst = 50}};
  BOOST_TEST(drain(same, faster, Instant{0}) == 0);
  BOOST_TEST(drain(same, faster, Instant{100}) == 1);
}

BOOST_AUTO_TEST_CASE(names_that_run_together_are_different_names) {
  const Function ab{.name = "ab"}, a{.name = "a"};
  const Device one{.id = "d", .function = &ab}, two{.id = "d", .function = &a};
  BOOST_TEST(drain(one, Permit{.name = "c", .rate = kRate}) == 2);
  BOOST_TEST(drain(two, Permit{.name = "bc", .rate = kRate}) == 2);
}

BOOST_AUTO_TEST_CASE(without_a_question_nobody_waits) {
  RateTable::Hold outer(table, device, Instant{0});
  BOOST_TEST(drain(device, permit) == 2);  // Would never come back if `outer` had a lock.
}

// All budgets of one device are in one shard, so that one device reaches its limit.
BOOST_AUTO_TEST_CASE(budgets_in_use_are_bounded_and_what_cannot_be_counted_is_unknown) {
  Permit each{.rate = kRate};
  for (std::size_t i = 0; i < limits::kRateShardBucketsMax; ++i) {
    each.name = std::to_string(i);
    BOOST_REQUIRE(spend(device, each, Instant{0}));
  }
  BOOST_TEST(table.size() == limits::kRateShardBucketsMax);
  {
    RateTable::Hold hold(table, device, Instant{0});
    BOOST_TEST((hold.left(permit).state == Budget::State::kUnknown));
    each.name = "0";
    BOOST_TEST((hold.left(each).state == Budget::State::kLeft));
  }
  {
    RateTable::Hold hold(table, device, Instant{999});
    BOOST_TEST((hold.left(permit).state == Budget::State::kUnknown));
  }
  // A second later all are full again, and forgotten.
  BOOST_TEST(spend(device, permit, Instant{1000}));
  BOOST_TEST(table.size() == 1U);
}

BOOST_AUTO_TEST_CASE(only_full_budgets_are_forgotten) {
  RateTable small(2);
  const Permit a{.name = "a", .rate = kRate}, b{.name = "b", .rate = kRate};
  BOOST_TEST(spend(small, device, a, Instant{0}));
  BOOST_TEST(spend(small, device, b, Instant{500}));
  BOOST_TEST(!spend(small, device, permit, Instant{999}));
  BOOST_TEST(spend(small, device, permit, Instant{1000}));  // In the place of a.
  BOOST_TEST(!spend(small, device, a, Instant{1000}));
  BOOST_TEST(spend(small, device, b, Instant{1000}));
  BOOST_TEST(!spend(small, device, b, Instant{1000}));
}

// Method: threads that ask and spend as fast as they can, in a world without time.
BOOST_AUTO_TEST_CASE(threads_share_one_budget) {
  const Permit plenty{.name = "p", .rate = Rate{.limit = 1, .per = Millis{1000}, .burst = 5000}};
  std::atomic<int> num_spent = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2000; ++n) num_spent += spend(device, plenty) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(num_spent == 5000);
}

BOOST_AUTO_TEST_SUITE_END()
