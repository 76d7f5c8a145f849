#include "control/metrics.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/result.h"
#include "interlock/reason.h"

namespace interlock::control {
namespace {

constexpr Metric kMetrics[] = {
#define INTERLOCK_METRIC(kind, name, labels, help) {#kind, name, labels, help},
#include "control/metrics.def"
#undef INTERLOCK_METRIC
};

using session::Counter;
using session::Histogram;
using session::Meter;
using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

double seconds(WallTime at) { return static_cast<double>(at.ms) / 1e3; }
double seconds(std::int64_t micros) { return static_cast<double>(micros) / 1e6; }

// A label's value may hold anything but these three as it is.
void append_escaped(std::string& out, std::string_view value) {
  for (const char each : value) {
    if (each == '\n') {
      out += "\\n";
      continue;
    }
    if (each == '\\' || each == '"') out += '\\';
    out += each;
  }
}

// Page writes one metric after the other.
class Page {
 public:
  // begin begins the next metric: its lines follow.
  void begin(std::string_view name) {
    const auto* const at = std::find_if(std::begin(kMetrics), std::end(kMetrics),
                                        [&](const Metric& each) { return each.name == name; });
    IL_ASSERT(at != std::end(kMetrics));
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, at->help, name, at->kind);
  }

  template <class Number>
  void line(Labels labels, Number value, std::string_view ending = {}) {
    text_ += name_;
    text_ += ending;
    char before = '{';
    for (const auto& [label, text] : labels) {
      text_ += std::exchange(before, ',');
      text_ += label;
      text_ += "=\"";
      append_escaped(text_, text);
      text_ += '"';
    }
    if (before == ',') text_ += '}';
    text_ += fmt::format(" {}\n", value);
  }

  // only writes a metric without labels.
  template <class Number>
  void only(std::string_view name, Number value) {
    begin(name);
    line({}, value);
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string_view name_;
};

// The sum of one counter over all data threads: `get` finds it in a meter.
template <class Get>
std::uint64_t total(const MetricFacts& facts, const Get& get) {
  std::uint64_t sum = 0;
  for (const Meter* meter : facts.meters) sum += get(*meter);
  return sum;
}

std::uint64_t total(const MetricFacts& facts, Counter Meter::*counter) {
  return total(facts, [&](const Meter& meter) { return (meter.*counter).value(); });
}

std::uint64_t total(const MetricFacts& facts, session::CounterByReason Meter::*counters,
                    Reason reason) {
  return total(facts, [&](const Meter& meter) {
    return (meter.*counters)[static_cast<std::size_t>(reason)].value();
  });
}

// The same of a counter that there is for each name.
template <class T>
std::uint64_t total(const MetricFacts& facts, session::Named<T> Meter::*named,
                    std::string_view name, Counter T::*counter) {
  return total(facts, [&](const Meter& meter) {
    std::uint64_t value = 0;
    (meter.*named).read(name, [&](const T& found) { value = (found.*counter).value(); });
    return value;
  });
}

void render(Page& page, const MetricFacts& facts, std::string_view name,
            Histogram Meter::*histogram) {
  page.begin(name);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
    count += total(facts, [&](const Meter& meter) { return (meter.*histogram).count(i); });
    const bool last = i == Histogram::kBounds.size();
    const std::string bound = last ? "+Inf" : fmt::format("{}", seconds(Histogram::kBounds[i]));
    page.line({{"le", bound}}, count, "_bucket");
  }
  const std::uint64_t micros =
      total(facts, [&](const Meter& meter) { return (meter.*histogram).sum_micros(); });
  page.line({}, seconds(static_cast<std::int64_t>(micros)), "_sum");
  page.line({}, count, "_count");
}

void render_configuration(Page& page, const MetricFacts& facts) {
  const policy::Snapshot& snapshot = facts.snapshot;
  page.begin("interlock_build_info");
  page.line({{"version", facts.version}}, 1);
  page.begin("interlock_config_info");
  page.line({{"policy", snapshot.id}}, 1);
  page.only("interlock_config_listeners", snapshot.listeners.size());
  page.only("interlock_config_services", snapshot.services.size());
  page.only("interlock_config_functions", snapshot.functions.size());
  page.only("interlock_config_devices", snapshot.devices.size());
  page.begin("interlock_config_reloads_total");
  page.line({{"result", "applied"}}, facts.reloads.applied);
  page.line({{"result", "unchanged"}}, facts.reloads.unchanged);
  page.line({{"result", "rejected"}}, facts.reloads.rejected);
  page.only("interlock_config_last_reload_successful", facts.reloads.last_successful ? 1 : 0);
  page.only("interlock_config_applied_timestamp_seconds", seconds(facts.snapshot_since));
}

void render_certificates(Page& page, const policy::Snapshot& snapshot) {
  page.begin("interlock_certificate_not_after_timestamp_seconds");
  for (const policy::Listener& each : snapshot.listeners) {
    page.line({{"listener", each.name}}, seconds(each.certificate.not_after));
  }
  const auto for_each_list = [&](std::string_view name, const auto& value) {
    page.begin(name);
    for (const auto& trust : snapshot.trusts) {
      for (const pki::CrlFacts& list : trust->crls()) {
        page.line({{"trust", trust->name()}, {"issuer", list.issuer}}, value(list));
      }
    }
  };
  for_each_list("interlock_crl_this_update_timestamp_seconds",
                [](const pki::CrlFacts& list) { return seconds(list.this_update); });
  for_each_list("interlock_crl_fresh_until_timestamp_seconds",
                [](const pki::CrlFacts& list) { return seconds(list.fresh_until); });
  for_each_list("interlock_crl_entries", [](const pki::CrlFacts& list) { return list.entries; });
}

void render_connections(Page& page, const MetricFacts& facts) {
  const auto count = [&](const policy::Listener& each, Counter session::ListenerMeter::*which) {
    return total(facts, &Meter::listeners, each.name, which);
  };
  page.begin("interlock_connections_accepted_total");
  for (const policy::Listener& each : facts.snapshot.listeners) {
    page.line({{"listener", each.name}}, count(each, &session::ListenerMeter::accepted));
  }
  page.begin("interlock_connections_open");
  for (const policy::Listener& each : facts.snapshot.listeners) {
    // Closed ones first: meanwhile others are accepted.
    const std::uint64_t closed = count(each, &session::ListenerMeter::closed);
    const std::uint64_t accepted = count(each, &session::ListenerMeter::accepted);
    page.line({{"listener", each.name}}, accepted - std::min(accepted, closed));
  }
  page.begin("interlock_handshakes_total");
  page.line({{"result", "full"}, {"reason", "none"}}, total(facts, &Meter::handshakes_full));
  page.line({{"result", "resumed"}, {"reason", "none"}}, total(facts, &Meter::handshakes_resumed));
  for (const Reason reason : all_reasons()) {
    page.line({{"result", "refused"}, {"reason", to_string(reason)}},
              total(facts, &Meter::handshakes_refused, reason));
  }
  render(page, facts, "interlock_handshake_duration_seconds", &Meter::handshake);
  page.begin("interlock_sessions_cut_total");
  for (const Reason reason : all_reasons()) {
    page.line({{"reason", to_string(reason)}}, total(facts, &Meter::cut, reason));
  }
}

void render_requests(Page& page, const MetricFacts& facts) {
  page.begin("interlock_decisions_total");
  page.line({{"reason", to_string(Reason::kNone)}}, total(facts, &Meter::decisions, Reason::kNone));
  for (const Reason reason : all_reasons()) {
    page.line({{"reason", to_string(reason)}}, total(facts, &Meter::decisions, reason));
  }
  render(page, facts, "interlock_request_duration_seconds", &Meter::request);
  render(page, facts, "interlock_service_first_byte_seconds", &Meter::first_byte);
  page.begin("interlock_received_bytes_total");
  page.line({{"peer", "client"}}, total(facts, &Meter::client_received_bytes));
  page.line({{"peer", "service"}}, total(facts, &Meter::service_received_bytes));
  page.begin("interlock_sent_bytes_total");
  page.line({{"peer", "client"}}, total(facts, &Meter::client_sent_bytes));
  page.line({{"peer", "service"}}, total(facts, &Meter::service_sent_bytes));
  page.begin("interlock_limits_reached_total");
  for (std::size_t i = 0; i < session::kNumLimits; ++i) {
    page.line({{"limit", to_string(static_cast<session::Limit>(i))}},
              total(facts, [&](const Meter& meter) { return meter.limits[i].value(); }));
  }
}

void render_services(Page& page, const MetricFacts& facts) {
  const auto counted = [&](std::string_view name, Counter session::ServiceMeter::*which) {
    page.begin(name);
    for (const auto& each : facts.snapshot.services) {
      page.line({{"service", each->name}}, total(facts, &Meter::services, each->name, which));
    }
  };
  counted("interlock_service_requests_total", &session::ServiceMeter::requests);
  counted("interlock_service_failures_total", &session::ServiceMeter::failures);
  counted("interlock_service_retries_total", &session::ServiceMeter::retries);

  const auto now = [&](std::string_view name, const auto& value) {
    page.begin(name);
    for (std::size_t i = 0; i < facts.services.size(); ++i) {
      page.line({{"service", facts.snapshot.services[i]->name}}, value(*facts.services[i]));
    }
  };
  now("interlock_service_requests_in_flight", [](const session::ServiceState& state) {
    std::uint64_t sum = 0;
    for (const auto& each : state.endpoints) sum += each->num_busy.load(std::memory_order_relaxed);
    return sum;
  });
  now("interlock_service_requests_waiting",
      [](const session::ServiceState& state) { return state.line.size(); });
  now("interlock_service_connections", [](const session::ServiceState& state) {
    return state.num_connections.load(std::memory_order_relaxed);
  });
}

void render_endpoints(Page& page, const MetricFacts& facts) {
  using Health = session::EndpointState::Health;
  constexpr std::pair<Health, std::string_view> kStates[] = {
      {Health::kUp, "up"}, {Health::kResting, "failing"}, {Health::kDown, "down"}};
  page.begin("interlock_service_endpoints");
  for (std::size_t i = 0; i < facts.services.size(); ++i) {
    const auto& endpoints = facts.services[i]->endpoints;
    for (const auto& [health, state] : kStates) {
      const Health counted = health;  // A lambda can take no part of a binding, says clang.
      const auto num =
          std::count_if(endpoints.begin(), endpoints.end(),
                        [counted](const auto& endpoint) { return endpoint->health() == counted; });
      page.line({{"service", facts.snapshot.services[i]->name}, {"state", state}}, num);
    }
  }
}

void render_process(Page& page, const MetricFacts& facts) {
  render(page, facts, "interlock_loop_delay_seconds", &Meter::tick_delay);
  page.only("interlock_audit_healthy", facts.audit.healthy ? 1 : 0);
  page.only("interlock_audit_records_total", facts.audit.last_seq);
  page.only("interlock_audit_disk_full", facts.audit.disk_full ? 1 : 0);
  page.only("interlock_audit_failures_total", facts.audit.num_failures);
  page.only("interlock_audit_lag_seconds", facts.audit.lag_seconds);
  page.only("interlock_audit_refusals_counted_total", total(facts, &Meter::refusals_counted));
  page.only("interlock_audit_records_not_accepted_total",
            total(facts, &Meter::records_not_accepted));
  page.only("interlock_audit_queue_bytes", facts.audit.queue_bytes);
  page.only("interlock_audit_queue_max_bytes", limits::kAuditQueueBytesMax);
  page.only("process_cpu_seconds_total", facts.process.cpu_seconds);
  page.only("process_resident_memory_bytes", facts.process.resident_bytes);
  page.only("process_open_fds", facts.process.open_fds);
  page.only("process_max_fds", facts.process.max_fds);
  page.only("process_start_time_seconds", seconds(facts.process.started));
}

}  // namespace

std::span<const Metric> all_metrics() { return kMetrics; }

std::string render_metrics(const MetricFacts& facts) {
  Page page;
  render_configuration(page, facts);
  render_certificates(page, facts.snapshot);
  render_connections(page, facts);
  render_requests(page, facts);
  render_services(page, facts);
  render_endpoints(page, facts);
  render_process(page, facts);
  return page.take();
}

}  // namespace interlock::control
