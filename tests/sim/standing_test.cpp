// Goal: what is known of a device counts for its next operation, on whatever connection: quarantine
// leaves remediation and what is essential, and takes the rest away in the middle.
// Method: facts published under established sessions.
#include <boost/test/unit_test.hpp>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

// A press whose status is essential; what helps a press in quarantine is on the mes.
Intent with_remediation() {
  Intent intent;
  intent.functions = R"(
function {
  name: "remediation"
  permit { name: "firmware" service: "mes" http { method: "GET" path: "/firmware/*" } }
}
quarantine { function: "remediation" }
)";
  return intent;
}

struct Fixture : World {
  Fixture() : World(1, plant_snapshot(with_remediation())) {}

  void quarantine(const std::string& device, Cause cause,
                  std::optional<WallTime> until = std::nullopt) {
    SubjectFacts known{.subject = {SubjectKind::kDevice, device}, .stage = Stage::kActive};
    known.causes.push_back({.cause = cause, .since = clock.wall(), .until = until});
    publish_facts(facts.current()->with(std::make_shared<const SubjectFacts>(std::move(known))));
  }
  void publish_facts(session::FactsView view) {
    facts_slot.publish(std::make_shared<const session::FactsView>(std::move(view)));
    table.on_snapshot_changed();
    settle();
  }
  Message ask(FakeClient& client, const std::string& path, const std::string& body = {}) {
    client.request(body.empty() ? "GET" : "POST", path, body);
    settle();
    const std::vector<Message> answers = client.answers();
    return answers.empty() ? Message{} : answers.back();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sim_standing, Fixture)

BOOST_AUTO_TEST_CASE(quarantine_holds_for_the_next_operation_and_ends_with_its_release) {
  FakeClient& client = served("press-07");
  FakeClient& other = served("press-08");
  BOOST_TEST(ask(client, "/status/a").status() == 200);
  quarantine("press-07", Cause::kOperator);
  const Message refused = ask(client, "/status/a");
  BOOST_TEST(refused.status() == 403);
  BOOST_TEST(refused.member("reason") == "quarantined");
  BOOST_TEST(!client.closed);
  BOOST_TEST(ask(other, "/status/a").status() == 200);
  BOOST_TEST(audit.count(AuditEvent::kOperation, Reason::quarantined) == 1U);
  BOOST_TEST(audit.entries.back().device == "press-08");

  publish_facts(session::FactsView());
  BOOST_TEST(ask(client, "/status/a").status() == 200);
}

BOOST_AUTO_TEST_CASE(a_device_in_quarantine_reaches_remediation) {
  quarantine("press-07", Cause::kOperator);
  FakeClient& client = served("press-07");
  BOOST_TEST(ask(client, "/firmware/4.2.1").status() == 200);
  BOOST_TEST(ask(client, "/orders/1").member("reason") == "quarantined");
  BOOST_TEST(mes.num_requests() == 1U);
  // It is nobody's own.
  BOOST_TEST(ask(served("press-08"), "/firmware/4.2.1").member("reason") == "no_permit");
}

BOOST_AUTO_TEST_CASE(what_is_essential_holds_for_some_causes_and_not_for_others) {
  Intent intent = with_remediation();
  intent.functions += R"(
function {
  name: "boiler"
  permit { name: "level" service: "historian" essential: true
           http { method: "GET" path: "/level" } }
  permit { name: "set" service: "historian" http { method: "POST" path: "/set" } }
}
)";
  for (auto& device : intent.devices) device.function = "boiler";
  publish(plant_snapshot(intent));
  tell();
  FakeClient& client = served("press-07");
  for (const Cause cause : kCauses) {
    const bool essential = cause == Cause::kAttestationFailed || cause == Cause::kViolations ||
                           cause == Cause::kOperator;
    quarantine("press-07", cause);
    BOOST_TEST_REQUIRE(!client.finished, to_string(cause));
    BOOST_TEST(ask(client, "/level").status() == (essential ? 200 : 403), to_string(cause));
    BOOST_TEST(ask(client, "/set", "9").status() == 403, to_string(cause));
  }
}

BOOST_AUTO_TEST_CASE(quarantine_reaches_what_is_under_way) {
  historian.on_request = [](const Message&, Connection& c) {
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  };
  FakeClient& client = served("press-07");
  FakeClient& other = served("press-08");
  for (FakeClient* each : {&client, &other}) each->request("GET", "/status/a");
  settle();
  quarantine("press-07", Cause::kOperator);
  BOOST_TEST(client.closed);
  BOOST_TEST(!client.finished);
  BOOST_TEST(!other.closed);
  BOOST_TEST(historian.num_open() == 1U);
  BOOST_TEST(audit.count(AuditEvent::kOperation, Reason::quarantined) == 1U);
}

BOOST_AUTO_TEST_CASE(a_quarantine_with_an_end_ends_then) {
  FakeClient& client = served("press-07");
  quarantine("press-07", Cause::kOperator, clock.wall() + Millis{60'000});
  clock.pass(Millis{59'999});
  BOOST_TEST(ask(client, "/status/a").status() == 403);
  clock.pass(Millis{1});
  BOOST_TEST(ask(client, "/status/a").status() == 200);
}

BOOST_AUTO_TEST_CASE(without_facts_nobody_may_do_anything) {
  FakeClient& client = served("press-07");
  publish_facts(session::FactsView::unavailable());
  BOOST_TEST((client.alert == Reason::state_unavailable));
  FakeClient& next = served("press-08");
  BOOST_TEST(ask(next, "/status/a").member("reason") == "state_unavailable");
  BOOST_TEST(historian.num_requests() == 0U);
}

BOOST_AUTO_TEST_CASE(retired_and_pending_devices_do_nothing) {
  for (const auto& [stage, reason] :
       {std::pair{Stage::kPending, "stage_pending"}, {Stage::kRetired, "device_retired"}}) {
    SubjectFacts known{.subject = {SubjectKind::kDevice, "press-07"}, .stage = stage};
    publish_facts(session::FactsView().with(std::make_shared<const SubjectFacts>(known)));
    BOOST_TEST(ask(served("press-07"), "/status/a").member("reason") == reason);
  }
}

BOOST_AUTO_TEST_SUITE_END()
