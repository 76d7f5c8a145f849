// Goal: a request ends the same whichever data thread it came to, also where a service has fewer
// connections than there are threads.
// Method: the pools of two threads over the same services, asked in turns; nothing runs unless its
// thread was woken.
#include <deque>

#include <boost/test/unit_test.hpp>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;
using session::ServicePool;

namespace {

// Thread is one data thread's pool and the requests that came to it.
struct Thread {
  // Request stands for a session in the middle of an exchange.
  struct Request final : port::StreamObserver {
    Request(Thread& on, const policy::Service& to, std::string of)
        : thread(on), service(to), device(std::move(of)) {}
    void on_stream_ready() override { ask(); }
    void ask() {
      auto outcome = thread.pool.borrow({service, device, tried, place, *this});
      last = outcome.borrowed;
      if (last == ServicePool::Borrowed::kYes) connection = std::move(outcome.connection);
    }
    void finish() { thread.pool.give_back(service, std::move(*std::exchange(connection, {}))); }

    Thread& thread;
    const policy::Service& service;
    std::string device;
    session::Tried tried;
    ServicePool::Place place;
    ServicePool::Borrowed last = ServicePool::Borrowed::kUnreachable;
    std::optional<session::ServiceConnection> connection;
  };

  Thread(World& world) : pool(world.dialer, world.clock, wakeup, world.services) {}

  Request& ask(const policy::Service& service, const std::string& device) {
    Request& made = requests.emplace_back(*this, service, device);
    made.ask();
    return made;
  }
  // run does what the thread's loop would: nothing where nobody woke it.
  bool run() {
    if (!std::exchange(wakeup.requested, false)) return false;
    pool.on_wakeup();
    return true;
  }

  FakeWakeup wakeup;
  ServicePool pool;
  std::deque<Request> requests;
};

struct Fixture : World {
  Fixture()
      : World(1, plant_snapshot({.historian = R"(endpoint: "10.20.0.5:8080" max_connections: 1)"})),
        service(*snapshots.current()->services.front()) {}
  void run() {
    while (static_cast<int>(a.run()) + static_cast<int>(b.run()) > 0) {
    }
  }

  const policy::Service& service;
  Thread a{*this}, b{*this};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sim_pool_threads, Fixture)

BOOST_AUTO_TEST_CASE(one_connection_goes_round_in_the_order_of_asking) {
  Thread::Request* holder = &a.ask(service, "a0");
  BOOST_TEST_REQUIRE(holder->connection.has_value());
  for (int round = 1; round <= 30; ++round) {
    const std::string n = std::to_string(round);
    // The thread that has the connection asks last, and always has a request more to send.
    Thread& other = &holder->thread == &a ? b : a;
    Thread::Request& next = other.ask(service, "next" + n);
    Thread::Request& again = holder->thread.ask(service, "again" + n);
    BOOST_TEST((next.last == ServicePool::Borrowed::kWait));
    holder->finish();
    run();
    BOOST_TEST_REQUIRE(next.connection.has_value(), "round " << round);
    BOOST_TEST(!again.connection.has_value());
    next.finish();
    run();
    BOOST_TEST_REQUIRE(again.connection.has_value(), "round " << round);
    holder = &again;
  }
  BOOST_TEST(historian.num_open() == 1U);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_idle_elsewhere_makes_room_at_once) {
  Thread::Request& kept = a.ask(service, "press-07");
  kept.finish();
  BOOST_TEST(a.pool.num_idle(service) == 1U);
  Thread::Request& next = b.ask(service, "press-08");
  BOOST_TEST((next.last == ServicePool::Borrowed::kWait));
  run();
  BOOST_TEST(next.connection.has_value());
  BOOST_TEST(a.pool.num_idle(service) == 0U);
  BOOST_TEST(historian.num_open() == 1U);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_idle_here_makes_room_for_another_device) {
  a.ask(service, "press-07").finish();
  Thread::Request& next = a.ask(service, "press-08");
  BOOST_TEST(next.connection.has_value());
  BOOST_TEST(historian.num_open() == 1U);
}

BOOST_AUTO_TEST_CASE(the_first_in_line_gets_the_connection_itself_where_it_was_its_devices) {
  Thread::Request& first = a.ask(service, "press-07");
  Thread::Request& same = a.ask(service, "press-07");
  first.finish();
  run();
  BOOST_TEST_REQUIRE(same.connection.has_value());
  BOOST_TEST(same.connection->reused);
  BOOST_TEST(historian.connections.size() == 1U);
}

BOOST_AUTO_TEST_CASE(who_leaves_the_line_lets_the_next_have_its_turn_on_any_thread) {
  Thread::Request& holder = a.ask(service, "press-07");
  Thread::Request& gone = a.ask(service, "press-08");
  Thread::Request& next = b.ask(service, "press-09");
  holder.connection.reset();  // Closed.
  gone.place.leave();
  run();
  BOOST_TEST(next.connection.has_value());
}

BOOST_AUTO_TEST_CASE(the_line_of_all_threads_together_is_bounded) {
  Thread::Request& holder = a.ask(service, "press-07");
  BOOST_TEST_REQUIRE(holder.connection.has_value());
  for (std::size_t i = 0; i < limits::kServiceQueueMax; ++i) {
    BOOST_TEST_REQUIRE(
        ((i % 2 == 0 ? a : b).ask(service, "press-08").last == ServicePool::Borrowed::kWait));
  }
  BOOST_TEST((a.ask(service, "press-08").last == ServicePool::Borrowed::kQueueFull));
  BOOST_TEST((b.ask(service, "press-08").last == ServicePool::Borrowed::kQueueFull));
}

BOOST_AUTO_TEST_SUITE_END()
