// Goal: of several endpoints those that work are used, a request is lost only where none works or
// where sending it again could do it twice, and whoever waits for a connection waits for a bounded
// time.
// Method: services with up to three endpoints that refuse, stall and come back.
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

constexpr std::string_view kThree =
    R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080" endpoint: "10.20.0.8:8080")";

struct Fixture : World {
  // with gives the historian these settings.
  void with(const std::string& settings) {
    publish(plant_snapshot({.historian = settings}));
    tell();
  }
  Message ask(FakeClient& client, const std::string& method = "GET") {
    if (method == "GET") client.request("GET", "/status/a");
    if (method == "POST") client.request("POST", "/small", "abc");
    settle();
    const std::vector<Message> answers = client.answers();
    return answers.empty() ? Message{} : answers.back();
  }
  static void refuse(Connection& c) { c.state = Connection::State::kRefused; }
  static void stall(Connection& c) { c.state = Connection::State::kConnecting; }
  static void break_off(const Message&, Connection& c) { c.broken = true; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sim_endpoints, Fixture)

BOOST_AUTO_TEST_CASE(requests_are_spread_over_all) {
  with(std::string(kThree));
  for (int i = 0; i < 6; ++i) BOOST_TEST(ask(served()).status() == 200);
  for (const FakeService* each : {&historian, &second, &third})
    BOOST_TEST(each->num_requests() == 2U);
  // The service is told one name, whichever endpoint it is.
  BOOST_TEST(third.connections[0].requests[0].field("Host") == "10.20.0.5:8080");
}

BOOST_AUTO_TEST_CASE(the_least_busy_is_chosen) {
  with(std::string(kThree));
  historian.on_request = second.on_request = [](const Message&, Connection&) {};  // Never answer.
  FakeClient* waiting[] = {&served("press-07"), &served("press-08"), &served("press-09")};
  for (FakeClient* each : waiting) each->request("GET", "/status/a");
  settle();
  for (int i = 0; i < 4; ++i) BOOST_TEST(ask(served()).status() == 200);
  BOOST_TEST(historian.num_requests() + second.num_requests() == 2U);
  BOOST_TEST(third.num_requests() == 5U);
}

BOOST_AUTO_TEST_CASE(a_request_that_has_not_begun_goes_to_another_whatever_it_is) {
  with(std::string(kThree));
  historian.on_dial = second.on_dial = refuse;
  for (const char* method : {"GET", "POST"}) {
    BOOST_TEST(ask(served(), method).status() == 200);
    BOOST_TEST(ask(served(), method).status() == 200);
  }
  BOOST_TEST(third.num_requests() == 4U);
  BOOST_TEST(audit.count(AuditEvent::kService, Reason::service_unavailable) == 0U);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_does_not_accept_in_time_is_passed_over) {
  with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080" connect_timeout: "2s")");
  historian.on_dial = stall;
  FakeClient& client = served();
  client.request("POST", "/small", "abc");
  settle();
  BOOST_TEST(client.received.empty());
  pass(Millis{2'500});
  BOOST_TEST(client.answers().back().status() == 200);
  BOOST_TEST(second.num_requests() == 1U);
}

// A body that comes slowly gives neither an endpoint nor the line any more time.
BOOST_AUTO_TEST_CASE(a_body_that_keeps_coming_does_not_prolong_the_wait_for_a_connection) {
  constexpr std::string_view kHead =
      "POST /v1/devices/press-07/readings HTTP/1.1\r\nHost: gateway\r\nContent-Length: "
      "60000\r\n\r\n";
  const auto stream_to = [&](FakeClient& client, Millis time) {
    client.send(kHead);
    settle();
    for (std::int64_t passed = 0; passed < time.ms; passed += 500) {
      client.send(std::string(500, 'x'));
      pass(Millis{500});
    }
  };
  with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080")");
  historian.on_dial = stall;
  stream_to(served("press-07"), limits::kDialTimeout);
  BOOST_TEST(historian.connections.size() == 1U);
  BOOST_TEST(second.connections.size() == 1U);

  with(R"(endpoint: "10.20.0.8:8080" max_connections: 1 queue_wait: "2s")");
  third.on_request = [](const Message&, Connection&) {};
  served("press-08").request("GET", "/status/a");
  settle();
  FakeClient& waiting = served("press-07");
  stream_to(waiting, Millis{2'500});
  BOOST_TEST_REQUIRE(waiting.answers().size() == 1U);
  BOOST_TEST(waiting.answers()[0].member("reason") == "service_busy");
}

BOOST_AUTO_TEST_CASE(only_what_changes_nothing_is_sent_twice) {
  with(std::string(kThree));
  historian.on_request = break_off;
  second.on_request = break_off;
  BOOST_TEST(ask(served(), "GET").status() == 502);  // Twice in all, not three times.
  BOOST_TEST(historian.num_requests() + second.num_requests() + third.num_requests() == 2U);
  third.on_request = break_off;
  const std::size_t before =
      historian.num_requests() + second.num_requests() + third.num_requests();
  BOOST_TEST(ask(served(), "POST").status() == 502);
  BOOST_TEST(historian.num_requests() + second.num_requests() + third.num_requests() ==
             before + 1U);
}

BOOST_AUTO_TEST_CASE(a_request_is_tried_a_bounded_number_of_times) {
  with(std::string(kThree) + R"(endpoint: "10.20.0.9:8080" endpoint: "10.20.0.10:8080")");
  // What is dialed and refused later is a try; what cannot be dialed at all costs nothing.
  for (FakeService* each : {&historian, &second, &third}) each->on_dial = refuse;
  BOOST_TEST(ask(served()).status() == 502);
  BOOST_TEST(historian.connections.size() + second.connections.size() + third.connections.size() ==
             std::size_t{limits::kServiceTriesMax});
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_keeps_failing_rests_and_comes_back_by_one_trial) {
  with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080")");
  historian.on_dial = refuse;
  for (int i = 0; i < 12; ++i) BOOST_TEST(ask(served()).status() == 200);
  BOOST_TEST(historian.connections.size() == limits::kEndpointFailuresMax);
  pass(limits::kEndpointRestMin);
  for (int i = 0; i < 6; ++i) BOOST_TEST(ask(served()).status() == 200);
  BOOST_TEST(historian.connections.size() == limits::kEndpointFailuresMax + 1U);
  historian.on_dial = [](Connection&) {};
  pass(Millis{2 * limits::kEndpointRestMin.ms});
  for (int i = 0; i < 6; ++i) BOOST_TEST(ask(served()).status() == 200);
  BOOST_TEST(historian.num_requests() >= 2U);
}

BOOST_AUTO_TEST_CASE(the_rest_is_bounded) {
  with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080")");
  historian.on_dial = refuse;
  for (int i = 0; i < 40; ++i) {
    ask(served());
    pass(limits::kEndpointRestMax);
  }
  const std::size_t tried = historian.connections.size();
  ask(served());
  ask(served());
  BOOST_TEST(historian.connections.size() == tried + 1U);
}

BOOST_AUTO_TEST_CASE(the_only_endpoint_never_rests) {
  historian.on_dial = refuse;
  for (int i = 0; i < 10; ++i) BOOST_TEST(ask(served()).status() == 502);
  BOOST_TEST(historian.connections.size() == 10U);
}

BOOST_AUTO_TEST_CASE(garbage_counts_against_an_endpoint_and_never_reaches_a_client) {
  with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080")");
  historian.on_request = [](const Message&, Connection& c) { c.send("SSH-2.0-OpenSSH_9.2\r\n"); };
  int failed = 0;
  for (int i = 0; i < 20; ++i) failed += ask(served()).status() == 502 ? 1 : 0;
  BOOST_TEST(failed <= static_cast<int>(limits::kEndpointFailuresMax));
  BOOST_TEST(historian.num_requests() <= std::size_t{limits::kEndpointFailuresMax});
}

BOOST_AUTO_TEST_CASE(a_stalled_service_does_not_hold_up_another) {
  historian.on_request = [](const Message&, Connection&) {};
  FakeClient& stuck = served("press-07");
  stuck.request("GET", "/status/a");
  settle();
  FakeClient& other = served("press-08");
  other.request("GET", "/orders/1");
  settle();
  BOOST_TEST(other.answers().back().status() == 200);
  pass(limits::kServiceTimeout);
  BOOST_TEST(stuck.answers().back().status() == 504);
  BOOST_TEST(context.meter.limits[static_cast<std::size_t>(session::Limit::kServiceTime)].value() ==
             1U);
}

BOOST_AUTO_TEST_CASE(a_service_says_how_long_it_may_be_silent) {
  with(R"(endpoint: "10.20.0.5:8080" response_timeout: "3s")");
  historian.on_request = [](const Message&, Connection&) {};
  FakeClient& client = served();
  client.request("GET", "/status/a");
  pass_short_of(Millis{3'000});
  BOOST_TEST(client.received.empty());
  pass(Millis{1'000});
  BOOST_TEST(client.answers().back().status() == 504);
}

BOOST_AUTO_TEST_CASE(no_more_connections_than_a_service_may_have_and_first_come_first_served) {
  with(R"(endpoint: "10.20.0.5:8080" max_connections: 2 queue_wait: "5s")");
  std::vector<std::pair<Message, Connection*>> asked;
  historian.on_request = [&](const Message& m, Connection& c) { asked.emplace_back(m, &c); };
  std::vector<FakeClient*> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back(&served());
    all.back()->request("GET", "/status/a", {}, fmt::format("X-Tag: {}\r\n", i));
    settle();
  }
  BOOST_TEST(historian.connections.size() == 2U);
  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_TEST_REQUIRE(asked.size() > i);
    BOOST_TEST(asked[i].first.field("X-Tag") == fmt::format("{}", i));
    FakeService::echo(asked[i].first, *asked[i].second);
    settle();
    BOOST_TEST(all[i]->answers().back().field("X-Tag") == fmt::format("{}", i));
  }
  BOOST_TEST(historian.connections.size() == 2U);
}

BOOST_AUTO_TEST_CASE(who_waits_too_long_for_a_connection_is_told_so) {
  with(R"(endpoint: "10.20.0.5:8080" max_connections: 1 queue_wait: "2s")");
  historian.on_request = [](const Message&, Connection&) {};
  served("press-07").request("GET", "/status/a");
  settle();
  FakeClient& client = served("press-08");
  client.request("POST", "/small", "abc");
  pass_short_of(Millis{2'000});
  BOOST_TEST(client.received.empty());
  pass(Millis{1'000});
  const Message answer = client.answers().back();
  BOOST_TEST(answer.status() == 503);
  BOOST_TEST(answer.member("reason") == "service_busy");
  BOOST_TEST(answer.field("Retry-After") == "1");
  BOOST_TEST(audit.count(AuditEvent::kService, Reason::service_busy) == 1U);
}

BOOST_AUTO_TEST_CASE(the_line_is_bounded) {
  const auto snapshot = plant_snapshot(
      {.historian = R"(endpoint: "10.20.0.5:8080" max_connections: 1 queue_wait: "60s")",
       .limits = "connections_per_address: 2000 connections_per_device: 2000"});
  publish(snapshot);
  capacity.configure(snapshot->limits);
  tell();
  historian.on_request = [](const Message&, Connection&) {};
  for (std::size_t i = 0; i <= limits::kServiceQueueMax; ++i) {
    served().request("GET", "/status/a");
    settle();
  }
  const Message answer = ask(served());
  BOOST_TEST(answer.status() == 503);
  BOOST_TEST(answer.member("reason") == "service_busy");
  BOOST_TEST(
      context.meter.limits[static_cast<std::size_t>(session::Limit::kServiceQueue)].value() == 1U);
}

BOOST_AUTO_TEST_CASE(who_leaves_the_line_gives_the_next_a_turn) {
  with(R"(endpoint: "10.20.0.5:8080" max_connections: 1 queue_wait: "5s")");
  historian.on_request = [](const Message&, Connection&) {};
  FakeClient& first = served("press-07");
  first.request("GET", "/status/a");
  settle();
  FakeClient& gone = served("press-08");
  gone.request("GET", "/status/a");
  FakeClient& next = served("press-07");
  next.request("GET", "/status/b");
  settle();
  gone.vanish();
  table.cut(session::IndexKind::kDevice, "press-08", Reason::device_retired, "gone");
  historian.on_request = FakeService::echo;
  first.vanish();
  historian.connections[0].broken = true;
  settle();
  pass(Millis{500});
  BOOST_TEST(next.answers().back().status() == 200);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_is_gone_finishes_its_exchange_and_keeps_no_connection) {
  with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080")");
  for (const char* device : {"press-07", "press-08"}) ask(served(device));  // One idle to each.
  Connection* held = nullptr;
  Message asked;
  historian.on_request = second.on_request = [&](const Message& m, Connection& c) {
    asked = m;
    held = &c;
  };
  FakeClient& client = served();
  client.request("GET", "/status/a");
  settle();
  with(R"(endpoint: "10.20.0.8:8080")");
  BOOST_TEST(historian.num_open() + second.num_open() == 1U);
  FakeService::echo(asked, *held);
  settle();
  BOOST_TEST(client.answers().back().status() == 200);
  BOOST_TEST(historian.num_open() + second.num_open() == 0U);
  BOOST_TEST(ask(client).status() == 200);
  BOOST_TEST(third.num_requests() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
