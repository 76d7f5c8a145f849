// Goal: a connection goes on in another protocol only where a permit names it and the service
// agrees; then bytes pass exactly, at the pace of the slower side, and no longer than they may.
// Method: scripted services that agree, decline and misbehave; reloads and time in between.
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

constexpr std::string_view kWebSocket =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AA==\r\n";
constexpr std::string_view kAgreed =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n"
    "Sec-WebSocket-Accept: BB==\r\n\r\n";

Intent viewers(std::string_view http = R"(method: "GET" path: "/live" upgrade: "websocket")",
               std::string_view per = "1d") {
  Intent intent;
  intent.devices = {{"press-07", "viewer", "press-07"}, {"press-09", "viewer", "press-09"}};
  intent.functions = fmt::format(
      R"(function {{ name: "viewer"
           permit {{ name: "live" service: "historian" http {{ {} }}
                    rate {{ limit: 1 per: "{}" }} }}
           permit {{ name: "other" service: "historian"
                    http {{ method: "GET" method: "POST" path: "/other" }} }} }})",
      http, per);
  return intent;
}

// A world whose historian agrees to every upgrade, and echoes nothing.
struct Plant {
  World world{1, plant_snapshot(viewers())};

  Plant() {
    world.historian.on_request = [](const Message& request, Connection& c) {
      if (request.field("Upgrade").empty()) return FakeService::echo(request, c);
      c.tunnel = true;
      c.send(kAgreed);
    };
  }
  FakeClient& asked(const std::string& name = "press-07") {
    FakeClient& client = world.served(name);
    client.request("GET", "/live", {}, kWebSocket);
    world.settle();
    return client;
  }
  Connection& service() { return world.historian.connections.at(0); }
  // What came behind the request.
  std::string_view up() { return std::string_view(service().received).substr(service().read_len); }
  static std::string_view down(const FakeClient& client) {
    return std::string_view(client.received).substr(client.received.find("\r\n\r\n") + 4);
  }
  void put_in_force(const Intent& intent) {
    world.publish(plant_snapshot(intent));
    world.tell();
    world.settle();
  }
  void check_end(Reason reason, std::string_view words) {
    BOOST_TEST(world.audit.count(AuditEvent::kTunnelEnd, reason) == 1U);
    for (const Entry& entry : world.audit.entries) {
      if (entry.event != AuditEvent::kTunnelEnd) continue;
      BOOST_TEST(entry.detail.find(words) != std::string::npos, entry.detail);
      BOOST_TEST(entry.device == "press-07");
      BOOST_TEST(entry.permit == "live");
      BOOST_TEST(entry.service == "historian");
      BOOST_TEST(entry.path == "/live");
      BOOST_TEST(entry.denial_id.empty() == (reason == Reason::kNone));
    }
  }
};

void check_refused(const FakeClient& client, int status, std::string_view reason) {
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 1U);
  BOOST_TEST(answers[0].status() == status);
  BOOST_TEST(answers[0].member("reason") == reason);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_tunnel)

BOOST_AUTO_TEST_CASE(upgrade_that_no_permit_names_is_refused_and_reaches_nobody) {
  for (const char* fields : {"Connection: Upgrade\r\nUpgrade: websocket\r\n",
                             "Connection: upgrade\r\nUpgrade: h2c\r\n"}) {
    World world;
    FakeClient& client = world.served();
    client.request("GET", "/status/a", {}, fields);
    world.settle();
    check_refused(client, 403, "upgrade_not_permitted");
    BOOST_TEST(world.ledger.count("dial") == 0U);
    client.request("GET", "/status/a");
    world.settle();
    BOOST_TEST(client.answers().back().status() == 200);
  }
}

BOOST_AUTO_TEST_CASE(permit_names_one_protocol_and_no_other_way_of_asking) {
  for (const char* fields :
       {"Connection: Upgrade\r\nUpgrade: h2c\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket/13\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n", "Connection: Upgrade\r\nUpgrade:\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n"}) {
    Plant plant;
    FakeClient& client = plant.world.served();
    client.request("GET", "/live", {}, fields);
    plant.world.settle();
    check_refused(client, 403, "upgrade_not_permitted");
    BOOST_TEST(plant.world.ledger.count("dial") == 0U);
  }
  Plant plant;
  FakeClient& client = plant.world.served();
  client.request("GET", "/live", "body", kWebSocket);
  plant.world.settle();
  check_refused(client, 413, "too_large");
}

// RFC 9110, section 7.8: what Connection does not name, or HTTP/1.0 says, asks for nothing.
BOOST_AUTO_TEST_CASE(upgrade_that_asks_for_nothing_is_dropped) {
  for (const char* request :
       {"GET /other HTTP/1.1\r\nHost: g\r\nUpgrade: websocket\r\n\r\n",
        "GET /other HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\n\r\n",
        "GET /other HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"}) {
    Plant plant;
    FakeClient& client = plant.world.served();
    client.send(request);
    plant.world.settle();
    BOOST_TEST(client.answers().at(0).status() == 200);
    BOOST_TEST(plant.world.historian.only().num_fields("Upgrade") == 0U);
    BOOST_TEST(plant.world.historian.only().num_fields("Connection") == 0U);
  }
}

BOOST_AUTO_TEST_CASE(bytes_pass_both_ways_once_the_service_has_agreed) {
  for (const std::size_t piece_max : {0U, 1U, 7U}) {
    Plant plant;
    plant.world.historian.on_dial = [&](Connection& c) { c.out.piece_max = piece_max; };
    FakeClient& client = plant.world.served();
    client.in.piece_max = piece_max;
    client.request("GET", "/live", {}, kWebSocket);
    client.send("early");  // Nobody may send before 101; it waits for it.
    plant.world.settle();
    const Message& seen = plant.world.historian.only();
    BOOST_TEST(seen.field("Upgrade") == "websocket");
    BOOST_TEST(seen.field("Connection") == "Upgrade");
    BOOST_TEST(seen.num_fields("Upgrade") == 1U);
    BOOST_TEST(seen.field("Sec-WebSocket-Key") == "AA==");
    const Message answer = client.answers().at(0);
    BOOST_TEST(answer.status() == 101);
    BOOST_TEST(answer.field("Upgrade") == "WebSocket");
    BOOST_TEST(answer.field("Connection") == "Upgrade");
    BOOST_TEST(answer.field("Sec-WebSocket-Accept") == "BB==");

    plant.service().send("HTTP/1.1 200 OK\r\n\r\nno answer, but bytes");
    client.send(" bird\r\n\r\nGET /forbidden HTTP/1.1\r\n\r\n");
    plant.world.settle();
    BOOST_TEST(plant.up() == "early bird\r\n\r\nGET /forbidden HTTP/1.1\r\n\r\n");
    BOOST_TEST(Plant::down(client) == "HTTP/1.1 200 OK\r\n\r\nno answer, but bytes");
    BOOST_TEST(plant.world.audit.entries.size() == 1U);
    BOOST_TEST(plant.world.audit.entries[0].detail == "may go on in websocket");

    plant.service().send("bye");
    plant.service().end();
    plant.world.settle();
    client.end();
    plant.world.settle();
    BOOST_TEST(Plant::down(client).ends_with("bye"));
    BOOST_TEST(client.finished);
    BOOST_TEST(client.closed);
    BOOST_TEST(plant.service().closed);
    plant.check_end(Reason::kNone,
                    "the service ended it; 41 bytes had gone to the service, 42 to the client");
  }
}

BOOST_AUTO_TEST_CASE(any_other_answer_is_an_ordinary_one_and_what_follows_is_judged) {
  Plant plant;
  plant.world.historian.on_request = [](const Message&, Connection& c) {
    c.send(answer_text(426, "no", "Upgrade: other\r\nConnection: Upgrade\r\n"));
  };
  FakeClient& client = plant.world.served();
  client.request("GET", "/live", {}, kWebSocket);
  client.request("DELETE", "/other");
  client.request("POST", "/other", "x");
  plant.world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 3U);
  BOOST_TEST(answers[0].status() == 426);
  BOOST_TEST(answers[0].num_fields("Upgrade") == 0U);
  BOOST_TEST(answers[1].status() == 403);
  BOOST_TEST(answers[2].status() == 426);
  BOOST_TEST(plant.world.historian.num_requests() == 2U);
  BOOST_TEST(plant.world.audit.count(AuditEvent::kTunnelEnd, Reason::kNone) == 0U);
}

BOOST_AUTO_TEST_CASE(service_that_agrees_to_something_else_is_502) {
  for (const char* head :
       {"HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n",
        "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 101 OK\r\n\r\n",
        "HTTP/1.0 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: "
        "3\r\n\r\n"}) {
    Plant plant;
    plant.world.historian.on_request = [&](const Message&, Connection& c) { c.send(head); };
    FakeClient& client = plant.asked();
    check_refused(client, 502, "service_unavailable");
    BOOST_TEST(plant.world.historian.num_open() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(side_that_does_not_read_stops_the_other) {
  Plant plant;
  FakeClient& client = plant.asked();
  const std::string bytes = plant.world.chance.letters(1'000'000);
  client.room = 0;
  plant.service().room = 0;
  plant.service().send(bytes);
  client.send(bytes);
  plant.world.settle();
  BOOST_TEST(bytes.size() - plant.service().out.left() <= 300'000U);
  BOOST_TEST(bytes.size() - client.in.left() <= 100'000U);
  BOOST_TEST(!client.wants_read);
  BOOST_TEST(!plant.service().wants_read);
  plant.service().room = client.room = kRoomUnlimited;
  plant.world.settle();
  BOOST_TEST((plant.up() == bytes));
  BOOST_TEST((Plant::down(client) == bytes));
}

BOOST_AUTO_TEST_CASE(client_that_finishes_still_gets_what_the_service_sends) {
  Plant plant;
  FakeClient& client = plant.asked();
  client.send("last words");
  client.end();
  plant.world.settle();
  BOOST_TEST(plant.up() == "last words");
  BOOST_TEST(plant.service().finished);
  BOOST_TEST(!client.finished);
  plant.service().send("an answer");
  plant.world.settle();
  BOOST_TEST(Plant::down(client) == "an answer");
  plant.service().end();
  plant.world.settle();
  BOOST_TEST(client.finished);
  BOOST_TEST(client.closed);
}

BOOST_AUTO_TEST_CASE(tunnel_ends_when_nothing_moves_and_not_before) {
  Plant plant;
  FakeClient& client = plant.asked();
  for (int i = 0; i < 3; ++i) {
    plant.world.pass_short_of(limits::kIdleTimeout);
    i == 1 ? plant.service().send("x") : client.send("x");
    plant.world.settle();
    BOOST_TEST(!client.finished);
  }
  plant.world.pass(limits::kIdleTimeout);
  BOOST_TEST(client.finished);
  BOOST_TEST(plant.service().closed);
  plant.check_end(Reason::kNone, "nothing had moved");
}

BOOST_AUTO_TEST_CASE(broken_service_cuts_the_client) {
  Plant plant;
  FakeClient& client = plant.asked();
  plant.service().broken = true;
  plant.world.settle();
  BOOST_TEST(client.closed);
  BOOST_TEST(!client.finished);
  plant.check_end(Reason::kNone, "broke");
}

// It did answer: a reset is how many services end what is no HTTP.
BOOST_AUTO_TEST_CASE(tunnel_that_breaks_is_not_held_against_its_endpoint) {
  Plant plant;
  Intent intent = viewers(R"(method: "GET" path: "/live" upgrade: "websocket")", "1s");
  intent.historian += R"( endpoint: "10.20.0.7:8080")";
  plant.put_in_force(intent);
  plant.world.second.on_request = plant.world.historian.on_request;
  for (std::size_t i = 0; i < 2 * limits::kEndpointFailuresMax; ++i) {
    BOOST_TEST(plant.asked().answers().at(0).status() == 101);
    for (FakeService* service : {&plant.world.historian, &plant.world.second}) {
      for (Connection& each : service->connections) each.broken = true;
    }
    plant.world.pass(Millis{1'000});
  }
  const policy::Service& service = *plant.world.snapshots.current()->services.front();
  for (const auto& endpoint : plant.world.services.find(service)->endpoints)
    BOOST_TEST((endpoint->health() == session::EndpointState::Health::kUp));
}

BOOST_AUTO_TEST_CASE(client_that_is_gone_leaves_nothing_behind) {
  Plant plant;
  FakeClient& client = plant.asked();
  client.vanish();
  plant.world.settle();
  BOOST_TEST(client.closed);
  BOOST_TEST(plant.service().closed);
  BOOST_TEST(!plant.service().finished);
  plant.check_end(Reason::kNone, "the client's connection broke");
}

BOOST_AUTO_TEST_CASE(reload_that_changes_nothing_for_it_leaves_a_tunnel_alone) {
  Plant plant;
  FakeClient& client = plant.asked();
  for (const char* more : {"", R"(connect_timeout: "3s")", ""}) {
    Intent intent = viewers();
    intent.historian += more;
    plant.put_in_force(intent);  // The configuration it began under is gone.
    client.send("x");
    plant.service().send("y");
    plant.world.settle();
  }
  BOOST_TEST(plant.world.table.cut(session::IndexKind::kDevice, "press-07", Reason::quarantined,
                                   "by a test") == 1U);
  BOOST_TEST(plant.up() == "xxx");
  BOOST_TEST(Plant::down(client) == "yyy");
  BOOST_TEST(plant.world.audit.count(AuditEvent::kOperation, Reason::kNone) == 1U);
}

BOOST_AUTO_TEST_CASE(tunnel_is_cut_at_once_when_it_is_permitted_no_longer) {
  Intent revoked = viewers();
  revoked.revoked = {"press-07"};
  Intent moved = viewers();
  moved.historian = R"(endpoint: "10.20.0.7:8080")";
  Intent renamed = viewers();
  renamed.devices = {{"press-08", "viewer", "press-07"}};
  const std::vector<std::tuple<Intent, Reason, std::string>> changes = {
      {renamed, Reason::no_permit, "its device is another"},
      {viewers(R"(method: "GET" path: "/live")"), Reason::upgrade_not_permitted, "HTTP alone"},
      {viewers(R"(method: "GET" path: "/elsewhere" upgrade: "websocket")"), Reason::no_permit, ""},
      {revoked, Reason::certificate_revoked, ""},
      {moved, Reason::no_permit, "its service or its device"}};
  for (const auto& [intent, reason, words] : changes) {
    Plant plant;
    FakeClient& client = plant.asked();
    client.send("before");
    plant.world.settle();
    plant.put_in_force(intent);
    BOOST_TEST((client.alert == reason));
    client.send("after");
    plant.world.settle();
    BOOST_TEST(plant.up() == "before");
    BOOST_TEST(plant.service().closed);
    plant.check_end(reason, words);
  }
}

// Before the sessions are told, the next byte finds it out.
BOOST_AUTO_TEST_CASE(no_byte_passes_after_a_change_or_after_the_certificate_has_ended) {
  for (const bool expired : {true, false}) {
    Plant plant;
    FakeClient& client = plant.asked(expired ? "press-09" : "press-07");
    if (expired) {
      plant.world.clock.pass(test::kHour);
      plant.world.clock.pass(Millis{1000});
    } else {
      plant.world.publish(plant_snapshot(viewers(R"(method: "GET" path: "/live")")));
    }
    client.send("after");
    plant.world.settle();
    BOOST_TEST(plant.up().empty());
    BOOST_TEST(
        (client.alert == (expired ? Reason::certificate_expired : Reason::upgrade_not_permitted)));
  }
}

BOOST_AUTO_TEST_CASE(device_that_is_cut_loses_its_tunnel) {
  Plant plant;
  FakeClient& client = plant.asked();
  BOOST_TEST(plant.world.table.cut(session::IndexKind::kDevice, "press-07", Reason::quarantined,
                                   "by a test") == 1U);
  plant.world.settle();
  BOOST_TEST(client.closed);
  BOOST_TEST(plant.service().closed);
  plant.check_end(Reason::kNone, "connection ended");
}

BOOST_AUTO_TEST_CASE(a_silent_tunnel_holds_no_memory) {
  Plant plant;
  FakeClient& client = plant.asked();
  client.room = 0;
  plant.service().send(std::string(100'000, 'x'));
  plant.world.settle();
  plant.world.pass(limits::kRestAfter);
  BOOST_TEST(plant.world.capacity.held() > 0U);
  client.room = kRoomUnlimited;
  plant.world.settle();
  BOOST_TEST(Plant::down(client).size() == 100'000U);
  plant.world.pass(limits::kRestAfter);
  plant.world.pass(limits::kRestAfter);
  BOOST_TEST(plant.world.capacity.held() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
