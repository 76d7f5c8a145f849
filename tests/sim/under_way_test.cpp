// Goal: an exchange may take longer than the right to it lasts, and ends with it: in line for a
// connection, over a long body, or with an answer that never ends. Method: snapshots published, and
// wall time passed, in the middle of exchanges.
#include <boost/test/unit_test.hpp>

#include "sim/plant_changes.h"
#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;
using session::IndexKind;

namespace {

// Losers whose exchanges are under way: one that waits for its answer is refused, one whose answer
// has begun is cut in the middle, and so is one that still sends. Another device goes on.
enum class Loses { kDevice, kPermit, kEverybody };
void check_cut_under_way(const Intent& intent, Reason reason, Loses loses = Loses::kDevice) {
  const bool all_lose = loses == Loses::kEverybody;
  const bool stays = loses == Loses::kPermit;  // Its connection: the next request may be permitted.
  World world;
  world.historian.on_request = [](const Message& request, Connection& c) {
    if (request.target() == "/status/begun") {
      c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    }
  };
  FakeClient& waits = world.served("press-07");
  waits.request("GET", "/status/a");
  waits.request("GET", "/status/b");
  FakeClient& takes = world.served("press-07");
  takes.request("GET", "/status/begun");
  FakeClient& other = world.served("press-08");
  other.request("POST", "/small", "abc");
  world.settle();
  BOOST_TEST(world.historian.num_open() == 3U);
  world.publish(plant_snapshot(intent));
  world.tell();
  world.settle();
  BOOST_TEST_REQUIRE(waits.answers().size() == (stays ? 2U : 1U));
  for (const Message& answer : waits.answers()) {
    BOOST_TEST(answer.status() == 403);
    BOOST_TEST(answer.member("reason") == to_string(reason));
  }
  BOOST_TEST(waits.finished == !stays);
  BOOST_TEST(takes.closed);
  BOOST_TEST(!takes.finished);
  BOOST_TEST(other.finished == all_lose);
  BOOST_TEST(world.historian.num_open() == (all_lose ? 0U : 1U));
  BOOST_TEST(world.historian.num_requests() == 3U);
  BOOST_TEST(world.audit.count(AuditEvent::kOperation, reason) == (all_lose || stays ? 3U : 2U));
}

// A request is allowed, and waits: in line, or for its connection to stand. Then it may no more.
void check_waiting(Intent change, Reason reason, bool connecting) {
  const char* historian = R"(endpoint: "10.20.0.5:8080" max_connections: 1 queue_wait: "60s")";
  change.historian = historian;
  World world(1, plant_snapshot({.historian = historian}));
  Connection* busy = nullptr;
  world.historian.on_request = [&](const Message&, Connection& c) { busy = &c; };
  if (connecting) {
    world.historian.on_dial = [](Connection& c) { c.state = Connection::State::kConnecting; };
  } else {
    world.served("press-08").request("POST", "/small", "abc");
    world.settle();
  }
  FakeClient& loser = world.served("press-07");
  loser.request("GET", "/status/a");
  world.settle();
  world.publish(plant_snapshot(change));
  world.tell();
  world.settle();
  if (connecting) {
    world.historian.connections.at(0).state = Connection::State::kOpen;
  } else {
    busy->send(answer_text(200, "begun before"));
  }
  world.settle();
  BOOST_TEST(world.ledger.count("head GET /status/a") == 0U);
  BOOST_TEST_REQUIRE(loser.answers().size() == 1U);
  BOOST_TEST(loser.answers()[0].status() == 403);
  BOOST_TEST(loser.answers()[0].member("reason") == to_string(reason));
  BOOST_TEST(world.audit.count(AuditEvent::kOperation, reason) == 1U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_under_way)

BOOST_AUTO_TEST_CASE(device_that_is_gone_is_cut_in_the_middle) {
  check_cut_under_way(without("press-07"), Reason::unknown_device);
}

BOOST_AUTO_TEST_CASE(revoked_certificate_is_cut_in_the_middle) {
  check_cut_under_way(revoking("press-07"), Reason::certificate_revoked);
}

BOOST_AUTO_TEST_CASE(session_of_a_listener_that_is_gone_is_cut_in_the_middle) {
  Intent intent;
  intent.listener = "other";
  check_cut_under_way(intent, Reason::listener_removed, Loses::kEverybody);
}

BOOST_AUTO_TEST_CASE(permit_that_is_gone_ends_what_it_permitted) {
  Intent intent;
  intent.permits_status = false;
  check_cut_under_way(intent, Reason::no_permit, Loses::kPermit);
}

// A service may be busy, or slow to connect, for longer than a right lasts.
BOOST_AUTO_TEST_CASE(request_that_waits_for_a_connection_is_judged_again_before_it_is_sent) {
  Intent none;
  none.permits_status = false;
  Intent renamed;
  renamed.devices[0].device = "press-77";
  const std::vector<std::pair<Intent, Reason>> changes = {
      {revoking("press-07"), Reason::certificate_revoked},
      {without("press-07"), Reason::unknown_device},
      {none, Reason::no_permit},
      {renamed, Reason::no_permit}};
  for (const auto& [change, reason] : changes) {
    for (const bool connecting : {true, false}) {
      check_waiting(change, reason, connecting);
    }
  }
}

BOOST_AUTO_TEST_CASE(request_that_waits_and_keeps_its_right_is_not_lost) {
  const Intent here{.historian = R"(endpoint: "10.20.0.5:8080" max_connections: 1)"};
  const Intent there{.historian = R"(endpoint: "10.20.0.7:8080")"};
  World world(1, plant_snapshot(here));
  world.historian.on_dial = [](Connection& c) { c.state = Connection::State::kConnecting; };
  FakeClient& client = world.served("press-07");
  client.request("POST", "/small", "abc");
  world.settle();
  for (const Intent& next : {here, there, here, there, there}) {
    world.publish(plant_snapshot(next));
    world.tell();
    client.observer->on_stream_ready();
    world.settle();
  }
  world.historian.connections.at(0).state = Connection::State::kOpen;
  world.settle();
  BOOST_TEST_REQUIRE(client.answers().size() == 1U);
  BOOST_TEST(client.answers()[0].body == "abc");
  BOOST_TEST(world.historian.only().body == "abc");
  BOOST_TEST(world.audit.entries.size() == 1U);
}

// Nothing moves on these connections: time alone ends them.
BOOST_AUTO_TEST_CASE(certificate_that_ends_cuts_its_idle_and_its_busy_connections) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  };
  world.clock.pass(Millis{test::kHour.ms - 3'000});
  FakeClient& idle = world.served("press-09");
  FakeClient& busy = world.served("press-09");
  FakeClient& other = world.served("press-07");
  for (FakeClient* each : {&busy, &other}) each->request("GET", "/status/a");
  world.settle();
  world.pass(Millis{3'000});
  BOOST_TEST(!idle.alert.has_value());
  BOOST_TEST(!busy.closed);
  world.pass(Millis{500});
  BOOST_TEST((idle.alert == Reason::certificate_expired));
  BOOST_TEST(busy.closed);
  BOOST_TEST(!busy.finished);
  BOOST_TEST(!other.closed);
  BOOST_TEST(world.audit.count(AuditEvent::kHandshake, Reason::certificate_expired) == 1U);
  BOOST_TEST(world.audit.count(AuditEvent::kOperation, Reason::certificate_expired) == 1U);
}

BOOST_AUTO_TEST_CASE(a_long_upload_that_loses_its_right_stops) {
  World world;
  FakeClient& client = world.served("press-07");
  client.send(
      "POST /v1/devices/press-07/readings HTTP/1.1\r\nHost: g\r\nContent-Length: 1000\r\n\r\n" +
      std::string(400, 'x'));
  world.settle();
  world.publish(plant_snapshot(revoking("press-07")));
  world.tell();
  world.settle();
  BOOST_TEST_REQUIRE(client.answers().size() == 1U);
  BOOST_TEST(client.answers()[0].member("reason") == "certificate_revoked");
  BOOST_TEST(world.historian.num_requests() == 0U);
  BOOST_TEST(world.historian.num_open() == 0U);
}

BOOST_AUTO_TEST_CASE(who_has_lost_its_right_does_not_keep_it_for_want_of_memory) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  };
  FakeClient& client = world.served("press-07");
  client.request("GET", "/status/a");
  world.settle();
  const auto elsewhere = static_cast<std::int64_t>(limits::kBufferBytesMax) + 1;
  world.capacity.hold(elsewhere);
  world.publish(plant_snapshot(revoking("press-07")));
  world.tell();
  world.settle();
  BOOST_TEST(client.closed);
  world.capacity.hold(-elsewhere);
}

BOOST_AUTO_TEST_CASE(cut_in_the_middle_of_an_exchange_is_no_clean_end) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  };
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(world.table.cut(IndexKind::kDevice, "press-07", Reason::quarantined, "") == 1U);
  world.settle();
  BOOST_TEST(client.closed);
  BOOST_TEST(!client.finished);
  BOOST_TEST(world.historian.num_open() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
