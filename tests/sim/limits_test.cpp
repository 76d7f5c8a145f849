// Goal: whatever clients do, the gateway holds no more than it may, each limit is counted when it
// is reached, and a known device is served meanwhile. Method: hostile clients by the dozen around
// one good device, under limits small enough to reach.
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;
using port::Handshake;
using session::Limit;

namespace {

// A handshake that waits for the client's first byte for as long as it likes.
FakeClient& half_open(World& world) {
  FakeClient& client = world.connect("stranger");
  client.stalled = true;
  world.settle();
  return client;
}

std::uint64_t reached(const World& world, Limit limit) {
  return world.context.meter.limits.at(static_cast<std::size_t>(limit)).value();
}

bool is_served(World& world, FakeClient& client) {
  const std::size_t before = client.answers().size();
  client.request("GET", "/status/a");
  world.settle();
  const std::vector<Message> answers = client.answers();
  return answers.size() == before + 1 && answers.back().status() == 200;
}

// Requests an answer of which it never reads a byte.
FakeClient& never_reads(World& world, const std::string& name) {
  FakeClient& client = world.served(name);
  client.room = 0;
  client.request("GET", "/status/much");
  world.settle();
  return client;
}

void answer_much(World& world) {
  world.historian.on_request = [](const Message& request, Connection& c) {
    const bool much = request.target().find("/much") != std::string::npos;
    c.send(answer_text(200, std::string(much ? 1'000'000 : 10, 'x')));
  };
}

const policy::ClientLimits kDefaults;

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_limits)

BOOST_AUTO_TEST_CASE(connections_of_one_address) {
  World world(1, plant_snapshot({.limits = "connections_per_address: 3"}));
  for (int i = 0; i < 3; ++i) world.served();
  BOOST_TEST(world.connect().closed);
  BOOST_TEST(reached(world, Limit::kConnectionsPerAddress) == 1U);
  BOOST_TEST(world.audit.count(AuditEvent::kHandshake, Reason::overloaded) == 1U);
  BOOST_TEST(world.audit.entries.back().detail ==
             "its address has 3 connections open, as many as one may have");
  world.address = "192.0.2.8";
  BOOST_TEST(is_served(world, world.served("press-08")));
  world.clients[0].end();
  world.settle();
  world.address = "192.0.2.7";
  BOOST_TEST(is_served(world, world.served()));
}

BOOST_AUTO_TEST_CASE(connections_of_one_network_of_ipv6) {
  World world(1, plant_snapshot({.limits = "connections_per_address: 2"}));
  world.address = "[2001:db8:1:1::1]";
  world.served();
  world.address = "[2001:db8:1:1:ffff::2]";
  world.served();
  world.address = "[2001:db8:1:1:a:b:c:d]";
  BOOST_TEST(world.connect().closed);
  world.address = "[2001:db8:1:2::1]";
  BOOST_TEST(!world.connect().closed);
}

BOOST_AUTO_TEST_CASE(connections_of_one_device_from_wherever_it_comes) {
  World world(1, plant_snapshot({.limits = "connections_per_device: 2"}));
  FakeClient& first = world.served();
  for (const char* address : {"192.0.2.8", "192.0.2.9"}) {
    world.address = address;
    world.served();
  }
  BOOST_TEST((world.clients.back().alert == Reason::overloaded));
  BOOST_TEST(reached(world, Limit::kConnectionsPerDevice) == 1U);
  BOOST_TEST(world.audit.entries.back().device == "press-07");
  BOOST_TEST(is_served(world, world.served("press-08")));
  BOOST_TEST(is_served(world, first));
  first.end();
  world.settle();
  BOOST_TEST(is_served(world, world.served()));
}

// Where an address has no limit short of all connections, known devices still find a place: the
// longest idle ones go.
BOOST_AUTO_TEST_CASE(idle_connections_make_room_for_a_known_device) {
  World world(1, plant_snapshot({.limits = "connections: 20 connections_per_address: 20"}));
  for (int i = 0; i < 20; ++i) {
    world.served();
    world.pass(Millis{500});
  }
  world.address = "192.0.2.99";
  BOOST_TEST(world.connect("stranger").closed);
  world.pass(Millis{500});
  BOOST_TEST(world.table.size() == 20U);  // Strangers end nobody's connection.

  world.address = "192.0.2.7";
  BOOST_TEST(world.connect("press-08").closed);
  world.pass(Millis{500});
  BOOST_TEST(world.clients[0].finished);
  BOOST_TEST(!world.clients[limits::kIdleEndedAtOnce].finished);
  for (FakeClient& client : world.clients) {
    if (client.finished) client.end();
  }
  world.settle();
  BOOST_TEST(is_served(world, world.served("press-08")));
  BOOST_TEST(reached(world, Limit::kConnections) == 2U);
}

BOOST_AUTO_TEST_CASE(half_open_connections_are_bounded_and_known_addresses_get_in) {
  World world(1, plant_snapshot({.limits = "handshakes: 16 handshakes_per_address: 2"}));
  FakeClient& open = world.served();
  for (int i = 0; i < 30; ++i) {
    world.address = fmt::format("198.51.100.{}", i);
    half_open(world);
  }
  BOOST_TEST(world.table.size() == 1U + 12U);  // A quarter is kept.
  BOOST_TEST(reached(world, Limit::kHandshakes) == 18U);
  BOOST_TEST(is_served(world, open));
  world.address = "192.0.2.7";
  BOOST_TEST(is_served(world, world.served("press-08")));
  world.address = "192.0.2.8";
  BOOST_TEST(world.connect("press-08").closed);  // Nobody has seen it there.
  world.pass(limits::kHandshakeTimeout);
  BOOST_TEST(reached(world, Limit::kHandshakeTime) == 12U);
  BOOST_TEST(is_served(world, world.served("press-08")));
}

BOOST_AUTO_TEST_CASE(handshakes_of_one_address_are_bounded) {
  World world(1, plant_snapshot({.limits = "handshakes: 16 handshakes_per_address: 3"}));
  for (int i = 0; i < 5; ++i) half_open(world);
  BOOST_TEST(reached(world, Limit::kHandshakesPerAddress) == 2U);
  world.address = "192.0.2.8";
  BOOST_TEST(is_served(world, world.served()));
}

// The handshake of a known address does not stand in line behind those of strangers, and neither
// does the request of an open connection.
BOOST_AUTO_TEST_CASE(flood_of_handshakes_goes_on_by_turns) {
  World world;
  FakeClient& open = world.served();
  for (int i = 0; i < 100; ++i) {
    world.address = fmt::format("198.51.100.{}", i);
    world.connect("stranger");
  }
  world.address = "192.0.2.7";
  FakeClient& known = world.connect("press-08");
  known.request("GET", "/status/a");
  open.request("GET", "/status/a");
  int ticks = 0;
  while ((open.answers().empty() || known.answers().empty()) && ++ticks < 100) world.tick();
  const session::Counter& counted =
      world.context.meter.handshakes_refused[static_cast<std::size_t>(Reason::untrusted_chain)];
  std::uint64_t refused = counted.value();
  BOOST_TEST(refused <= 50U);
  while (refused < 100 && world.tick()) {
    const std::uint64_t now = counted.value();
    BOOST_TEST(now <= refused + 2 * limits::kHandshakesPerTurn);
    refused = now;
  }
  BOOST_TEST(refused == 100U);
}

BOOST_AUTO_TEST_CASE(known_addresses_are_bounded) {
  session::Capacity capacity;
  capacity.configure({.connections = 4, .connections_per_address = 4, .handshakes = 4});
  const auto is_known = [&](std::uint32_t number) {
    session::Place place;
    BOOST_TEST(!capacity.enter(
        fmt::format("10.{}.{}.{}:1", number >> 16, (number >> 8) & 255, number & 255), place));
    const bool known = place.known();
    static_cast<void>(capacity.identify(place, "d"));
    return known;
  };
  for (std::uint32_t i = 0; i < limits::kKnownAddressesMax; ++i) BOOST_TEST(!is_known(i));
  BOOST_TEST(is_known(0));  // Seen last, now.
  BOOST_TEST(!is_known(limits::kKnownAddressesMax));
  BOOST_TEST(is_known(0));
  BOOST_TEST(!is_known(1));  // Forgotten.
}

BOOST_AUTO_TEST_CASE(memory_is_bounded_and_those_who_hold_most_are_cut) {
  World world(1, plant_snapshot({.limits = R"(memory: "1MiB")"}));
  answer_much(world);
  FakeClient& good = world.served("press-07");
  std::uint64_t most = 0;
  for (int i = 0; i < 40; ++i) {
    never_reads(world, "press-08");
    most = std::max(most, world.capacity.held());
    BOOST_TEST(is_served(world, good));
  }
  BOOST_TEST(most <= limits::kMiB);
  BOOST_TEST(reached(world, Limit::kMemory) > 10U);
  BOOST_TEST(world.audit.count(AuditEvent::kHandshake, Reason::overloaded) > 10U);
  BOOST_TEST(!good.closed);
  for (FakeClient& client : world.clients) client.vanish();
  world.settle();
  BOOST_TEST(world.capacity.held() == 0U);
}

// It is not who comes first, or holds just more than its share.
BOOST_AUTO_TEST_CASE(those_who_hold_a_little_are_cut_last) {
  World world(1, plant_snapshot({.limits = R"(memory: "1MiB")"}));
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send(answer_text(200, std::string(40'000, 'x')));
  };
  FakeClient& little = never_reads(world, "press-07");
  for (int i = 0; i < 30; ++i) world.served("press-09");
  BOOST_TEST(world.capacity.even_share() < world.capacity.held());  // Of `little` alone.
  answer_much(world);
  for (int i = 0; i < 20; ++i) never_reads(world, "press-08");
  BOOST_TEST(reached(world, Limit::kMemory) > 0U);
  BOOST_TEST(!little.closed);
}

// What was needed for a large answer, and for the request, is no part of an idle connection.
BOOST_AUTO_TEST_CASE(idle_clients_give_memory_back) {
  World world;
  answer_much(world);
  FakeClient& client = world.served();
  client.request("GET", "/status/much");
  world.settle();
  BOOST_TEST(client.answers().at(0).body.size() == 1'000'000U);
  BOOST_TEST(world.capacity.held() > 0U);
  world.pass(limits::kRestAfter);
  BOOST_TEST(world.capacity.held() == 0U);
  BOOST_TEST(is_served(world, client));
}

// Other threads may have used it up: then nothing is taken in until they have set some free.
BOOST_AUTO_TEST_CASE(nobody_sends_more_while_memory_is_full) {
  World world;
  FakeClient& good = world.served();
  const auto elsewhere = static_cast<std::int64_t>(limits::kBufferBytesMax) + 1;
  world.capacity.hold(elsewhere);
  good.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(world.ledger.count("dial") == 0U);
  BOOST_TEST(!world.served("press-08").closed);  // Its address is known.
  world.address = "192.0.2.8";
  BOOST_TEST(world.connect("press-08").closed);
  BOOST_TEST(reached(world, Limit::kMemory) == 1U);
  world.capacity.hold(-elsewhere);
  world.pass(Millis{500});
  BOOST_TEST(good.answers().at(0).status() == 200);
}

BOOST_AUTO_TEST_CASE(pipelining_client_that_never_reads_holds_its_buffers_and_then_goes) {
  World world;
  FakeClient& good = world.served();
  FakeClient& flood = world.served("press-08");
  flood.room = 0;
  for (int i = 0; i < 5'000; ++i) flood.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(world.capacity.held() <= 4 * limits::kClientOutBytesMax);
  BOOST_TEST(flood.in.left() > 0U);
  BOOST_TEST(is_served(world, good));
  world.pass(limits::kBodyStallTimeout);
  BOOST_TEST(flood.closed);
  BOOST_TEST(reached(world, Limit::kReadTime) == 1U);
  BOOST_TEST(world.audit.count(AuditEvent::kHandshake, Reason::overloaded) == 1U);
}

BOOST_AUTO_TEST_CASE(header_bombs_and_endless_bodies_are_ended_and_counted) {
  World world;
  FakeClient& good = world.served();
  FakeClient& huge = world.served("press-08");
  huge.send("GET /status/a HTTP/1.1\r\nX: " + std::string(2 * limits::kHttpHeadBytesMax, 'x'));
  FakeClient& many = world.served("press-08");
  many.send("GET /status/a HTTP/1.1\r\nHost: g\r\n");
  for (std::size_t i = 0; i <= limits::kHttpFieldsMax; ++i) many.send("X: 1\r\n");
  many.send("\r\n");
  FakeClient& endless = world.served("press-08");
  endless.send("POST /small HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100; ++i) endless.send("40\r\n" + std::string(64, 'x') + "\r\n");
  world.settle();
  BOOST_TEST(huge.answers().at(0).status() == 431);
  BOOST_TEST(many.answers().at(0).status() == 431);
  BOOST_TEST(endless.answers().at(0).status() == 413);
  BOOST_TEST(reached(world, Limit::kHead) == 2U);
  BOOST_TEST(reached(world, Limit::kBody) == 1U);
  BOOST_TEST(is_served(world, good));
}

BOOST_AUTO_TEST_CASE(times_are_those_of_the_configuration) {
  World world(1, plant_snapshot({.limits = R"(
      handshake_timeout: "2s" head_timeout: "3s" idle_timeout: "4s"
      transfer_timeout: "5s" transfer_rate: "1B")"}));
  FakeClient& silent = half_open(world);
  FakeClient& slow_head = world.served();
  slow_head.send("G");
  FakeClient& idle = world.served();
  FakeClient& slow_body = world.served();
  slow_body.send("POST /small HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\n1234");
  world.settle();
  const auto gone_after = [&](Millis before, Millis after, const FakeClient& client) {
    world.pass(before);
    const bool early = client.closed || !client.received.empty() || client.finished;
    world.pass(after);
    return !early && (client.closed || !client.received.empty() || client.finished);
  };
  BOOST_TEST(gone_after(Millis{1'500}, Millis{500}, silent));
  BOOST_TEST(gone_after(Millis{500}, Millis{500}, slow_head));
  BOOST_TEST(gone_after(Millis{500}, Millis{500}, idle));
  BOOST_TEST(gone_after(Millis{500}, Millis{500}, slow_body));
  BOOST_TEST(reached(world, Limit::kHandshakeTime) == 1U);
  BOOST_TEST(reached(world, Limit::kHeadTime) == 1U);
  BOOST_TEST(reached(world, Limit::kIdleTime) == 1U);
  BOOST_TEST(reached(world, Limit::kBodyTime) == 1U);
}

// A new configuration holds for those who are there, and cuts none of them.
BOOST_AUTO_TEST_CASE(narrower_limits_cut_nobody) {
  World world;
  for (int i = 0; i < 3; ++i) world.served();
  world.publish(plant_snapshot({.limits = R"(connections: 1 idle_timeout: "5s")"}));
  world.tell();
  for (FakeClient& client : world.clients) BOOST_TEST(is_served(world, client));
  BOOST_TEST(world.connect().closed);
  world.pass(Millis{5'000});
  BOOST_TEST(world.clients[0].finished);
}

BOOST_AUTO_TEST_CASE(defaults_are_those_of_a_plant) {
  session::Capacity capacity;
  capacity.configure(kDefaults);
  BOOST_TEST(capacity.connections_max() == limits::kConnectionsMax);
  // By address, as many as it takes to be refused, and for what.
  const auto most = [&](const char* address, bool handshaking) {
    std::vector<session::Place> places;
    for (;;) {
      auto refused = capacity.enter(std::string(address) + ":1", places.emplace_back());
      if (refused) return std::pair(places.size() - 1, refused->limit);
      if (!handshaking) capacity.handshake_over(places.back());
    }
  };
  const auto handshakes = most("192.0.2.1", true);
  BOOST_TEST(handshakes.first == limits::kHandshakesMax / limits::kHandshakesShareOfAddress);
  BOOST_TEST((handshakes.second == Limit::kHandshakesPerAddress));
  const auto connections = most("192.0.2.1", false);
  BOOST_TEST(connections.first == limits::kConnectionsPerAddressMax);
  BOOST_TEST((connections.second == Limit::kConnectionsPerAddress));
  BOOST_TEST(kDefaults.connections_per_device == limits::kConnectionsPerDeviceMax);
  BOOST_TEST(kDefaults.buffer_bytes == limits::kBufferBytesMax);
}

BOOST_AUTO_TEST_CASE(descriptors_decide_how_many_connections_there_may_be) {
  BOOST_TEST(session::connections_for(65'536) > limits::kConnectionsMax);
  BOOST_TEST(session::connections_for(1'024) ==
             (1'024 - limits::kDescriptorsReserved) / limits::kDescriptorsPerConnection);
  BOOST_TEST(session::connections_for(64) == 16U);
  session::Capacity capacity(session::connections_for(1'024));
  capacity.configure(kDefaults);
  BOOST_TEST(capacity.connections_max() == 448U);
}

BOOST_AUTO_TEST_SUITE_END()
