#include "control/admin_devices.h"

namespace interlock::control {
namespace {

void put(const DeviceReport& from, admin::Device& into) {
  into.set_device(from.device);
  into.set_function(from.function);
  if (!from.tier.empty()) into.set_tier(from.tier);
  if (!from.site.empty()) into.set_site(from.site);
  into.set_stage(from.stage);
  into.set_posture(from.posture);
  if (!from.reason.empty()) into.set_reason(from.reason);
  for (const CauseReport& each : from.causes) {
    admin::Cause& cause = *into.add_cause();
    cause.set_cause(each.cause);
    cause.set_since(each.since.ms);
    if (each.until) cause.set_until(each.until->ms);
    cause.set_evidence(each.evidence);
    if (!each.by.empty()) cause.set_by(each.by);
  }
}

DeviceReport get(const admin::Device& from) {
  DeviceReport into{.device = from.device(),
                    .function = from.function(),
                    .tier = from.tier(),
                    .site = from.site(),
                    .stage = from.stage(),
                    .posture = from.posture(),
                    .reason = from.reason(),
                    .causes = {}};
  for (const admin::Cause& each : from.cause()) {
    CauseReport cause{.cause = each.cause(),
                      .since = {each.since()},
                      .until = {},
                      .evidence = each.evidence(),
                      .by = each.by()};
    if (each.has_until()) cause.until = WallTime{each.until()};
    into.causes.push_back(std::move(cause));
  }
  return into;
}

}  // namespace

void put(const StatusRequest&, admin::Request& into) { into.mutable_status(); }
void put(const ReloadRequest&, admin::Request& into) { into.mutable_reload(); }

void put(const DevicesRequest& from, admin::Request& into) {
  admin::Request::Devices& devices = *into.mutable_devices();
  if (!from.device.empty()) devices.set_device(from.device);
  if (from.quarantined) devices.set_quarantined(true);
}

void put(const QuarantineRequest& from, admin::Request& into) {
  admin::Request::Quarantine& quarantine = *into.mutable_quarantine();
  quarantine.set_device(from.device);
  quarantine.set_reason(from.reason);
  if (from.for_ms != 0) quarantine.set_for_ms(from.for_ms);
}

void put(const ReleaseRequest& from, admin::Request& into) {
  admin::Request::Release& release = *into.mutable_release();
  release.set_device(from.device);
  release.set_cause(from.cause);
  release.set_reason(from.reason);
}

AdminRequest get(const admin::Request& from) {
  switch (from.request_case()) {
    case admin::Request::kReload:
      return ReloadRequest{};
    case admin::Request::kDevices:
      return DevicesRequest{from.devices().device(), from.devices().quarantined()};
    case admin::Request::kQuarantine:
      return QuarantineRequest{from.quarantine().device(), from.quarantine().reason(),
                               from.quarantine().for_ms()};
    case admin::Request::kRelease:
      return ReleaseRequest{from.release().device(), from.release().cause(),
                            from.release().reason()};
    case admin::Request::kStatus:
    case admin::Request::REQUEST_NOT_SET:
      break;
  }
  return StatusRequest{};
}

void put(const DevicesReport& from, admin::Devices& into) {
  for (const DeviceReport& each : from.devices) put(each, *into.add_device());
  if (from.left_out > 0) into.set_left_out(from.left_out);
}

DevicesReport get(const admin::Devices& from) {
  DevicesReport into;
  for (const admin::Device& each : from.device()) into.devices.push_back(get(each));
  into.left_out = from.left_out();
  return into;
}

}  // namespace interlock::control
