// Does the loop call back once, soon and fairly, and do other threads reach it?
#include <algorithm>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <event2/event.h>
#include <unistd.h>

#include "base/fd.h"
#include "support/test_loop.h"

using namespace interlock;
using namespace interlock::test;

namespace {

constexpr Millis kNever{3'600'000};

net::Loop::Callbacks callbacks(std::function<void()> on_wakeup, std::function<void()> on_notify) {
  return {.on_wakeup = std::move(on_wakeup),
          .on_tick = [] { BOOST_ERROR("an hour has passed"); },
          .on_notify = std::move(on_notify)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(net_loop)

BOOST_AUTO_TEST_CASE(requests_before_the_wakeup_are_one) {
  net::Loop loop;
  int wakeups = 0;
  for (int i = 0; i < 3; ++i) loop.request();
  loop.notify();
  loop.run(callbacks([&] { ++wakeups; }, [&] { loop.stop(); }), kNever);
  BOOST_TEST(wakeups == 1);
}

BOOST_AUTO_TEST_CASE(a_request_in_a_wakeup_is_another_one_from_a_fresh_stack) {
  net::Loop loop;
  int wakeups = 0, depth = 0;
  const auto on_wakeup = [&] {
    BOOST_TEST(++depth == 1);
    if (++wakeups < 5) {
      loop.request();
    } else {
      loop.stop();
    }
    --depth;
  };
  loop.request();
  loop.run(callbacks(on_wakeup, [] {}), kNever);
  BOOST_TEST(wakeups == 5);
}

// A session that has used up its steps asks to come back; the others must have had their turn.
BOOST_AUTO_TEST_CASE(whoever_keeps_asking_to_come_back_starves_nobody) {
  constexpr int kMany = 1000;
  net::Loop loop;
  int ends[2];
  BOOST_REQUIRE(pipe(ends) == 0);
  const Fd reader(ends[0]), writer(ends[1]);
  bool served = false;
  const auto on_readable = [](evutil_socket_t, short, void* flag) {
    *static_cast<bool*>(flag) = true;
  };
  const net::EventPtr event(event_new(loop.base(), reader.get(), EV_READ, on_readable, &served));
  event_add(event.get(), nullptr);

  int wakeups = 0, served_after = kMany;
  const auto on_wakeup = [&] {
    if (++wakeups == 1) BOOST_REQUIRE(write(writer.get(), "x", 1) == 1);
    if (served && served_after == kMany) served_after = wakeups;
    if (wakeups < kMany) {
      loop.request();
    } else {
      loop.stop();
    }
  };
  loop.request();
  loop.run(callbacks(on_wakeup, [] {}), kNever);
  BOOST_TEST(served_after <= 3);
}

BOOST_AUTO_TEST_CASE(another_thread_notifies_and_stops) {
  constexpr int kTimes = 100;
  net::Loop loop;
  int notified = 0;
  std::thread other([&] {
    for (int i = 0; i < kTimes; ++i) loop.notify();
    loop.stop();
  });
  loop.run(callbacks([] {}, [&] { ++notified; }), kNever);
  other.join();
  BOOST_TEST(notified >= 1);
  BOOST_TEST(notified <= kTimes);
}

BOOST_AUTO_TEST_CASE(a_notice_is_not_lost_beside_a_stop) {
  net::Loop loop;
  int notified = 0;
  loop.notify();
  loop.stop();  // Before run(): it still counts.
  loop.run(callbacks([] {}, [&] { ++notified; }), kNever);
  BOOST_TEST(notified == 1);
}

BOOST_AUTO_TEST_CASE(it_ticks_until_it_is_stopped) {
  net::Loop loop;
  int ticks = 0;
  loop.run({.on_wakeup = [] {},
            .on_tick =
                [&] {
                  if (++ticks == 3) loop.stop();
                },
            .on_notify = [] {}},
           Millis{1});
  BOOST_TEST(ticks == 3);
}

BOOST_AUTO_TEST_CASE(the_real_clock_goes_forward_and_chance_fills_every_byte) {
  const net::SystemClock clock;
  const Instant first = clock.now();
  BOOST_TEST((clock.now() >= first));
  BOOST_TEST((clock.wall() > WallTime{1'700'000'000'000}));
  // Each place is zero in all of 16 drawings once in 2^128 runs.
  net::SystemRandom random;
  std::array<std::uint8_t, 1000> seen{}, drawn{};
  for (int i = 0; i < 16; ++i) {
    random.fill(drawn);
    for (std::size_t at = 0; at < drawn.size(); ++at) {
      seen[at] = static_cast<std::uint8_t>(seen[at] | drawn[at]);
    }
  }
  BOOST_TEST(std::count(seen.begin(), seen.end(), 0) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
