// interlock devices: where devices stand, and what a person decides about them.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "policy/units.h"

namespace interlock::cli {
namespace {

using control::DeviceReport;

// ask asks the running gateway, and returns its answer where that is one of the wanted kind.
template <class Wanted>
std::optional<Wanted> ask(const GatewayOptions& options, const char* command,
                          const control::AdminRequest& request) {
  const auto answer =
      ask_gateway(options.socket, request, {std::int64_t{options.timeout_s} * 1000});
  if (!answer) {
    fmt::print(stderr, "interlock devices {}: {}\n", command, answer.error());
    return std::nullopt;
  }
  if (const auto* wanted = std::get_if<Wanted>(&*answer)) return *wanted;
  fmt::print(stderr, "interlock devices {}: {}: the gateway answered something else\n", command,
             options.socket);
  return std::nullopt;
}

void write(JsonWriter& json, const DeviceReport& device) {
  json.begin_object().member("device", device.device).member("function", device.function);
  if (!device.tier.empty()) json.member("tier", device.tier);
  if (!device.site.empty()) json.member("site", device.site);
  json.member("stage", device.stage).member("posture", device.posture);
  if (!device.reason.empty()) json.member("reason", device.reason);
  json.key("causes").begin_array();
  for (const control::CauseReport& cause : device.causes) {
    json.begin_object().member("cause", cause.cause).member("since", format_utc(cause.since));
    if (cause.until) json.member("until", format_utc(*cause.until));
    json.member("evidence", cause.evidence);
    if (!cause.by.empty()) json.member("by", cause.by);
    json.end_object();
  }
  json.end_array().end_object();
}

std::string causes_of(const DeviceReport& device) {
  std::vector<std::string_view> words;
  for (const control::CauseReport& cause : device.causes) words.push_back(cause.cause);
  if (words.empty() && device.reason != "") return device.reason;
  return fmt::format("{}", fmt::join(words, ", "));
}

void print_table(const control::DevicesReport& report) {
  constexpr std::size_t kWidestId = 32;
  std::size_t width = 6;
  for (const DeviceReport& each : report.devices) {
    width = std::max(width, std::min(kWidestId, each.device.size()));
  }
  fmt::print("{:<{}}  {:<8}  {:<11}  {:<20}  {}\n", "DEVICE", width, "STAGE", "POSTURE", "FUNCTION",
             "WHY");
  for (const DeviceReport& each : report.devices) {
    fmt::print("{:<{}}  {:<8}  {:<11}  {:<20}  {}\n", each.device, width, each.stage, each.posture,
               each.function, causes_of(each));
  }
  if (report.left_out > 0) {
    fmt::print("and {} more: name one (interlock devices show ID), or ask for --quarantined\n",
               report.left_out);
  }
}

void print_story(const DeviceReport& device) {
  const auto line = [](const char* name, const std::string& text) {
    if (!text.empty()) fmt::print("  {:<10} {}\n", name, text);
  };
  fmt::print("{}\n", device.device);
  line("function", device.function);
  line("tier", device.tier);
  line("site", device.site);
  line("stage", device.stage);
  line("posture", device.posture);
  for (const control::CauseReport& cause : device.causes) {
    line("cause", fmt::format("{}, since {}{}", cause.cause, format_utc(cause.since),
                              cause.until ? ", until " + format_utc(*cause.until) : ""));
    line("", fmt::format("{}{}", cause.evidence, cause.by.empty() ? "" : " (" + cause.by + ")"));
  }
  if (!device.reason.empty()) {
    line("refused", fmt::format("{}: interlock help {}", device.reason, device.reason));
  }
}

int say_done(const DeviceActOptions& options, const control::ActReport& report) {
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("done", report.done);
    if (!report.trouble.empty()) json.member("trouble", report.trouble);
    json.end_object();
    fmt::print("{}\n", out);
  } else {
    fmt::print("{}\n", report.done);
    if (!report.trouble.empty()) fmt::print(stderr, "but {}\n", report.trouble);
  }
  return report.trouble.empty() ? kExitOk : kExitFailed;
}

}  // namespace

int devices_list(const DevicesListOptions& options) {
  const auto report = ask<control::DevicesReport>(
      options, "list", control::DevicesRequest{.device = {}, .quarantined = options.quarantined});
  if (!report) return kExitError;
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("devices").begin_array();
    for (const DeviceReport& each : report->devices) write(json, each);
    json.end_array().member("left_out", report->left_out).end_object();
    fmt::print("{}\n", out);
  } else if (report->devices.empty()) {
    fmt::print("{}\n", options.quarantined ? "no device is in quarantine" : "there is no device");
  } else {
    print_table(*report);
  }
  return kExitOk;
}

int devices_show(const DevicesShowOptions& options) {
  const auto report = ask<control::DevicesReport>(
      options, "show", control::DevicesRequest{.device = options.device, .quarantined = false});
  if (!report || report->devices.empty()) return kExitError;
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    write(json, report->devices.front());
    fmt::print("{}\n", out);
  } else {
    print_story(report->devices.front());
  }
  return kExitOk;
}

int devices_quarantine(const DeviceActOptions& options) {
  std::int64_t for_ms = 0;
  if (!options.length.empty()) {
    const auto length = policy::parse_duration(options.length);
    if (!length || length->ms <= 0) {
      fmt::print(stderr,
                 "interlock devices quarantine: \"{}\" is no length of time: write \"4h\" or "
                 "\"30m\"\n",
                 options.length);
      return kExitError;
    }
    for_ms = length->ms;
  }
  const auto report = ask<control::ActReport>(
      options, "quarantine", control::QuarantineRequest{options.device, options.reason, for_ms});
  return report ? say_done(options, *report) : kExitError;
}

int devices_release(const DeviceActOptions& options) {
  const auto report = ask<control::ActReport>(
      options, "release", control::ReleaseRequest{options.device, options.cause, options.reason});
  return report ? say_done(options, *report) : kExitError;
}

}  // namespace interlock::cli
