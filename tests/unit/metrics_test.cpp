// Is the metrics page what Prometheus reads, whole from the start, and free of what devices say?
#include "control/metrics.h"

#include <set>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "support/test_config.h"

using namespace interlock;
using namespace interlock::control;
using namespace interlock::test;

namespace {

struct Fixture {
  std::shared_ptr<const policy::Snapshot> snapshot = snapshot_of(plant_config());
  session::Meter first, second;  // Of two data threads.
  session::ServiceTable table;
  MetricFacts facts{.version = "1.2.3",
                    .snapshot = *snapshot,
                    .snapshot_since = {1'764'180'000'500},
                    .reloads = {.applied = 2, .unchanged = 1, .rejected = 4},
                    .meters = {&first, &second},
                    .services = {table.find(*snapshot->services.front())},
                    .audit = {.healthy = true,
                              .last_seq = 17,
                              .disk_full = true,
                              .queue_bytes = 65'536,
                              .num_failures = 3,
                              .lag_seconds = 0.25},
                    .process = {.cpu_seconds = 1.25,
                                .resident_bytes = 9'000'000,
                                .open_fds = 12,
                                .max_fds = 20'000,
                                .started = {1'764'170'000'000}}};

  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    const std::string page = render_metrics(facts);
    std::size_t from = 0;
    for (std::size_t end; (end = page.find('\n', from)) != std::string::npos; from = end + 1) {
      all.push_back(page.substr(from, end - from));
    }
    BOOST_TEST(from == page.size());  // The last line is ended too.
    return all;
  }

  void has(const std::string& line) const {
    const std::vector<std::string> all = lines();
    BOOST_TEST(std::count(all.begin(), all.end(), line) == 1, line);
  }
};

std::string family_of(const std::string& line) { return line.substr(0, line.find_first_of("{ ")); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(metrics, Fixture)

// The list is also the manual page: nothing is rendered that it does not have, nor the other way.
BOOST_AUTO_TEST_CASE(every_metric_of_the_list_is_rendered_once_with_its_help_and_type) {
  std::vector<std::string> expected, found;
  for (const Metric& each : all_metrics()) {
    expected.push_back(fmt::format("# HELP {} {}", each.name, each.help));
    expected.push_back(fmt::format("# TYPE {} {}", each.name, each.kind));
  }
  std::string_view family;
  std::set<std::string> series;
  for (const std::string& line : lines()) {
    if (line.starts_with("#")) {
      found.push_back(line);
      family = all_metrics()[(found.size() - 1) / 2 % all_metrics().size()].name;
      continue;
    }
    BOOST_TEST(family_of(line).starts_with(family), line);
    BOOST_TEST(series.insert(line.substr(0, line.rfind(' '))).second, "twice: " << line);
  }
  BOOST_TEST(found == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_keep_the_conventions) {
  for (const Metric& each : all_metrics()) {
    const bool is_ours = each.name.starts_with("interlock_");
    BOOST_TEST((is_ours || each.name.starts_with("process_")), each.name);
    BOOST_TEST(each.name.ends_with("_total") == (each.kind == "counter"), each.name);
    BOOST_TEST(each.help.ends_with("."), each.name);
    BOOST_TEST(each.help.find_first_of("\\\n") == std::string::npos, each.name);
  }
}

// Labels are those of the list, and nothing else.
BOOST_AUTO_TEST_CASE(labels_are_those_of_the_list) {
  const auto lines_of = [&](const Metric& metric) {
    std::vector<std::string> own;
    for (const std::string& line : lines()) {
      if (family_of(line) == metric.name) own.push_back(line);
    }
    return own;
  };
  for (const Metric& each : all_metrics()) {
    if (each.kind == "histogram") continue;
    const std::vector<std::string> own = lines_of(each);
    BOOST_TEST(!own.empty(), each.name);
    for (const std::string& line : own) {
      std::string labels;
      std::size_t from = line.find('{');
      while (from != std::string::npos && from + 1 < line.size() && line[from] != '}') {
        const std::size_t equal = line.find("=\"", from);
        labels += (labels.empty() ? "" : ", ") + line.substr(from + 1, equal - from - 1);
        from = line.find('"', equal + 2) + 1;
      }
      BOOST_TEST(labels == each.labels, line);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_value_of_a_closed_list_is_there_from_the_start) {
  has(R"(interlock_decisions_total{reason="none"} 0)");
  has(R"(interlock_handshakes_total{result="full",reason="none"} 0)");
  has(R"(interlock_handshakes_total{result="resumed",reason="none"} 0)");
  for (const Reason reason : all_reasons()) {
    has(fmt::format(R"(interlock_decisions_total{{reason="{}"}} 0)", to_string(reason)));
    has(fmt::format(R"(interlock_sessions_cut_total{{reason="{}"}} 0)", to_string(reason)));
    has(fmt::format(R"(interlock_handshakes_total{{result="refused",reason="{}"}} 0)",
                    to_string(reason)));
  }
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < session::kNumLimits; ++i) {
    const std::string_view name = to_string(static_cast<session::Limit>(i));
    BOOST_TEST(!name.empty());
    BOOST_TEST(names.insert(name).second, name);
    has(fmt::format(R"(interlock_limits_reached_total{{limit="{}"}} 0)", name));
  }
  has(R"(interlock_service_requests_total{service="historian"} 0)");
  has(R"(interlock_connections_open{listener="telemetry"} 0)");
}

BOOST_AUTO_TEST_CASE(what_the_data_threads_counted_is_added_up) {
  first.decided(Reason::kNone);
  second.decided(Reason::kNone);
  second.decided(Reason::no_permit);
  first.reached(session::Limit::kHeadTime);
  first.handshakes_full.add(3);
  second.handshakes_resumed.add();
  second.handshakes_refused[static_cast<std::size_t>(Reason::tls_failed)].add();
  first.cut[static_cast<std::size_t>(Reason::certificate_revoked)].add();
  first.client_received_bytes.add(100);
  second.client_received_bytes.add(11);
  second.service_sent_bytes.add(7);
  first.listeners.of("telemetry").accepted.add(5);
  second.listeners.of("telemetry").accepted.add(2);
  second.listeners.of("telemetry").closed.add();
  first.services.of("historian").requests.add(2);
  second.services.of("historian").failures.add();
  second.services.of("historian").retries.add(6);
  second.services.of("gone").retries.add(6);
  has(R"(interlock_decisions_total{reason="none"} 2)");
  has(R"(interlock_decisions_total{reason="no_permit"} 1)");
  has(R"(interlock_limits_reached_total{limit="head_time"} 1)");
  has(R"(interlock_handshakes_total{result="full",reason="none"} 3)");
  has(R"(interlock_handshakes_total{result="resumed",reason="none"} 1)");
  has(R"(interlock_handshakes_total{result="refused",reason="tls_failed"} 1)");
  has(R"(interlock_sessions_cut_total{reason="certificate_revoked"} 1)");
  has(R"(interlock_received_bytes_total{peer="client"} 111)");
  has(R"(interlock_sent_bytes_total{peer="service"} 7)");
  has(R"(interlock_connections_accepted_total{listener="telemetry"} 7)");
  has(R"(interlock_connections_open{listener="telemetry"} 6)");
  has(R"(interlock_service_requests_total{service="historian"} 2)");
  has(R"(interlock_service_failures_total{service="historian"} 1)");
  has(R"(interlock_service_retries_total{service="historian"} 6)");
  for (const std::string& line : lines()) BOOST_TEST(line.find("gone") == std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(durations_are_cumulative_in_seconds) {
  for (const std::int64_t micros : {500, 501, 9'000'000, 11'000'000}) first.request.observe(micros);
  second.request.observe(1);
  const std::string name = "interlock_request_duration_seconds";
  has(name + R"(_bucket{le="0.0005"} 2)");
  has(name + R"(_bucket{le="0.001"} 3)");
  has(name + R"(_bucket{le="5"} 3)");
  has(name + R"(_bucket{le="10"} 4)");
  has(name + R"(_bucket{le="+Inf"} 5)");
  has(name + "_sum 20.001002");
  has(name + "_count 5");
  has(R"(interlock_handshake_duration_seconds_bucket{le="+Inf"} 0)");
}

BOOST_AUTO_TEST_CASE(what_there_is_to_say_now) {
  has(R"(interlock_build_info{version="1.2.3"} 1)");
  has(fmt::format(R"(interlock_config_info{{policy="{}"}} 1)", snapshot->id));
  has("interlock_config_devices 0");
  has("interlock_config_services 1");
  has(R"(interlock_config_reloads_total{result="rejected"} 4)");
  has("interlock_config_last_reload_successful 1");
  has("interlock_config_applied_timestamp_seconds 1764180000.5");
  const pki::CrlFacts& list = snapshot->trusts.front()->crls().front();
  const std::string labels = fmt::format(R"({{trust="plant",issuer="{}"}} )", list.issuer);
  has("interlock_crl_fresh_until_timestamp_seconds" + labels +
      fmt::format("{}", list.fresh_until.ms / 1000));
  has("interlock_crl_this_update_timestamp_seconds" + labels +
      fmt::format("{}", list.this_update.ms / 1000));
  has(fmt::format(R"(interlock_certificate_not_after_timestamp_seconds{{listener="telemetry"}} {})",
                  snapshot->listeners.front().certificate.not_after.ms / 1000));
  has("interlock_audit_healthy 1");
  has("interlock_audit_records_total 17");
  has("interlock_audit_queue_bytes 65536");
  has("interlock_audit_disk_full 1");
  has("interlock_audit_failures_total 3");
  has("interlock_audit_lag_seconds 0.25");
  first.refusals_counted.add(5);
  second.refusals_counted.add(6);
  second.records_not_accepted.add();
  has("interlock_audit_refusals_counted_total 11");
  has("interlock_audit_records_not_accepted_total 1");
  has("process_cpu_seconds_total 1.25");
  has("process_start_time_seconds 1764170000");
}

BOOST_AUTO_TEST_CASE(services_show_what_they_are_doing) {
  const auto state = table.find(*snapshot->services.front());
  state->num_connections = 5;
  session::ServiceLine::Waiting waiting[3];
  for (auto& each : waiting) BOOST_TEST_REQUIRE(state->line.join(each));
  state->endpoints.front()->num_busy = 2;
  has(R"(interlock_service_requests_in_flight{service="historian"} 2)");
  has(R"(interlock_service_requests_waiting{service="historian"} 3)");
  has(R"(interlock_service_connections{service="historian"} 5)");
  has(R"(interlock_service_endpoints{service="historian",state="up"} 1)");
  for (int i = 0; i < 2; ++i) state->endpoints.front()->checked(false, "refused");
  state->endpoints.front()->checked(false, "refused");
  has(R"(interlock_service_endpoints{service="historian",state="down"} 1)");
  has(R"(interlock_service_endpoints{service="historian",state="up"} 0)");
}

BOOST_AUTO_TEST_CASE(values_are_escaped) {
  facts.version = "a\"b\\c\nd";
  has(R"(interlock_build_info{version="a\"b\\c\nd"} 1)");
}

BOOST_AUTO_TEST_SUITE_END()
