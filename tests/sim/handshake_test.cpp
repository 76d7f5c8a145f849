// Goal: nobody gets past the handshake but a client whose certificate is good and known.
// Method: scripted handshakes with real certificates against a real configuration.
#include <boost/test/unit_test.hpp>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;
using port::Handshake;

namespace {

// Refused with exactly one record and the verdict that belongs to it, before any plaintext.
void check_refused(const std::string& name, Reason reason) {
  World world;
  FakeClient& client = world.connect(name);
  client.request("GET", "/status/a");
  world.settle();
  client.end();
  world.settle();
  BOOST_TEST_REQUIRE(world.audit.entries.size() == 1U);
  const Entry& entry = world.audit.entries[0];
  BOOST_TEST((entry.event == AuditEvent::kHandshake));
  BOOST_TEST(to_string(entry.reason) == to_string(reason));
  BOOST_TEST(entry.denial_id.size() == 32U);
  BOOST_TEST(!entry.detail.empty());
  BOOST_TEST((client.alert == reason));
  BOOST_TEST(client.num_reads == 0U);
  BOOST_TEST(client.received.empty());
  BOOST_TEST(client.closed);
  BOOST_TEST(world.table.size() == 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_handshake)

BOOST_AUTO_TEST_CASE(known_device_is_served) {
  World world;
  FakeClient& client = world.served("press-07");
  client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST_REQUIRE(client.answers().size() == 1U);
  BOOST_TEST(client.answers()[0].status() == 200);
  BOOST_TEST(world.historian.only().field("Interlock-Device") == "press-07");
}

BOOST_AUTO_TEST_CASE(stranger_never_reaches_the_decoder) {
  check_refused("stranger", Reason::untrusted_chain);
}
BOOST_AUTO_TEST_CASE(unknown_device_never_reaches_the_decoder) {
  check_refused("nobody", Reason::unknown_device);
}
BOOST_AUTO_TEST_CASE(expired_certificate_never_reaches_the_decoder) {
  check_refused("expired-01", Reason::certificate_expired);
}
BOOST_AUTO_TEST_CASE(revoked_certificate_never_reaches_the_decoder) {
  check_refused("revoked-01", Reason::certificate_revoked);
}

BOOST_AUTO_TEST_CASE(handshake_without_certificate_is_on_record_and_drained) {
  World world;
  FakeClient& client = world.connect("press-07", {Handshake::kWaitRead, Handshake::kFailed});
  client.failure = Reason::no_client_certificate;
  world.settle();
  BOOST_TEST(!client.closed);  // The alert must be read before the connection goes.
  client.end();
  world.settle();
  BOOST_TEST(client.closed);
  BOOST_TEST(world.audit.count(AuditEvent::kHandshake, Reason::no_client_certificate) == 1U);
  BOOST_TEST(world.audit.entries.size() == 1U);
}

BOOST_AUTO_TEST_CASE(handshake_that_stalls_ends_in_time_and_on_record) {
  World world;
  FakeClient& client = world.connect();
  client.stalled = true;
  world.pass_short_of(limits::kHandshakeTimeout);
  BOOST_TEST(!client.closed);
  world.pass(Millis{500});
  BOOST_TEST(client.closed);
  BOOST_TEST(world.audit.count(AuditEvent::kHandshake, Reason::tls_failed) == 1U);
  BOOST_TEST(world.table.size() == 0U);
}

BOOST_AUTO_TEST_CASE(handshake_that_waits_for_room_goes_on_when_there_is_some) {
  World world;
  FakeClient& client = world.connect(
      "press-07", {Handshake::kWaitWrite, Handshake::kWaitVerdict, Handshake::kWaitWrite});
  client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(client.answers().size() == 1U);
}

BOOST_AUTO_TEST_CASE(refused_client_that_keeps_sending_is_drained_for_a_bounded_time) {
  World world;
  FakeClient& client = world.connect("stranger");
  world.settle();
  BOOST_TEST(!client.closed);
  world.pass(limits::kDrainTimeout);
  BOOST_TEST(client.closed);
}

BOOST_AUTO_TEST_CASE(refused_client_that_keeps_sending_is_drained_for_a_bounded_length) {
  World world;
  FakeClient& client = world.connect("stranger");
  client.send(std::string(2 * limits::kDrainBytesMax, 'x'));
  world.settle();
  BOOST_TEST(client.closed);
  BOOST_TEST(client.num_discarded > limits::kDrainBytesMax);
  BOOST_TEST(client.num_discarded <= limits::kDrainBytesMax + 4096);
}

BOOST_AUTO_TEST_CASE(connection_over_the_limit_is_refused_and_on_record) {
  World world(1, plant_snapshot({.limits = "connections: 2 connections_per_address: 2"}));
  FakeClient& first = world.served();
  world.served();
  BOOST_TEST(world.connect().closed);
  BOOST_TEST(world.audit.count(AuditEvent::kHandshake, Reason::overloaded) == 1U);
  BOOST_TEST(world.table.size() == 2U);
  first.end();
  world.settle();
  BOOST_TEST(!world.served().closed);  // A place that is free again is given again.
  BOOST_TEST(world.table.size() == 2U);
}

// Anybody can show a certificate; only its owner can prove it. What the others do is not the
// device's.
BOOST_AUTO_TEST_CASE(device_is_not_named_for_a_client_that_never_proved_its_key) {
  World world;
  FakeClient& client = world.connect("press-07", {Handshake::kWaitVerdict, Handshake::kFailed});
  world.settle();
  client.end();
  world.settle();
  BOOST_TEST_REQUIRE(world.audit.entries.size() == 1U);
  BOOST_TEST((world.audit.entries[0].reason == Reason::tls_failed));
  BOOST_TEST(world.audit.entries[0].device.empty());
  BOOST_TEST(world.table.cut(session::IndexKind::kDevice, "press-07", Reason::quarantined, "") ==
             0U);
}

// Certificates are public: whoever sends them by the thousand learns nothing to the gateway and
// makes it forget nothing.
BOOST_AUTO_TEST_CASE(chain_is_remembered_for_its_owner_alone) {
  World world;
  const auto thief = [&](const char* name) {
    world.connect(name, {Handshake::kWaitVerdict, Handshake::kFailed});
    world.settle();
  };
  for (const char* name : {"press-07", "press-08", "nobody", "stranger"}) thief(name);
  for (const char* name : {"nobody", "stranger", "revoked-01"}) world.served(name);
  BOOST_TEST(world.context.chains.size() == 0U);
  world.served("press-07");
  world.served("press-07");
  BOOST_TEST(world.context.chains.size() == 1U);
  thief("press-08");
  thief("press-07");
  BOOST_TEST(world.context.chains.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
