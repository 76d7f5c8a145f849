// interlock status: what the running gateway enforces, and what needs a person.
#include <algorithm>
#include <cstdio>
#include <numeric>

#include <fmt/format.h>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/reload_report.h"

namespace interlock::cli {
namespace {

using control::StatusReport;

// A length of time as people say it, in its largest unit.
std::string in_words(Millis length) {
  constexpr std::int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                         kDay = 24 * kHour;
  if (length.ms >= 2 * kDay) return fmt::format("{} days", length.ms / kDay);
  if (length.ms >= 2 * kHour) return fmt::format("{} hours", length.ms / kHour);
  if (length.ms >= 2 * kMinute) return fmt::format("{} minutes", length.ms / kMinute);
  return fmt::format("{} seconds", length.ms / kSecond);
}

std::string until(WallTime end, WallTime now) {
  if (end == kDistantFuture) return "without end";
  const std::string when = format_utc(end);
  return end < now ? fmt::format("{} ({} ago)", when, in_words(now - end))
                   : fmt::format("{} (in {})", when, in_words(end - now));
}

// Screen prints lines, and marks those that need a person.
class Screen {
 public:
  void line(const char* name, const std::string& text) { fmt::print("  {:<13} {}\n", name, text); }
  void alarm(const char* name, const std::string& text) { fmt::print("! {:<13} {}\n", name, text); }
  void line_or_alarm(bool good, const char* name, const std::string& text) {
    good ? line(name, text) : alarm(name, text);
  }
};

bool is_good(const control::ListenerReport& listener, WallTime now) {
  return listener.certificate_until >= now;
}

bool is_good(const control::RevocationListReport& list, WallTime now) {
  return list.fresh_until >= now;
}

bool is_good(const control::ReloadReport& reload) {
  return reload.outcome != control::ReloadReport::Outcome::kRejected;
}

// in_order says that nothing needs a person.
bool in_order(const StatusReport& status) {
  const auto good = [&](const auto& each) { return is_good(each, status.now); };
  return status.disk.empty() && status.audit_healthy && status.state_trouble.empty() &&
         status.num_quarantined == 0 && !status.listeners.empty() &&
         std::all_of(status.listeners.begin(), status.listeners.end(), good) &&
         std::all_of(status.trusts.begin(), status.trusts.end(),
                     [&](const control::TrustReport& trust) {
                       return std::all_of(trust.lists.begin(), trust.lists.end(), good);
                     }) &&
         std::all_of(status.services.begin(), status.services.end(),
                     [](const control::ServiceReport& service) {
                       return std::all_of(service.endpoints.begin(), service.endpoints.end(),
                                          [](const auto& endpoint) { return endpoint.up(); });
                     }) &&
         (!status.last_reload || is_good(*status.last_reload));
}

void print_listeners(const StatusReport& status, Screen& screen) {
  for (const control::ListenerReport& each : status.listeners) {
    screen.line("listener", fmt::format("{} on {}: {} over {}, trust {}", each.name, each.address,
                                        each.protocol, fmt::join(each.tls, " and "),
                                        fmt::join(each.trusts, ", ")));
    const bool good = is_good(each, status.now);
    screen.line_or_alarm(good, "",
                         fmt::format("its certificate {} {}", good ? "is good until" : "EXPIRED at",
                                     until(each.certificate_until, status.now)));
  }
  if (status.listeners.empty()) screen.alarm("listener", "none: nothing can connect");
}

void print_trusts(const StatusReport& status, Screen& screen) {
  for (const control::TrustReport& each : status.trusts) {
    if (each.no_revocation) {
      screen.line("trust", fmt::format("{}: revocation: NONE, nothing is ever revoked", each.name));
    }
    for (const control::RevocationListReport& list : each.lists) {
      const bool good = is_good(list, status.now);
      screen.line_or_alarm(
          good, "trust",
          fmt::format("{}: list of {} ({}, {} revoked) {} {}", each.name, list.issuer, list.file,
                      list.entries,
                      good ? "is fresh until" : "is STALE: its devices are refused since",
                      until(list.fresh_until, status.now)));
    }
  }
}

void print_services(const StatusReport& status, Screen& screen) {
  for (const control::ServiceReport& service : status.services) {
    for (const control::EndpointReport& endpoint : service.endpoints) {
      const bool good = endpoint.up();
      screen.line_or_alarm(good, "service",
                           good ? fmt::format("{} at {}: up", service.name, endpoint.address)
                                : fmt::format("{} at {}: {}: {}", service.name, endpoint.address,
                                              endpoint.health == "down" ? "DOWN" : "FAILING",
                                              endpoint.last_failure));
    }
    if (service.waiting > 0) {
      screen.line("", fmt::format("{} requests wait for one of its {} connections", service.waiting,
                                  service.connections));
    }
  }
}

void print_reload(const control::ReloadReport& reload, Screen& screen) {
  const bool good = is_good(reload);
  screen.line_or_alarm(good, "last reload",
                       fmt::format("{} at {}, asked by {}", to_string(reload.outcome),
                                   format_utc(reload.at), reload.asked_by));
  if (good) return;
  for (const policy::Problem& problem : reload.problems) {
    if (!problem.warning) fmt::print("{}\n", policy::to_string(problem));
  }
}

void print_text(const StatusReport& status) {
  Screen screen;
  fmt::print("interlockd {}, gateway {}\n", status.version, status.gateway_id);
  screen.line("running",
              fmt::format("for {}, since {}", in_words(status.up), format_utc(status.started)));
  screen.line("configuration", status.config_file);
  screen.line("policy",
              fmt::format("{}, in force since {}", status.policy, format_utc(status.policy_since)));
  screen.line("", fmt::format("devices: {}, functions: {}, services: {}", status.num_devices,
                              status.num_functions, status.services.size()));
  if (status.disk.empty()) {
    screen.line("disk", "as running");
  } else {
    screen.alarm("disk", fmt::format("DIFFERS from running: {}", describe(status.disk)));
    screen.line("", "interlock check says whether it is in order, interlock reload takes it");
  }
  print_listeners(status, screen);
  print_trusts(status, screen);
  print_services(status, screen);
  if (!status.state_trouble.empty()) {
    screen.alarm("devices", fmt::format("EVERY DEVICE IS REFUSED: {}", status.state_trouble));
  } else if (status.num_quarantined > 0) {
    screen.alarm("devices", fmt::format("{} in quarantine (interlock devices list --quarantined)",
                                        status.num_quarantined));
  }
  const auto sessions =
      std::accumulate(status.sessions.begin(), status.sessions.end(), std::uint64_t{0});
  std::string open = fmt::format("{} of at most {}", sessions, status.sessions_max);
  if (status.sessions.size() > 1) {
    open += fmt::format(" (by data thread: {})", fmt::join(status.sessions, ", "));
  }
  screen.line("sessions", open);
  screen.line_or_alarm(
      status.audit_healthy, "audit",
      fmt::format("{} {}, last record {}", status.audit_file,
                  status.audit_healthy ? "is written" : "CANNOT BE WRITTEN: everything is refused",
                  status.audit_last_seq));
  if (status.last_reload) {
    print_reload(*status.last_reload, screen);
  } else {
    screen.line("last reload", "none since the start");
  }
}

void write_listeners(JsonWriter& json, const StatusReport& status) {
  json.begin_array();
  for (const control::ListenerReport& each : status.listeners) {
    json.begin_object().member("name", each.name).member("address", each.address);
    json.member("protocol", each.protocol).key("tls").begin_array();
    for (const std::string& version : each.tls) json.value(version);
    json.end_array().key("trusts").begin_array();
    for (const std::string& trust : each.trusts) json.value(trust);
    json.end_array().member("certificate_until", format_utc(each.certificate_until));
    json.member("certificate_expired", each.certificate_until < status.now).end_object();
  }
  json.end_array();
}

void write_trusts(JsonWriter& json, const StatusReport& status) {
  json.begin_array();
  for (const control::TrustReport& each : status.trusts) {
    json.begin_object().member("name", each.name).member("no_revocation", each.no_revocation);
    json.key("lists").begin_array();
    for (const control::RevocationListReport& list : each.lists) {
      json.begin_object().member("issuer", list.issuer).member("file", list.file);
      json.member("entries", list.entries).member("fresh_until", format_utc(list.fresh_until));
      json.member("stale", list.fresh_until < status.now).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void write_services(JsonWriter& json, const StatusReport& status) {
  json.begin_array();
  for (const control::ServiceReport& service : status.services) {
    json.begin_object().member("name", service.name).member("connections", service.connections);
    json.member("waiting", service.waiting).key("endpoints").begin_array();
    for (const control::EndpointReport& endpoint : service.endpoints) {
      json.begin_object().member("address", endpoint.address).member("health", endpoint.health);
      if (!endpoint.last_failure.empty()) json.member("last_failure", endpoint.last_failure);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void print_json(const StatusReport& status) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .member("ok", in_order(status))
      .member("version", status.version)
      .member("gateway", status.gateway_id);
  json.member("now", format_utc(status.now)).member("started", format_utc(status.started));
  json.member("up_seconds", status.up.ms / 1000).member("config", status.config_file);
  json.member("policy", status.policy).member("policy_since", format_utc(status.policy_since));
  json.member("devices", status.num_devices).member("functions", status.num_functions);
  json.key("disk");
  write(json, status.disk);
  json.member("quarantined", status.num_quarantined);
  if (!status.state_trouble.empty()) json.member("state_trouble", status.state_trouble);
  json.key("services");
  write_services(json, status);
  json.key("listeners");
  write_listeners(json, status);
  json.key("trusts");
  write_trusts(json, status);
  json.key("sessions").begin_array();
  for (const std::uint64_t each : status.sessions) json.value(each);
  json.end_array()
      .member("sessions_max", status.sessions_max)
      .key("audit")
      .begin_object()
      .member("file", status.audit_file);
  json.member("healthy", status.audit_healthy).member("last_seq", status.audit_last_seq);
  json.end_object();
  if (status.last_reload) {
    json.key("last_reload");
    write(json, *status.last_reload);
  }
  json.end_object();
  fmt::print("{}\n", out);
}

}  // namespace

int status(const StatusOptions& options) {
  const auto answer = ask_gateway(options.socket, control::StatusRequest{},
                                  {std::int64_t{options.timeout_s} * 1000});
  if (!answer) {
    fmt::print(stderr, "interlock status: {}\n", answer.error());
    return kExitError;
  }
  const auto* report = std::get_if<StatusReport>(&*answer);
  if (report == nullptr) {
    fmt::print(stderr, "interlock status: {}: the gateway answered something else\n",
               options.socket);
    return kExitError;
  }
  options.json ? print_json(*report) : print_text(*report);
  return in_order(*report) ? kExitOk : kExitFailed;
}

}  // namespace interlock::cli
