// Goal: what changes reaches open connections: the next operation, idle sessions at once, and
// nobody else. Method: snapshots published, and wall time passed, under established sessions.
#include <boost/test/unit_test.hpp>

#include "pki/trust.h"
#include "sim/plant_changes.h"
#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;
using session::IndexKind;

namespace {

struct Chain {
  std::vector<Bytes> bytes;
  explicit Chain(const FakeClient& client) : bytes(client.chain.begin(), client.chain.end()) {}
};

// A loser that is idle is cut at once with the alert of its reason; another device stays.
void check_cut(const Intent& intent, Reason reason) {
  World world;
  FakeClient& loser = world.served("press-07");
  FakeClient& other = world.served("press-08");
  world.publish(plant_snapshot(intent));
  world.tell();
  world.settle();
  BOOST_TEST((loser.alert == reason));
  BOOST_TEST(world.audit.count(AuditEvent::kHandshake, reason) == 1U);
  BOOST_TEST(world.audit.entries.size() == 1U);
  world.pass(limits::kDrainTimeout);
  BOOST_TEST(loser.closed);
  other.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(other.answers().size() == 1U);
  BOOST_TEST(other.answers()[0].status() == 200);
}

// Requests are served up to the last moment of `time`, and refused after it.
void check_expiry(const std::string& name, Millis time, Reason reason) {
  World world;
  FakeClient& client = world.served(name);
  for (int i = 0; i < 4; ++i) {
    world.clock.pass(Millis{time.ms / 4});
    client.request("GET", "/status/a");
    world.settle();
    BOOST_TEST_REQUIRE(client.answers().back().status() == 200);
  }
  world.clock.pass(Millis{1});
  client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(client.answers().back().status() == 403);
  BOOST_TEST(client.answers().back().member("reason") == to_string(reason));
  BOOST_TEST(client.finished);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_change)

BOOST_AUTO_TEST_CASE(device_that_is_gone_is_cut_while_idle) {
  check_cut(without("press-07"), Reason::unknown_device);
}
BOOST_AUTO_TEST_CASE(revoked_certificate_is_cut_while_idle) {
  check_cut(revoking("press-07"), Reason::certificate_revoked);
}
BOOST_AUTO_TEST_CASE(session_of_a_listener_that_is_gone_is_cut_while_idle) {
  World world;
  FakeClient& loser = world.served("press-07");
  Intent intent;
  intent.listener = "other";
  world.publish(plant_snapshot(intent));
  world.tell();
  world.settle();
  BOOST_TEST((loser.alert == Reason::listener_removed));
  BOOST_TEST_REQUIRE(world.audit.entries.size() == 1U);
  const Entry& cut = world.audit.entries[0];
  BOOST_TEST((cut.reason == Reason::listener_removed));
  BOOST_TEST(cut.detail == "the configuration has no listener \"telemetry\" any more");
}
BOOST_AUTO_TEST_CASE(sessions_may_look_again_a_few_at_a_time) {
  World world;
  for (const char* name : {"press-07", "press-08", "press-07", "press-07"}) world.served(name);
  world.publish(plant_snapshot(without("press-07")));
  std::size_t from = 0;
  const auto num_cut = [&] {
    return world.audit.count(AuditEvent::kHandshake, Reason::unknown_device);
  };
  BOOST_TEST(!world.table.look_again(from, 3));
  BOOST_TEST(num_cut() == 2U);
  world.served("press-08");  // Who comes meanwhile is judged by the new one.
  BOOST_TEST(!world.table.look_again(from, 1));
  BOOST_TEST(num_cut() == 3U);
  BOOST_TEST(world.table.look_again(from, 3));
  BOOST_TEST(num_cut() == 3U);
  world.settle();
  world.pass(limits::kDrainTimeout);
  BOOST_TEST(world.table.size() == 2U);
}

BOOST_AUTO_TEST_CASE(permit_that_is_gone_cuts_nobody) {
  World world;
  FakeClient& client = world.served();
  Intent intent;
  intent.permits_status = false;
  world.publish(plant_snapshot(intent));
  world.tell();
  world.settle();
  client.request("GET", "/status/a");
  client.request("POST", "/small", "abc");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[0].status() == 403);
  BOOST_TEST(answers[1].status() == 200);
}

BOOST_AUTO_TEST_CASE(change_reaches_a_session_that_was_not_told) {
  World world;
  FakeClient& client = world.served();
  world.publish(plant_snapshot(without("press-07")));
  client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(client.answers().at(0).member("reason") == "unknown_device");
  BOOST_TEST(world.ledger.count("dial") == 0U);
}

BOOST_AUTO_TEST_CASE(change_between_verdict_and_first_request_counts) {
  World world;
  FakeClient& client =
      world.connect("press-07", {port::Handshake::kWaitVerdict, port::Handshake::kWaitRead});
  client.request("GET", "/status/a");
  world.tick();
  BOOST_TEST_REQUIRE(client.verdict_given);
  world.publish(plant_snapshot(without("press-07")));
  world.tell();
  world.settle();
  BOOST_TEST(world.ledger.count("dial") == 0U);
  BOOST_TEST(client.answers().at(0).member("reason") == "unknown_device");
}

BOOST_AUTO_TEST_CASE(services_are_told_who_the_client_is_now) {
  World world;
  FakeClient& client = world.served("press-07");
  Intent intent;
  intent.devices = {{"press-77", "observer", "press-07"}};
  world.publish(plant_snapshot(intent));
  world.tell();
  world.settle();
  client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(world.historian.only().field("Interlock-Device") == "press-77");
  BOOST_TEST(world.historian.only().field("Interlock-Function") == "observer");
  BOOST_TEST(world.audit.entries.back().device == "press-77");
  BOOST_TEST(world.table.cut(IndexKind::kDevice, "press-07", Reason::quarantined, "") == 0U);
  BOOST_TEST(world.table.cut(IndexKind::kDevice, "press-77", Reason::quarantined, "") == 1U);
}

// Judged again, but not verified again: the authorities are the same.
BOOST_AUTO_TEST_CASE(new_configuration_of_the_same_authorities_goes_by_what_is_remembered) {
  World world;
  FakeClient& client = world.served("press-07");
  const auto facts_of = [&] {
    return world.context.chains.find(pki::sha256_of_list(Chain(client).bytes),
                                     first_snapshot()->trusts.at(0)->identity(),
                                     world.clock.wall());
  };
  const auto before = facts_of();
  BOOST_TEST_REQUIRE(before != nullptr);
  world.publish(plant_snapshot(without("press-08")));
  world.tell();
  world.settle();
  BOOST_TEST(facts_of() == before);
  world.publish(plant_snapshot(revoking("press-07")));
  world.tell();
  world.settle();
  BOOST_TEST(facts_of() == before);
  BOOST_TEST((client.alert == Reason::certificate_revoked));
}

BOOST_AUTO_TEST_CASE(certificate_that_ends_is_refused_at_the_next_operation) {
  check_expiry("press-09", test::kHour, Reason::certificate_expired);
}
BOOST_AUTO_TEST_CASE(revocation_list_that_goes_stale_is_refused_at_the_next_operation) {
  check_expiry("press-07", test::kDay, Reason::revocation_stale);
}

BOOST_AUTO_TEST_CASE(fresh_revocation_list_helps_an_open_connection) {
  World world;
  FakeClient& client = world.served();
  world.clock.pass(test::kDay);
  Intent intent;
  intent.crl_lifetime = Millis{2 * test::kDay.ms};
  world.publish(plant_snapshot(intent));
  world.tell();
  world.settle();
  world.clock.pass(test::kHour);
  client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(client.answers().at(0).status() == 200);
}

BOOST_AUTO_TEST_CASE(cut_finds_exactly_the_sessions_it_names) {
  const pki::Certificate leaf = *pki::read_certificate(chain_of("press-07")[0]);
  const auto trust = first_snapshot()->trusts.at(0);
  const std::string issuer = to_hex(pki::issuer_id(*trust->authorities()[0]));
  struct Case {
    IndexKind kind;
    std::string key;
    std::size_t num_cut;
  };
  for (const auto& [kind, key, num_cut] :
       {Case{IndexKind::kDevice, "press-07", 2}, Case{IndexKind::kDevice, "press", 0},
        Case{IndexKind::kCredential, to_hex(leaf.spki_sha256), 2},
        Case{IndexKind::kCredential, "press-07", 0}, Case{IndexKind::kIssuer, issuer, 3}}) {
    World world;
    for (const char* name : {"press-07", "press-08", "press-07"}) world.served(name);
    BOOST_TEST(world.table.cut(kind, key, Reason::quarantined, "by a test") == num_cut);
    world.settle();
    const auto cut = [](const FakeClient& c) { return c.alert == Reason::quarantined; };
    BOOST_TEST(static_cast<std::size_t>(
                   std::count_if(world.clients.begin(), world.clients.end(), cut)) == num_cut);
    BOOST_TEST(world.audit.count(AuditEvent::kHandshake, Reason::quarantined) == num_cut);
    world.pass(limits::kDrainTimeout);
    BOOST_TEST(world.table.size() == 3U - num_cut);
    BOOST_TEST(world.table.cut(kind, key, Reason::quarantined, "again") == 0U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
