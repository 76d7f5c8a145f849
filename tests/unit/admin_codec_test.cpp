// Does what is said on the admin socket arrive as it was meant, and is everything else refused?
#include "control/admin_codec.h"

#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"

using namespace interlock;
using namespace interlock::control;

namespace {

ReloadReport reload_report() {
  ReloadReport report{.outcome = ReloadReport::Outcome::kRejected,
                      .asked_by = "uid 0 (pid 4711)",
                      .at = {1'700'000'000'123},
                      .policy_before = "0123456789abcdef",
                      .policy_after = "fedcba9876543210",
                      .problems = {{{"etc/main", 7, 3}, "wrong", "write it right", false},
                                   {{"etc/main", 8, 1}, "odd", "", true}},
                      .disk = {}};
  report.disk.changed = {"a", "b"};
  report.disk.gone = {"c"};
  report.disk.added = {"d"};
  report.disk.left_out = 5;
  return report;
}

StatusReport status_report() {
  StatusReport report;
  report.version = "1.2.3";
  report.gateway_id = "gate";
  report.now = {4};
  report.started = {3};
  report.up = {1};
  report.config_file = "etc/main";
  report.policy = "0123456789abcdef";
  report.policy_since = {2};
  report.listeners = {{.name = "telemetry",
                       .address = "192.0.2.1:8443",
                       .protocol = "HTTP",
                       .tls = {"TLS 1.2", "TLS 1.3"},
                       .trusts = {"plant", "other"},
                       .certificate_until = kDistantFuture}};
  report.trusts = {
      {.name = "plant", .no_revocation = false, .lists = {{"CN=CA", "plant.crl", 7, {-1}}}},
      {.name = "other", .no_revocation = true, .lists = {}}};
  report.num_devices = 100'000;
  report.num_functions = 2;
  report.services = {{.name = "historian",
                      .connections = 3,
                      .waiting = 1,
                      .endpoints = {{"10.20.0.5:8080", "up", ""},
                                    {"10.20.0.6:8080", "down", "Connection refused"}}}};
  report.sessions = {0, 16'384};
  report.sessions_max = 16'385;
  report.audit_file = "audit.jsonl";
  report.audit_healthy = true;
  report.audit_last_seq = UINT64_MAX;
  report.last_reload = reload_report();
  report.state_trouble = "state.db is damaged";
  report.num_quarantined = 3;
  report.disk = reload_report().disk;
  return report;
}

std::string frame(const std::string& body) {
  const std::size_t len = body.size();
  std::string out;
  for (const std::size_t shift : {24U, 16U, 8U, 0U}) {
    out += static_cast<char>(len >> shift & 0xff);
  }
  return out + body;
}

template <class T>
void check_round_trip(const T& report) {
  const std::string sent = encode(AdminResponse(report));
  const auto received = decode_response(sent);
  BOOST_REQUIRE(received.has_value());
  BOOST_REQUIRE(std::holds_alternative<T>(*received));
  BOOST_TEST(encode(*received) == sent);
  for (std::size_t len = 0; len < sent.size(); ++len) {
    BOOST_REQUIRE(!decode_response(sent.substr(0, len)).has_value());
  }
  BOOST_TEST(!decode_response(sent + '\0').has_value());
}

DevicesReport devices_report() {
  DeviceReport device{.device = "press-07",
                      .function = "press",
                      .tier = "critical",
                      .site = "hall",
                      .stage = "active",
                      .posture = "quarantined",
                      .reason = "quarantined",
                      .causes = {}};
  device.causes.push_back({"operator", WallTime{1}, WallTime{2}, "it smells", "root"});
  device.causes.push_back({"violations", WallTime{3}, std::nullopt, "ten in a minute", ""});
  return {.devices = {device, DeviceReport{.device = "press-08"}}, .left_out = 7};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin_codec)

BOOST_AUTO_TEST_CASE(requests_come_back_as_they_were) {
  BOOST_TEST(encode(StatusRequest{}) == frame(std::string("\x0a\0", 2)));
  BOOST_TEST(encode(ReloadRequest{}) == frame(std::string("\x12\0", 2)));
  for (const AdminRequest& request :
       {AdminRequest(StatusRequest{}), AdminRequest(ReloadRequest{}),
        AdminRequest(DevicesRequest{}), AdminRequest(DevicesRequest{"press-07", true}),
        AdminRequest(QuarantineRequest{"press-07", "smells", 0}),
        AdminRequest(QuarantineRequest{"press-07", "smells", 60'000}),
        AdminRequest(ReleaseRequest{"press-07", "operator", "aired"})}) {
    BOOST_TEST((decode_request(encode(request)).value() == request));
  }
}

BOOST_AUTO_TEST_CASE(a_request_has_one_spelling) {
  using namespace std::string_literals;
  for (const std::string& body :
       {""s, "\x0a"s, "\x0a\0\x0a\0"s, "\x0a\0\x12\0"s, "\x12\0\x0a\0"s, "\x32\0"s, "\x0a\0\x1a\0"s,
        "\x22\0"s, "\x0a\x02\x08\x01"s, "\x12\x80\0"s, "\x0a\x80\x00"s, "\x08\x01"s, "\xff\xff"s}) {
    BOOST_TEST(!decode_request(frame(body)).has_value());
  }
  const std::string good = encode(ReloadRequest{});
  for (std::size_t len = 0; len < good.size(); ++len) {
    BOOST_TEST(!decode_request(good.substr(0, len)).has_value());
  }
  BOOST_TEST(!decode_request(good + "x").has_value());
}

BOOST_AUTO_TEST_CASE(responses_come_back_as_they_were) {
  check_round_trip(Refusal{"because"});
  check_round_trip(reload_report());
  check_round_trip(status_report());
  check_round_trip(ActReport{"press-07 is in quarantine", "it is not on the disk yet"});
  check_round_trip(devices_report());
}

BOOST_AUTO_TEST_CASE(every_member_of_a_device_arrives) {
  const auto received = decode_response(encode(AdminResponse(devices_report())));
  const auto& devices = std::get<DevicesReport>(received.value());
  BOOST_TEST_REQUIRE(devices.devices.size() == 2U);
  BOOST_TEST(devices.left_out == 7U);
  const DeviceReport& device = devices.devices[0];
  BOOST_TEST(device.device == "press-07");
  BOOST_TEST(device.function == "press");
  BOOST_TEST(device.tier == "critical");
  BOOST_TEST(device.site == "hall");
  BOOST_TEST(device.stage == "active");
  BOOST_TEST(device.posture == "quarantined");
  BOOST_TEST(device.reason == "quarantined");
  BOOST_TEST_REQUIRE(device.causes.size() == 2U);
  BOOST_TEST(device.causes[0].cause == "operator");
  BOOST_TEST((device.causes[0].since == WallTime{1}));
  BOOST_TEST((device.causes[0].until == WallTime{2}));
  BOOST_TEST(device.causes[0].evidence == "it smells");
  BOOST_TEST(device.causes[0].by == "root");
  BOOST_TEST(!device.causes[1].until.has_value());
  BOOST_TEST(device.causes[1].by.empty());
}

BOOST_AUTO_TEST_CASE(every_member_arrives) {
  const auto received = decode_response(encode(AdminResponse(status_report())));
  const auto& status = std::get<StatusReport>(received.value());
  const StatusReport sent = status_report();
  BOOST_TEST(status.version == sent.version);
  BOOST_TEST(status.gateway_id == sent.gateway_id);
  BOOST_TEST((status.now == sent.now && status.started == sent.started && status.up == sent.up));
  BOOST_TEST(status.config_file == sent.config_file);
  BOOST_TEST(status.policy == sent.policy);
  BOOST_TEST((status.policy_since == sent.policy_since));
  BOOST_TEST_REQUIRE(status.listeners.size() == 1U);
  BOOST_TEST(status.listeners[0].name == "telemetry");
  BOOST_TEST(status.listeners[0].address == "192.0.2.1:8443");
  BOOST_TEST(status.listeners[0].tls == sent.listeners[0].tls, boost::test_tools::per_element());
  BOOST_TEST(status.listeners[0].trusts == sent.listeners[0].trusts,
             boost::test_tools::per_element());
  BOOST_TEST((status.listeners[0].certificate_until == kDistantFuture));
  BOOST_TEST_REQUIRE(status.trusts.size() == 2U);
  BOOST_TEST_REQUIRE(status.trusts[0].lists.size() == 1U);
  BOOST_TEST(status.trusts[0].lists[0].entries == 7U);
  BOOST_TEST((status.trusts[0].lists[0].fresh_until == WallTime{-1}));
  BOOST_TEST(status.trusts[1].no_revocation);
  BOOST_TEST_REQUIRE(status.services.size() == 1U);
  BOOST_TEST(status.services[0].name == "historian");
  BOOST_TEST(status.services[0].connections == 3U);
  BOOST_TEST(status.services[0].waiting == 1U);
  BOOST_TEST_REQUIRE(status.services[0].endpoints.size() == 2U);
  BOOST_TEST(status.services[0].endpoints[0].up());
  BOOST_TEST(status.services[0].endpoints[1].address == "10.20.0.6:8080");
  BOOST_TEST(status.services[0].endpoints[1].health == "down");
  BOOST_TEST(status.services[0].endpoints[1].last_failure == "Connection refused");
  BOOST_TEST(status.num_devices == 100'000U);
  BOOST_TEST(status.sessions == sent.sessions, boost::test_tools::per_element());
  BOOST_TEST(status.sessions_max == sent.sessions_max);
  BOOST_TEST(status.audit_healthy);
  BOOST_TEST(status.audit_last_seq == UINT64_MAX);
  BOOST_TEST(status.state_trouble == sent.state_trouble);
  BOOST_TEST(status.num_quarantined == sent.num_quarantined);
  BOOST_REQUIRE(status.last_reload.has_value());
  BOOST_TEST((status.last_reload->outcome == ReloadReport::Outcome::kRejected));
  BOOST_TEST(status.last_reload->asked_by == "uid 0 (pid 4711)");
  BOOST_TEST_REQUIRE(status.last_reload->problems.size() == 2U);
  BOOST_TEST(policy::to_string(status.last_reload->problems[0]) ==
             "etc/main:7:3: wrong\n  write it right");
  BOOST_TEST(policy::to_string(status.last_reload->problems[1]) == "etc/main:8:1: warning: odd");
  BOOST_TEST(status.disk.changed == sent.disk.changed, boost::test_tools::per_element());
  BOOST_TEST(status.disk.left_out == 5U);
}

BOOST_AUTO_TEST_CASE(fields_of_a_later_version_are_passed_over_in_a_response) {
  std::string body = encode(AdminResponse(Refusal{"because"})).substr(4);
  body += "\x98\x06\x01";  // Field 99.
  const auto received = decode_response(frame(body));
  BOOST_TEST(std::get<Refusal>(received.value()).reason == "because");
  BOOST_TEST(!decode_response(frame("\x98\x06\x01")).has_value());
  BOOST_TEST(!decode_response(frame("")).has_value());
}

BOOST_AUTO_TEST_CASE(a_frame_says_its_length_and_has_a_limit) {
  BOOST_TEST(!frame_bytes("", 10).value().has_value());
  BOOST_TEST(!frame_bytes(std::string(3, '\0'), 10).value().has_value());
  BOOST_TEST(frame_bytes(frame("0123456789"), 10).value().value() == 14U);
  BOOST_TEST((frame_bytes(frame("0123456789x"), 10).error().code == Errc::kLimit));
  BOOST_TEST((frame_bytes("\xff\xff\xff\xff", limits::kAdminResponseBytesMax).error().code ==
              Errc::kLimit));
}

BOOST_AUTO_TEST_CASE(an_answer_that_would_be_too_long_says_so) {
  const auto received = decode_response(
      encode(AdminResponse(Refusal{std::string(limits::kAdminResponseBytesMax, 'x')})));
  BOOST_TEST(std::get<Refusal>(received.value()).reason ==
             "the answer is longer than an answer may be");
}

BOOST_AUTO_TEST_CASE(only_so_many_files_are_named) {
  DiskDifference difference;
  difference.changed.assign(limits::kAdminFilesShownMax - 1, "changed");
  difference.gone.assign(2, "gone");
  difference.added.assign(3, "added");
  const DiskReport report = report_of(difference);
  BOOST_TEST(report.changed.size() == limits::kAdminFilesShownMax - 1);
  BOOST_TEST(report.gone.size() == 1U);
  BOOST_TEST(report.added.empty());
  BOOST_TEST(report.left_out == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
