#include "control/device_acts.h"

#include <charconv>

#include <fmt/format.h>

#include "lifecycle/causes.h"
#include "lifecycle/intent_of.h"
#include "lifecycle/stages.h"

namespace interlock::control {
namespace {

using Refused = tl::unexpected<std::string>;

// What holds for every decision: a device that there is, a reason, and somebody who may.
std::optional<std::string> why_not(const policy::Snapshot& snapshot, const std::string& device,
                                   const std::string& reason, const Operator& by) {
  if (snapshot.device(device) == nullptr) {
    return fmt::format("the inventory has no device \"{}\"", device);
  }
  if (!by.security) {
    return fmt::format("{} may look, and decides nothing: ask root to do it", by.name);
  }
  if (reason.empty()) return "a reason is needed: it goes on record";
  if (reason.size() > limits::kFactSentenceBytesMax) {
    return fmt::format("the reason is longer than {} bytes", limits::kFactSentenceBytesMax);
  }
  return std::nullopt;
}

std::string words_of_causes() {
  std::vector<std::string_view> words;
  for (const Cause cause : kCauses) words.push_back(to_string(cause));
  return fmt::format("{}", fmt::join(words, ", "));
}

SubjectFacts facts_of(const SubjectFacts* known, const policy::Snapshot& snapshot,
                      const std::string& device, WallTime now) {
  if (known != nullptr) return *known;
  return lifecycle::new_facts({SubjectKind::kDevice, device},
                              lifecycle::intent_of(*snapshot.device(device)).initial_stage, now);
}

DeviceAct act_of(AuditEvent event, lifecycle::Step step, const char* verb,
                 const std::string& reason, const Operator& by, WallTime now) {
  DeviceAct act{.event = event, .facts = std::move(step.facts)};
  act.action = {.time = now,
                .by = by.name,
                .uid = by.uid,
                .verb = verb,
                .subject = act.facts.subject,
                .reason = reason,
                .detail = std::move(step.changed)};
  return act;
}

}  // namespace

tl::expected<DeviceAct, std::string> act_on(const QuarantineRequest& request,
                                            const policy::Snapshot& snapshot,
                                            const SubjectFacts* known, const Operator& by,
                                            WallTime now) {
  if (auto refused = why_not(snapshot, request.device, request.reason, by)) {
    return Refused(std::move(*refused));
  }
  if (request.for_ms < 0 || Millis{request.for_ms} > limits::kQuarantineMax) {
    return Refused("a quarantine ends after a time of more than nothing and at most 10 years");
  }
  HeldCause held{.cause = Cause::kOperator,
                 .since = now,
                 .until = {},
                 .evidence = request.reason,
                 .by = by.name};
  if (request.for_ms > 0) held.until = now + Millis{request.for_ms};
  DeviceAct act =
      act_of(AuditEvent::kDeviceQuarantined,
             lifecycle::quarantine(facts_of(known, snapshot, request.device, now), held),
             "quarantine", request.reason, by, now);
  act.worsens = true;
  return act;
}

tl::expected<DeviceAct, std::string> act_on(const ReleaseRequest& request,
                                            const policy::Snapshot& snapshot,
                                            const SubjectFacts* known, const Operator& by,
                                            WallTime now) {
  if (auto refused = why_not(snapshot, request.device, request.reason, by)) {
    return Refused(std::move(*refused));
  }
  const auto cause = cause_from_string(request.cause);
  if (!cause) {
    return Refused(
        fmt::format("\"{}\" is no cause of a quarantine: {}", request.cause, words_of_causes()));
  }
  auto step =
      lifecycle::release(facts_of(known, snapshot, request.device, now), *cause,
                         {.right = lifecycle::Release::kSecurityRole, .proved_at = now}, now);
  if (!step) return Refused(fmt::format("{}: {}", request.device, step.error().what));
  return act_of(AuditEvent::kDeviceReleased, std::move(*step), "release", request.reason, by, now);
}

DeviceReport report_of(const policy::Device& device, const SubjectFacts* known, bool available,
                       WallTime now) {
  DeviceReport report{.device = device.id,
                      .function = device.function->name,
                      .tier = device.tier != nullptr ? device.tier->name : "",
                      .site = std::string(device.site),
                      .stage = {},
                      .posture = {},
                      .reason = {},
                      .causes = {}};
  Standing standing;
  if (available) {
    standing = lifecycle::standing_of(known, lifecycle::intent_of(device), {}, now);
  }
  report.stage = to_string(standing.stage);
  report.posture = to_string(standing.posture);
  if (standing.reason != Reason::kNone) report.reason = to_string(standing.reason);
  if (known == nullptr) return report;
  for (const HeldCause& held : known->causes) {
    if (!standing.causes.has(held.cause)) continue;
    report.causes.push_back({.cause = std::string(to_string(held.cause)),
                             .since = held.since,
                             .until = held.until,
                             .evidence = held.evidence,
                             .by = held.by});
  }
  return report;
}

std::string account_name(std::string_view passwd, std::uint32_t uid) {
  while (!passwd.empty()) {
    const std::string_view line = passwd.substr(0, passwd.find('\n'));
    passwd.remove_prefix(std::min(passwd.size(), line.size() + 1));
    const std::size_t name_end = line.find(':');
    if (name_end == std::string_view::npos || name_end == 0) continue;
    const std::size_t uid_begin = line.find(':', name_end + 1);
    if (uid_begin == std::string_view::npos) continue;
    std::uint32_t found = 0;
    const char* begin = line.data() + uid_begin + 1;
    const auto [end, error] = std::from_chars(begin, line.data() + line.size(), found);
    if (error == std::errc() && end != line.data() + line.size() && *end == ':' && found == uid) {
      return std::string(line.substr(0, std::min(name_end, limits::kFactNameBytesMax)));
    }
  }
  return fmt::format("uid {}", uid);
}

}  // namespace interlock::control
