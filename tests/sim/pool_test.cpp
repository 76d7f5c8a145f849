// Goal: a kept connection serves the next exchange only where nothing is left over from the last.
// Method: services that answer twice, late, early, close at the wrong moment, or read half.
#include <boost/test/unit_test.hpp>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

void ask(FakeClient& client, const std::string& tag) {
  client.request("GET", "/status/a", {}, "X-Tag: " + tag + "\r\n");
}

std::size_t num_idle(World& world) {
  return world.pool.num_idle(*world.snapshots.current()->services.front());
}

std::string last_tag(const FakeClient& client) {
  const std::vector<Message> answers = client.answers();
  return answers.empty() ? "" : answers.back().field("X-Tag");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_pool)

BOOST_AUTO_TEST_CASE(connection_is_used_again_by_its_own_device_alone) {
  World world;
  for (const char* name : {"press-07", "press-08", "press-07"}) {
    FakeClient& client = world.served(name);
    ask(client, name);
    world.settle();
    BOOST_TEST(last_tag(client) == name);
  }
  BOOST_TEST_REQUIRE(world.historian.connections.size() == 2U);
  BOOST_TEST(world.historian.connections[0].requests.size() == 2U);
  BOOST_TEST(world.historian.connections[1].requests.size() == 1U);
  BOOST_TEST(num_idle(world) == 2U);
}

BOOST_AUTO_TEST_CASE(service_that_says_close_is_not_asked_again_on_this_connection) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send(answer_text(200, "x", "Connection: close\r\n"));
  };
  FakeClient& client = world.served();
  ask(client, "1");
  ask(client, "2");
  world.settle();
  BOOST_TEST(client.answers().size() == 2U);
  BOOST_TEST(world.historian.connections.size() == 2U);
  BOOST_TEST(world.historian.num_open() == 0U);
}

BOOST_AUTO_TEST_CASE(answer_given_twice_never_reaches_the_next_client) {
  World world;
  world.historian.on_request = [](const Message& request, Connection& c) {
    FakeService::echo(request, c);
    FakeService::echo(request, c);
  };
  FakeClient& first = world.served("press-07");
  FakeClient& second = world.served("press-08");
  ask(first, "first");
  ask(second, "second");
  world.settle();
  ask(second, "third");
  world.settle();
  BOOST_TEST(first.answers().size() == 1U);
  BOOST_TEST(last_tag(first) == "first");
  BOOST_TEST(second.answers().size() == 2U);
  BOOST_TEST(last_tag(second) == "third");
}

// The second answer comes when the next request is on its way already.
BOOST_AUTO_TEST_CASE(answer_given_twice_and_late_never_reaches_another_client) {
  World world;
  FakeClient& first = world.served("press-07");
  FakeClient& second = world.served("press-08");
  ask(first, "first");
  world.settle();
  world.historian.on_request = [&](const Message& request, Connection& c) {
    world.historian.connections[0].send(answer_text(200, "again", "X-Tag: first\r\n"));
    world.historian.on_request = FakeService::echo;
    FakeService::echo(request, c);
  };
  ask(second, "second");
  world.settle();
  BOOST_TEST(last_tag(second) == "second");
  BOOST_TEST(second.answers().size() == 1U);
  BOOST_TEST(first.answers().size() == 1U);
}

BOOST_AUTO_TEST_CASE(answer_given_twice_in_pieces_never_reaches_the_next_client) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    World world(seed);
    world.historian.on_dial = [&](Connection& c) { c.out.piece_max = 1 + seed * 5; };
    world.historian.on_request = [](const Message& request, Connection& c) {
      FakeService::echo(request, c);
      FakeService::echo(request, c);
    };
    FakeClient& client = world.served();
    for (const char* tag : {"1", "2", "3"}) {
      ask(client, tag);
      world.settle();
      BOOST_TEST(last_tag(client) == tag, "seed " << seed);
    }
  }
}

BOOST_AUTO_TEST_CASE(bytes_on_an_idle_connection_never_reach_the_next_client) {
  for (const bool noticed : {true, false}) {
    World world;
    FakeClient& client = world.served();
    ask(client, "1");
    world.settle();
    world.historian.connections[0].send(answer_text(200, "poison", "X-Tag: poison\r\n"));
    if (noticed) world.settle();
    ask(client, "2");
    world.settle();
    BOOST_TEST(last_tag(client) == "2");
    BOOST_TEST(client.answers().size() == 2U);
    BOOST_TEST(world.historian.connections.size() == 2U);
    BOOST_TEST(world.historian.connections[0].closed);
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_come_before_a_request_was_sent_answer_nobody) {
  for (const bool used_before : {true, false}) {
    World world;
    FakeClient& client = world.served();
    if (used_before) {
      ask(client, "1");
      world.settle();
      world.historian.connections[0].room = 0;
    } else {
      world.historian.on_dial = [](Connection& c) { c.room = 0; };
    }
    ask(client, "2");
    world.settle();
    world.historian.connections[0].send(answer_text(200, "poison", "X-Tag: poison\r\n"));
    world.settle();
    BOOST_TEST(world.historian.connections[0].closed);
    if (used_before) {
      BOOST_TEST(last_tag(client) == "2");  // A read may be sent again.
    } else {
      BOOST_TEST(client.answers().back().status() == 502);
    }
  }
}

BOOST_AUTO_TEST_CASE(connection_closed_while_idle_costs_nobody_a_write) {
  for (const bool noticed : {true, false}) {
    World world;
    FakeClient& client = world.served();
    ask(client, "1");
    world.settle();
    world.historian.connections[0].end();
    if (noticed) world.settle();
    client.request("POST", "/small", "abc");
    world.settle();
    BOOST_TEST(client.answers().back().status() == 200);
    BOOST_TEST(world.historian.connections[0].requests.size() == 1U);
    BOOST_TEST(world.historian.connections[1].requests.size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(connection_that_takes_not_a_byte_costs_nobody_a_write) {
  World world;
  FakeClient& client = world.served();
  ask(client, "1");
  world.settle();
  world.historian.connections[0].deaf = true;
  client.request("POST", "/small", "abc");
  world.settle();
  BOOST_TEST(client.answers().back().status() == 200);
  BOOST_TEST_REQUIRE(world.historian.connections.size() == 2U);
  BOOST_TEST(world.historian.connections[1].requests.size() == 1U);
}

BOOST_AUTO_TEST_CASE(request_that_was_sent_by_half_spoils_its_connection) {
  World world;
  world.historian.on_dial = [](Connection& c) { c.room = 2000; };
  FakeClient& client = world.served();
  client.request("POST", "/v1/devices/press-07/readings", std::string(10'000, 'x'));
  world.settle();
  Connection& connection = world.historian.connections.at(0);
  BOOST_TEST(connection.requests.empty());
  connection.send(answer_text(403, "no"));  // It has not read all, and keeps the connection.
  world.settle();
  BOOST_TEST(client.answers().back().status() == 403);

  connection.room = kRoomUnlimited;
  ask(client, "next");
  world.settle();
  BOOST_TEST(last_tag(client) == "next");
  BOOST_TEST(world.historian.connections.size() == 2U);
  BOOST_TEST(connection.closed);
}

BOOST_AUTO_TEST_CASE(safe_request_is_sent_once_more_when_a_used_connection_was_closed) {
  for (const char* method : {"GET", "HEAD"}) {
    World world;
    FakeClient& client = world.served();
    ask(client, "1");
    world.settle();
    world.historian.on_request = [&](const Message&, Connection& c) {
      c.end();
      world.historian.on_request = FakeService::echo;
    };
    client.request(method, "/status/a", {}, "X-Tag: 2\r\n");
    world.settle();
    BOOST_TEST(last_tag(client) == "2");
    BOOST_TEST(world.historian.num_requests() == 3U);
    BOOST_TEST(world.ledger.count("allow") == 2U);
    BOOST_TEST(world.audit.count(AuditEvent::kService, Reason::service_unavailable) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(safe_request_is_never_sent_a_third_time) {
  World world;
  FakeClient& client = world.served();
  ask(client, "1");
  world.settle();
  world.historian.on_request = [](const Message&, Connection& c) { c.end(); };
  ask(client, "2");
  world.settle();
  BOOST_TEST(client.answers().back().status() == 502);
  BOOST_TEST(world.historian.num_requests() == 3U);
}

BOOST_AUTO_TEST_CASE(unsafe_request_is_never_sent_again) {
  World world;
  FakeClient& client = world.served();
  ask(client, "1");
  world.settle();
  world.historian.on_request = [](const Message&, Connection& c) { c.end(); };
  client.request("POST", "/small", "abc");
  world.settle();
  BOOST_TEST(client.answers().back().status() == 502);
  BOOST_TEST(world.historian.num_requests() == 2U);
  BOOST_TEST(world.audit.count(AuditEvent::kService, Reason::service_unavailable) == 1U);
}

BOOST_AUTO_TEST_CASE(request_is_not_sent_again_once_an_answer_has_begun) {
  for (const char* begun : {"HTTP/1.1 2", "HTTP/1.1 103 Early Hints\r\n\r\n"}) {
    World world;
    FakeClient& client = world.served();
    ask(client, "1");
    world.settle();
    world.historian.on_request = [&](const Message&, Connection& c) {
      c.send(begun);
      c.end();
    };
    ask(client, "2");
    world.settle();
    BOOST_TEST(client.answers().back().status() == 502);
    BOOST_TEST(world.historian.num_requests() == 2U);
  }
}

BOOST_AUTO_TEST_CASE(request_that_is_sent_once_more_has_the_time_of_a_new_one) {
  World world;
  FakeClient& client = world.served();
  ask(client, "1");
  world.settle();
  world.historian.on_request = [](const Message&, Connection& c) { c.end(); };
  world.historian.on_dial = [](Connection& c) { c.state = Connection::State::kConnecting; };
  ask(client, "2");
  world.settle();
  world.pass_short_of(limits::kDialTimeout);
  BOOST_TEST(client.answers().size() == 1U);
  world.pass(Millis{500});
  BOOST_TEST_REQUIRE(client.answers().size() == 2U);
  BOOST_TEST(client.answers()[1].status() == 504);
  BOOST_TEST(world.audit.entries.back().detail == "the service could not be reached in time");
}

BOOST_AUTO_TEST_CASE(idle_connections_are_bounded) {
  constexpr std::size_t kClients = limits::kServicePoolMax + 8;
  const auto snapshot =
      plant_snapshot({.historian = R"(endpoint: "10.20.0.5:8080" max_connections: 1000)",
                      .limits = "connections_per_address: 1000 connections_per_device: 1000"});
  World world(1, snapshot);
  world.capacity.configure(snapshot->limits);
  std::vector<std::pair<Message, Connection*>> waiting;
  world.historian.on_request = [&](const Message& m, Connection& c) {
    waiting.emplace_back(m, &c);
  };
  for (std::size_t i = 0; i < kClients; ++i) ask(world.served(), "x");
  world.settle();
  BOOST_TEST_REQUIRE(waiting.size() == kClients);
  for (auto& [request, connection] : waiting) FakeService::echo(request, *connection);
  world.settle();
  BOOST_TEST(num_idle(world) == limits::kServicePoolMax);
  BOOST_TEST(world.historian.num_open() == limits::kServicePoolMax);
}

BOOST_AUTO_TEST_CASE(idle_connections_are_closed_in_time) {
  World world;
  FakeClient& client = world.served();
  ask(client, "1");
  world.settle();
  world.pass(limits::kServiceIdleTimeout);
  BOOST_TEST(world.historian.num_open() == 1U);
  world.pass(Millis{500});
  BOOST_TEST(world.historian.num_open() == 0U);
  BOOST_TEST(num_idle(world) == 0U);
}

BOOST_AUTO_TEST_CASE(client_that_leaves_takes_its_service_connection_with_it) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  };
  FakeClient& client = world.served();
  ask(client, "1");
  world.settle();
  client.vanish();
  world.historian.connections[0].send("defg");
  world.settle();
  BOOST_TEST(client.closed);
  BOOST_TEST(world.historian.num_open() == 0U);
  BOOST_TEST(world.table.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
