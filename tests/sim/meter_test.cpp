// Goal: what is counted is what happened: once, under the right name, and nothing else.
// Method: sessions that end in every way; the meter beside the audit trail.
#include <boost/test/unit_test.hpp>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

std::uint64_t by_reason(const session::CounterByReason& counters, Reason reason) {
  return counters[static_cast<std::size_t>(reason)].value();
}

std::uint64_t total(const session::CounterByReason& counters) {
  std::uint64_t sum = 0;
  for (const session::Counter& each : counters) sum += each.value();
  return sum;
}

std::uint64_t total(const session::Histogram& durations) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= session::Histogram::kBounds.size(); ++i) sum += durations.count(i);
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_meter)

BOOST_AUTO_TEST_CASE(each_connection_is_accepted_once_and_closed_once) {
  World world(1, plant_snapshot({.limits = "connections: 2 connections_per_address: 2"}));
  const session::Meter& meter = world.context.meter;
  const auto check = [&](std::uint64_t accepted, std::uint64_t closed) {
    meter.listeners.read("telemetry", [&](const session::ListenerMeter& counted) {
      BOOST_TEST(counted.accepted.value() == accepted);
      BOOST_TEST(counted.closed.value() == closed);
    });
  };
  FakeClient& first = world.served();
  world.served("press-08");
  check(2, 0);
  BOOST_TEST((world.table.open("192.0.2.9:1", "telemetry") == nullptr));
  check(3, 1);
  first.end();
  world.settle();
  check(3, 2);
}

BOOST_AUTO_TEST_CASE(a_listener_that_comes_back_has_no_connections_of_the_one_that_was) {
  World world;
  const session::Meter& meter = world.context.meter;
  FakeClient& client = world.served();
  world.context.meter.listeners.retain([](const std::string&) { return false; });
  client.end();
  world.settle();
  BOOST_TEST(world.table.size() == 0U);
  world.served();
  std::uint64_t accepted = 0, closed = 0;
  meter.listeners.read("telemetry", [&](const session::ListenerMeter& counted) {
    accepted = counted.accepted.value();
    closed = counted.closed.value();
  });
  BOOST_TEST(accepted == 1U);
  BOOST_TEST(closed == 0U);
}

BOOST_AUTO_TEST_CASE(each_handshake_has_one_result) {
  World world;
  const session::Meter& meter = world.context.meter;
  world.served("press-07");
  world.connect("press-08").resumes = true;
  world.settle();
  BOOST_TEST(meter.handshakes_full.value() == 1U);
  BOOST_TEST(meter.handshakes_resumed.value() == 1U);
  BOOST_TEST(total(meter.handshakes_refused) == 0U);
  world.connect("revoked-01");
  world.connect("press-09", {port::Handshake::kFailed});
  world.settle();
  BOOST_TEST(by_reason(meter.handshakes_refused, Reason::certificate_revoked) == 1U);
  BOOST_TEST(by_reason(meter.handshakes_refused, Reason::tls_failed) == 1U);
  BOOST_TEST(total(meter.handshakes_refused) == 2U);
  BOOST_TEST(total(meter.handshake) ==
             2U);  // Those that failed tell nothing about how long it takes.
  BOOST_TEST(total(meter.cut) == 0U);
}

BOOST_AUTO_TEST_CASE(who_loses_admission_later_is_no_failed_handshake) {
  World world;
  world.served("press-07");
  world.publish(plant_snapshot({.revoked = {"press-07"}}));
  world.tell();
  world.settle();
  BOOST_TEST(by_reason(world.context.meter.cut, Reason::certificate_revoked) == 1U);
  BOOST_TEST(total(world.context.meter.handshakes_refused) == 0U);
}

BOOST_AUTO_TEST_CASE(decisions_are_counted_by_reason) {
  World world;
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  client.request("GET", "/status/b");
  client.request("DELETE", "/status/a");
  client.request("GET", "/elsewhere");
  world.settle();
  const session::Meter& meter = world.context.meter;
  BOOST_TEST(by_reason(meter.decisions, Reason::kNone) == 2U);
  BOOST_TEST(by_reason(meter.decisions, Reason::method_not_permitted) == 1U);
  BOOST_TEST(by_reason(meter.decisions, Reason::no_permit) == 1U);
  world.audit.full = true;
  client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(by_reason(meter.decisions, Reason::audit_unavailable) == 1U);
  BOOST_TEST(total(meter.decisions) == 5U);
}

BOOST_AUTO_TEST_CASE(services_are_counted_by_name) {
  World world;
  const session::Meter& meter = world.context.meter;
  const auto check = [&](const char* name, std::uint64_t requests, std::uint64_t failures,
                         std::uint64_t retries) {
    bool known = false;
    meter.services.read(name, [&](const session::ServiceMeter& counted) {
      known = true;
      BOOST_TEST(counted.requests.value() == requests);
      BOOST_TEST(counted.failures.value() == failures);
      BOOST_TEST(counted.retries.value() == retries);
    });
    BOOST_TEST(known);
  };
  FakeClient& client = world.served();
  client.request("GET", "/orders/1");
  client.request("GET", "/status/a");
  world.settle();
  check("historian", 1, 0, 0);
  check("mes", 1, 0, 0);
  world.historian.on_request = [](const Message&, Connection& c) { c.send("nonsense\r\n\r\n"); };
  client.request("GET", "/status/a");
  world.settle();
  check("historian", 2, 1, 0);
  check("mes", 1, 0, 0);
  // It closes the connection in place of an answer, once.
  world.mes.on_request = [&](const Message&, Connection& c) {
    world.mes.on_request = FakeService::echo;
    c.end();
  };
  client.request("GET", "/orders/2");
  world.settle();
  check("mes", 2, 0, 1);
}

BOOST_AUTO_TEST_CASE(bytes_are_counted_on_each_side) {
  World world;
  FakeClient& client = world.served();
  client.request("POST", "/v1/devices/press-07/readings", "21.5");
  const std::uint64_t sent =
      text_request("POST", "/v1/devices/press-07/readings", "21.5", {}).size();
  world.settle();
  const session::Meter& meter = world.context.meter;
  BOOST_TEST(meter.client_received_bytes.value() == sent);
  BOOST_TEST(meter.client_sent_bytes.value() == client.received.size());
  BOOST_TEST(meter.service_sent_bytes.value() > sent);  // Who the client is was added.
  BOOST_TEST(meter.service_received_bytes.value() > 4U);
}

BOOST_AUTO_TEST_CASE(durations_run_from_the_head_to_the_answer) {
  World world;
  world.historian.on_request = [](const Message&, Connection&) {};
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  world.settle();
  const session::Meter& meter = world.context.meter;
  BOOST_TEST(total(meter.first_byte) == 0U);
  world.clock.pass({2'000});
  world.historian.connections.back().send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
  world.settle();
  BOOST_TEST(total(meter.first_byte) == 1U);
  BOOST_TEST(meter.first_byte.sum_micros() == 2'000'000U);
  BOOST_TEST(total(meter.request) == 0U);
  world.clock.pass({1'000});
  world.historian.connections.back().send("k");
  world.settle();
  BOOST_TEST(total(meter.request) == 1U);
  BOOST_TEST(meter.request.sum_micros() == 3'000'000U);
  BOOST_TEST(meter.request.count(12) == 1U);  // Above 2.5 s, up to 5 s.
}

BOOST_AUTO_TEST_CASE(names_that_are_gone_are_forgotten) {
  World world;
  FakeClient& client = world.served();
  client.request("GET", "/orders/1");
  world.settle();
  session::Meter& meter = world.context.meter;
  world.publish(plant_snapshot({.listener = "other"}));
  meter.retain(*world.snapshots.current());
  bool seen = false;
  meter.listeners.read("telemetry", [&](const auto&) { seen = true; });
  BOOST_TEST(!seen);
  meter.services.read("mes", [&](const auto&) { seen = true; });
  BOOST_TEST(seen);
}

BOOST_AUTO_TEST_SUITE_END()
