// Is what a person decides about a device judged by who it is, what it says and what is known?
#include "control/device_acts.h"

#include <boost/test/unit_test.hpp>

#include "support/test_config.h"

using namespace interlock;
using namespace interlock::control;
using namespace interlock::test;

namespace {

constexpr WallTime kAt{1'764'000'000'000};
const Operator kRoot{.uid = 0, .name = "root", .security = true};
const Operator kViewer{.uid = 7, .name = "anna", .security = false};

struct Fixture {
  static TestConfig config() {
    TestConfig made = plant_config();
    made.policy() = "function { name: \"press\" }\n";
    made.inventory() += "press-07,press,,uri,spiffe://plant/press-07,plant,\n";
    return made;
  }
  const std::shared_ptr<const policy::Snapshot> owned = snapshot_of(config());
  const policy::Snapshot& snapshot = *owned;
  const policy::Device& device = *snapshot.devices.front();

  QuarantineRequest quarantine(std::int64_t for_ms = 0) const {
    return {.device = device.id, .reason = "it smells", .for_ms = for_ms};
  }
  ReleaseRequest release(std::string cause = "operator") const {
    return {.device = device.id, .cause = std::move(cause), .reason = "aired"};
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(device_acts, Fixture)

BOOST_AUTO_TEST_CASE(a_quarantine_is_held_with_its_reason_and_its_end) {
  const auto act = act_on(quarantine(60'000), snapshot, nullptr, kRoot, kAt);
  BOOST_TEST_REQUIRE(act.has_value());
  BOOST_TEST((act->event == AuditEvent::kDeviceQuarantined));
  BOOST_TEST(act->worsens);
  BOOST_TEST((act->facts.stage == Stage::kActive));
  BOOST_TEST_REQUIRE(act->facts.causes.size() == 1U);
  const HeldCause& held = act->facts.causes[0];
  BOOST_TEST((held.cause == Cause::kOperator));
  BOOST_TEST(held.evidence == "it smells");
  BOOST_TEST(held.by == "root");
  BOOST_TEST((held.until == kAt + Millis{60'000}));
  BOOST_TEST(act->action.verb == "quarantine");
  BOOST_TEST(act->action.reason == "it smells");
  BOOST_TEST(!act->action.detail.empty());
}

BOOST_AUTO_TEST_CASE(a_release_ends_what_is_held_and_only_that) {
  const auto held = act_on(quarantine(), snapshot, nullptr, kRoot, kAt);
  const auto act = act_on(release(), snapshot, &held->facts, kRoot, kAt + Millis{1});
  BOOST_TEST_REQUIRE(act.has_value());
  BOOST_TEST(!act->worsens);
  BOOST_TEST(act->facts.causes.empty());
  BOOST_TEST(!act_on(release(), snapshot, nullptr, kRoot, kAt).has_value());
  BOOST_TEST(!act_on(release("violations"), snapshot, &held->facts, kRoot, kAt).has_value());
}

BOOST_AUTO_TEST_CASE(no_person_releases_what_evidence_or_a_new_key_must) {
  for (const Cause cause :
       {Cause::kAttestationFailed, Cause::kSecureBootOff, Cause::kKeyCompromised}) {
    SubjectFacts facts{.subject = {SubjectKind::kDevice, device.id}, .stage = Stage::kActive};
    facts.causes.push_back({.cause = cause, .since = kAt});
    const auto act =
        act_on(release(std::string(to_string(cause))), snapshot, &facts, kRoot, kAt + Millis{1});
    BOOST_TEST(!act.has_value(), to_string(cause));
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_decided_is_said) {
  const auto why = [&](QuarantineRequest request, const Operator& by) {
    return act_on(request, snapshot, nullptr, by, kAt).error();
  };
  BOOST_TEST(why(quarantine(), kViewer) == "anna may look, and decides nothing: ask root to do it");
  QuarantineRequest other = quarantine();
  other.device = "nobody";
  BOOST_TEST(why(other, kRoot) == "the inventory has no device \"nobody\"");
  QuarantineRequest silent = quarantine();
  silent.reason = "";
  BOOST_TEST(why(silent, kRoot) == "a reason is needed: it goes on record");
  QuarantineRequest endless = quarantine();
  endless.reason.assign(limits::kFactSentenceBytesMax + 1, 'x');
  BOOST_TEST(why(endless, kRoot) == "the reason is longer than 1024 bytes");
  for (const std::int64_t bad : {std::int64_t{-1}, limits::kQuarantineMax.ms + 1}) {
    BOOST_TEST(why(quarantine(bad), kRoot) ==
               "a quarantine ends after a time of more than nothing and at most 10 years");
  }
  BOOST_TEST(act_on(release("rust"), snapshot, nullptr, kRoot, kAt)
                 .error()
                 .starts_with("\"rust\" is no cause of a quarantine: attestation_failed, "));
}

BOOST_AUTO_TEST_CASE(a_report_says_where_a_device_stands) {
  const DeviceReport trusted = report_of(device, nullptr, true, kAt);
  BOOST_TEST(trusted.stage == "active");
  BOOST_TEST(trusted.reason == "");
  const auto held = act_on(quarantine(60'000), snapshot, nullptr, kRoot, kAt);
  const DeviceReport report = report_of(device, &held->facts, true, kAt);
  BOOST_TEST(report.posture == "quarantined");
  BOOST_TEST(report.reason == "quarantined");
  BOOST_TEST_REQUIRE(report.causes.size() == 1U);
  BOOST_TEST(report.causes[0].by == "root");
  BOOST_TEST(report_of(device, &held->facts, true, kAt + Millis{60'000}).causes.empty());
  BOOST_TEST(report_of(device, nullptr, false, kAt).reason == "state_unavailable");
}

BOOST_AUTO_TEST_CASE(accounts_are_found_by_number) {
  const std::string passwd =
      "root:x:0:0:root:/root:/bin/bash\n\nbroken\n:x:5:5::/:\nshort:x\nanna:x:1000:1000::/:/sh";
  BOOST_TEST(account_name(passwd, 0) == "root");
  BOOST_TEST(account_name(passwd, 1000) == "anna");
  BOOST_TEST(account_name(passwd, 5) == "uid 5");
  BOOST_TEST(account_name(passwd, 100) == "uid 100");
  BOOST_TEST(account_name("", 0) == "uid 0");
  BOOST_TEST(account_name("tail:x:7", 7) == "uid 7");
}

BOOST_AUTO_TEST_SUITE_END()
