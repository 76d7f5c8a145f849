// Goal: nobody holds a session by being slow, each in the protocol's own words and on the right
// account. Method: virtual time, passed to the last step before a bound and then over it.
#include <boost/test/unit_test.hpp>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

// What a client must move in each kBodyStallTimeout.
constexpr std::size_t kBytesPerWindow =
    limits::kTransferRateMin * limits::kBodyStallTimeout.ms / 1000;

std::uint64_t reached(const World& world, session::Limit limit) {
  return world.context.meter.limits.at(static_cast<std::size_t>(limit)).value();
}

void check_408(const World& world, const FakeClient& client) {
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(!answers.empty());
  BOOST_TEST(answers.back().status() == 408);
  BOOST_TEST(answers.back().member("reason") == "malformed");
  BOOST_TEST(answers.back().field("Connection") == "close");
  BOOST_TEST(client.finished);
  BOOST_TEST(world.audit.count(AuditEvent::kOperation, Reason::malformed) == 1U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_timeout)

BOOST_AUTO_TEST_CASE(idle_client_is_ended_quietly) {
  World world;
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  world.settle();
  const std::size_t records = world.audit.entries.size();
  world.pass_short_of(limits::kIdleTimeout);
  BOOST_TEST(!client.finished);
  world.pass(Millis{500});
  BOOST_TEST(client.finished);
  BOOST_TEST(!client.alert.has_value());
  BOOST_TEST(client.answers().size() == 1U);
  BOOST_TEST(world.audit.entries.size() == records);
  world.pass(limits::kDrainTimeout);
  BOOST_TEST(client.closed);
  BOOST_TEST(world.table.size() == 0U);
}

BOOST_AUTO_TEST_CASE(head_that_stops_is_408) {
  World world;
  FakeClient& client = world.served();
  world.pass(Millis{20'000});
  client.send("GET /status/a HT");
  world.settle();
  world.pass_short_of(limits::kHeadTimeout);
  BOOST_TEST(client.received.empty());
  world.pass(Millis{500});
  check_408(world, client);
}

BOOST_AUTO_TEST_CASE(head_that_trickles_gains_no_time) {
  World world;
  FakeClient& client = world.served();
  for (int i = 0; i < 9; ++i) {
    client.send("x");
    world.settle();
    world.pass(Millis{1'000});
  }
  BOOST_TEST(client.received.empty());
  client.send("x");
  world.pass(Millis{1'000});
  check_408(world, client);
}

BOOST_AUTO_TEST_CASE(head_behind_another_request_has_no_more_time) {
  World world;
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  client.send("GET /status/b HTTP/1.1\r\n");
  world.settle();
  BOOST_TEST(client.answers().size() == 1U);
  world.pass_short_of(limits::kHeadTimeout);
  BOOST_TEST(!client.finished);
  world.pass(Millis{500});
  check_408(world, client);
}

BOOST_AUTO_TEST_CASE(body_that_stops_is_408_and_never_whole_at_the_service) {
  World world;
  FakeClient& client = world.served();
  client.send("POST /small HTTP/1.1\r\nHost: gateway\r\nContent-Length: 4000\r\n\r\nabc");
  world.settle();
  world.pass_short_of(limits::kBodyStallTimeout);
  BOOST_TEST(client.received.empty());
  client.send(std::string(kBytesPerWindow, 'd'));  // It moves: its time begins again.
  world.settle();
  world.pass_short_of(limits::kBodyStallTimeout);
  BOOST_TEST(client.received.empty());
  world.pass(Millis{500});
  check_408(world, client);
  BOOST_TEST(world.historian.num_requests() == 0U);
  BOOST_TEST(world.historian.num_open() == 0U);
}

// A byte each second is no movement.
BOOST_AUTO_TEST_CASE(body_that_trickles_is_408) {
  World world;
  FakeClient& client = world.served();
  client.send("POST /small HTTP/1.1\r\nHost: gateway\r\nContent-Length: 4000\r\n\r\n");
  for (int i = 0; i < 29; ++i) {
    client.send("x");
    world.settle();
    world.pass(Millis{1'000});
  }
  BOOST_TEST(client.received.empty());
  client.send("x");
  world.pass(Millis{1'000});
  check_408(world, client);
  BOOST_TEST(reached(world, session::Limit::kBodyTime) == 1U);
  BOOST_TEST(world.historian.num_open() == 0U);
}

// Time in which the service is slow is not the client's.
BOOST_AUTO_TEST_CASE(body_that_waits_for_the_service_is_not_late) {
  World world;
  world.historian.on_dial = [](Connection& c) { c.room = 100'000; };
  FakeClient& client = world.served();
  client.request("POST", "/v1/devices/press-07/readings", std::string(500'000, 'x'));
  world.settle();
  for (int i = 0; i < 8; ++i) {
    world.pass_short_of(limits::kServiceTimeout);
    world.historian.connections.back().room = 100'000;
    world.settle();
  }
  BOOST_TEST(client.answers().at(0).status() == 200);
  BOOST_TEST(reached(world, session::Limit::kBodyTime) == 0U);
}

BOOST_AUTO_TEST_CASE(body_of_a_refused_request_that_stops_ends_the_connection) {
  World world;
  FakeClient& client = world.served();
  client.send("POST /forbidden HTTP/1.1\r\nHost: gateway\r\nContent-Length: 10\r\n\r\nabc");
  world.settle();
  BOOST_TEST(client.answers().at(0).status() == 403);
  world.pass(limits::kBodyStallTimeout);
  BOOST_TEST(client.closed);
  BOOST_TEST(world.audit.entries.size() == 1U);
}

BOOST_AUTO_TEST_CASE(service_that_stops_reading_is_504_and_not_the_clients_fault) {
  World world;
  world.historian.on_dial = [](Connection& c) { c.room = 1000; };
  FakeClient& client = world.served();
  client.request("POST", "/v1/devices/press-07/readings", std::string(500'000, 'x'));
  world.settle();
  world.pass(limits::kServiceTimeout);
  BOOST_TEST(client.answers().at(0).status() == 504);
  BOOST_TEST(world.audit.count(AuditEvent::kService, Reason::service_unavailable) == 1U);
}

BOOST_AUTO_TEST_CASE(client_that_stops_reading_is_cut_and_not_the_services_fault) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send(answer_text(200, std::string(500'000, 'x')));
  };
  FakeClient& client = world.served();
  client.room = 1000;
  client.request("GET", "/status/a");
  world.settle();
  world.pass_short_of(limits::kServiceTimeout);
  BOOST_TEST(!client.closed);
  world.pass(Millis{500});
  BOOST_TEST(client.closed);
  BOOST_TEST(!client.finished);
  BOOST_TEST(world.audit.count(AuditEvent::kService, Reason::service_unavailable) == 0U);
  BOOST_TEST(world.historian.num_open() == 0U);
}

// A byte each second is no movement, in the middle of an answer or at its end.
BOOST_AUTO_TEST_CASE(client_that_reads_byte_by_byte_is_cut) {
  for (const std::size_t length : {500'000, 50'000}) {
    World world;
    world.historian.on_request = [&](const Message&, Connection& c) {
      c.send(answer_text(200, std::string(length, 'x')));
    };
    FakeClient& client = world.served();
    client.room = 1000;
    client.request("GET", "/status/a", {}, "Connection: close\r\n");
    world.settle();
    for (int i = 0; i < 29; ++i) {
      ++client.room;
      world.settle();
      world.pass(Millis{1'000});
    }
    BOOST_TEST(!client.closed);
    world.pass(Millis{1'000});
    BOOST_TEST(client.closed);
    BOOST_TEST(!client.finished);
    BOOST_TEST(reached(world, session::Limit::kReadTime) == 1U);
  }
}

// Each answer that it takes is not what keeps an unfinished head alive.
BOOST_AUTO_TEST_CASE(head_that_stops_behind_an_answer_nobody_reads_is_ended) {
  World world;
  FakeClient& client = world.served();
  client.room = 0;
  client.request("GET", "/status/a");
  client.send("GET /status/b HT");
  world.settle();
  for (int i = 0; i < 12; ++i) {
    world.pass(Millis{10'000});
    client.room += kBytesPerWindow / 100;
    world.settle();
  }
  BOOST_TEST(client.closed);
  BOOST_TEST(world.table.size() == 0U);
}

BOOST_AUTO_TEST_CASE(client_is_not_idle_as_long_as_it_takes_its_answer) {
  World world(1, plant_snapshot({.limits = R"(idle_timeout: "5s")"}));
  FakeClient& client = world.served();
  client.room = 0;
  client.request("GET", "/status/a");
  world.settle();
  world.pass(Millis{20'000});
  client.room = kRoomUnlimited;
  world.settle();
  world.pass(Millis{500});
  BOOST_TEST(!client.finished);
  world.pass(limits::kBodyStallTimeout);
  BOOST_TEST(client.finished);
}

BOOST_AUTO_TEST_CASE(client_that_reads_slowly_gets_all_of_its_answer) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send(answer_text(200, std::string(500'000, 'x')));
  };
  FakeClient& client = world.served();
  client.room = 0;
  client.request("GET", "/status/a");
  world.settle();
  while (client.received.size() < 500'000) {
    client.room = 20'000;
    world.settle();
    world.pass_short_of(limits::kBodyStallTimeout);
    BOOST_TEST_REQUIRE(!client.closed);
  }
  client.room = kRoomUnlimited;
  world.settle();
  BOOST_TEST(client.answers().at(0).whole);
}

BOOST_AUTO_TEST_CASE(last_answer_nobody_reads_holds_the_session_for_a_bounded_time) {
  World world;
  FakeClient& client = world.served();
  client.room = 0;
  client.request("GET", "/status/a", {}, "Connection: close\r\n");
  world.settle();
  BOOST_TEST(!client.closed);
  world.pass(limits::kBodyStallTimeout);
  world.pass(limits::kDrainTimeout);
  BOOST_TEST(client.closed);
  BOOST_TEST(world.table.size() == 0U);
}

BOOST_AUTO_TEST_CASE(client_that_never_closes_is_drained_for_a_bounded_time) {
  World world;
  FakeClient& client = world.served();
  client.request("GET", "/status/a", {}, "Connection: close\r\n");
  world.settle();
  world.pass_short_of(limits::kDrainTimeout);
  BOOST_TEST(!client.closed);
  client.send("still here");
  world.pass(Millis{500});
  BOOST_TEST(client.closed);
}

BOOST_AUTO_TEST_CASE(last_answer_is_waited_for_as_long_as_the_client_still_takes_some) {
  World world;
  // More than the stream holds back, so that the rest of it is written while the session drains.
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send(answer_text(200, std::string(100'000, 'x')));
  };
  FakeClient& client = world.served();
  client.room = 0;
  client.request("GET", "/status/a", {}, "Connection: close\r\n");
  world.settle();
  while (client.received.size() < 100'000) {
    world.pass_short_of(limits::kBodyStallTimeout);  // Much longer than kDrainTimeout.
    BOOST_TEST_REQUIRE(!client.closed);
    client.room = 20'000;
    world.settle();
  }
  client.room = kRoomUnlimited;
  world.settle();
  BOOST_TEST(client.answers().at(0).whole);
  BOOST_TEST(client.finished);
}

BOOST_AUTO_TEST_SUITE_END()
