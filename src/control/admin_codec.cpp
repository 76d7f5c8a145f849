#include "control/admin_codec.h"

#include <algorithm>

#include <interlock/admin.pb.h>

#include "base/limits.h"
#include "control/admin_devices.h"

namespace interlock::control {
namespace {

constexpr std::size_t kLengthBytes = 4;

tl::unexpected<Error> malformed(const char* what) {
  return fail(Errc::kMalformed, Origin::kClient, what);
}

std::string frame(const google::protobuf::MessageLite& message) {
  const std::string body = message.SerializeAsString();
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>((body.size() >> shift) & 0xff);
  }
  return out + body;
}

// Reads the message of a whole frame.
bool parse(std::string_view frame, std::size_t bytes_max, google::protobuf::MessageLite& into) {
  const auto len = frame_bytes(frame, bytes_max);
  if (!len || *len != frame.size()) return false;
  const std::string_view body = frame.substr(kLengthBytes);
  return into.ParseFromArray(body.data(), static_cast<int>(body.size()));
}

template <class Strings>
std::vector<std::string> strings(const Strings& from) {
  return {from.begin(), from.end()};
}

template <class Field>
void put(const std::vector<std::string>& from, Field* into) {
  for (const std::string& each : from) *into->Add() = each;
}

void put(const DiskReport& from, admin::Disk& into) {
  put(from.changed, into.mutable_changed());
  put(from.gone, into.mutable_gone());
  put(from.added, into.mutable_added());
  if (from.left_out > 0) into.set_left_out(from.left_out);
}

DiskReport get(const admin::Disk& from) {
  DiskReport into;
  into.changed = strings(from.changed());
  into.gone = strings(from.gone());
  into.added = strings(from.added());
  into.left_out = from.left_out();
  return into;
}

void put(const policy::Problem& from, admin::Problem& into) {
  into.set_file(from.at.file);
  into.set_line(from.at.line);
  into.set_column(from.at.column);
  into.set_message(from.message);
  if (!from.hint.empty()) into.set_hint(from.hint);
  if (from.warning) into.set_warning(true);
}

policy::Problem get(const admin::Problem& from) {
  return {{from.file(), from.line(), from.column()}, from.message(), from.hint(), from.warning()};
}

admin::Reload::Outcome put(ReloadReport::Outcome outcome) {
  switch (outcome) {
    case ReloadReport::Outcome::kApplied:
      return admin::Reload::APPLIED;
    case ReloadReport::Outcome::kUnchanged:
      return admin::Reload::UNCHANGED;
    case ReloadReport::Outcome::kRejected:
      break;
  }
  return admin::Reload::REJECTED;
}

ReloadReport::Outcome get(admin::Reload::Outcome outcome) {
  switch (outcome) {
    case admin::Reload::APPLIED:
      return ReloadReport::Outcome::kApplied;
    case admin::Reload::UNCHANGED:
      return ReloadReport::Outcome::kUnchanged;
    case admin::Reload::REJECTED:
      break;
  }
  return ReloadReport::Outcome::kRejected;
}

void put(const ReloadReport& from, admin::Reload& into) {
  into.set_outcome(put(from.outcome));
  into.set_asked_by(from.asked_by);
  into.set_at(from.at.ms);
  into.set_policy_before(from.policy_before);
  into.set_policy_after(from.policy_after);
  for (const policy::Problem& problem : from.problems) put(problem, *into.add_problem());
  if (!from.disk.empty()) put(from.disk, *into.mutable_disk());
}

ReloadReport get(const admin::Reload& from) {
  ReloadReport into{.outcome = get(from.outcome()),
                    .asked_by = from.asked_by(),
                    .at = {from.at()},
                    .policy_before = from.policy_before(),
                    .policy_after = from.policy_after(),
                    .problems = {},
                    .disk = get(from.disk())};
  for (const admin::Problem& problem : from.problem()) into.problems.push_back(get(problem));
  return into;
}

void put(const ListenerReport& from, admin::Listener& into) {
  into.set_name(from.name);
  into.set_address(from.address);
  into.set_protocol(from.protocol);
  put(from.tls, into.mutable_tls());
  put(from.trusts, into.mutable_trust());
  into.set_certificate_until(from.certificate_until.ms);
}

ListenerReport get(const admin::Listener& from) {
  return {.name = from.name(),
          .address = from.address(),
          .protocol = from.protocol(),
          .tls = strings(from.tls()),
          .trusts = strings(from.trust()),
          .certificate_until = {from.certificate_until()}};
}

void put(const TrustReport& from, admin::Trust& into) {
  into.set_name(from.name);
  into.set_no_revocation(from.no_revocation);
  for (const RevocationListReport& list : from.lists) {
    admin::RevocationList& made = *into.add_list();
    made.set_issuer(list.issuer);
    made.set_file(list.file);
    made.set_entries(list.entries);
    made.set_fresh_until(list.fresh_until.ms);
  }
}

TrustReport get(const admin::Trust& from) {
  TrustReport into{.name = from.name(), .no_revocation = from.no_revocation(), .lists = {}};
  for (const admin::RevocationList& list : from.list()) {
    into.lists.push_back({list.issuer(), list.file(), list.entries(), {list.fresh_until()}});
  }
  return into;
}

void put(const ServiceReport& from, admin::Service& into) {
  into.set_name(from.name);
  into.set_connections(from.connections);
  into.set_waiting(from.waiting);
  for (const EndpointReport& endpoint : from.endpoints) {
    admin::Endpoint& made = *into.add_endpoint();
    made.set_address(endpoint.address);
    made.set_health(endpoint.health);
    if (!endpoint.last_failure.empty()) made.set_last_failure(endpoint.last_failure);
  }
}

ServiceReport get(const admin::Service& from) {
  ServiceReport into{.name = from.name(),
                     .connections = from.connections(),
                     .waiting = from.waiting(),
                     .endpoints = {}};
  for (const admin::Endpoint& endpoint : from.endpoint()) {
    into.endpoints.push_back({endpoint.address(), endpoint.health(), endpoint.last_failure()});
  }
  return into;
}

void put(const StatusReport& from, admin::Status& into) {
  into.set_version(from.version);
  into.set_gateway_id(from.gateway_id);
  into.set_now(from.now.ms);
  into.set_started(from.started.ms);
  into.set_up_ms(from.up.ms);
  into.set_config_file(from.config_file);
  into.set_policy(from.policy);
  into.set_policy_since(from.policy_since.ms);
  for (const ListenerReport& each : from.listeners) put(each, *into.add_listener());
  for (const TrustReport& each : from.trusts) put(each, *into.add_trust());
  into.set_devices(from.num_devices);
  into.set_functions(from.num_functions);
  for (const ServiceReport& each : from.services) put(each, *into.add_service());
  for (const std::uint64_t sessions : from.sessions) into.add_sessions(sessions);
  into.set_sessions_max(from.sessions_max);
  into.set_audit_file(from.audit_file);
  into.set_audit_healthy(from.audit_healthy);
  into.set_audit_last_seq(from.audit_last_seq);
  if (from.last_reload) put(*from.last_reload, *into.mutable_last_reload());
  if (!from.state_trouble.empty()) into.set_state_trouble(from.state_trouble);
  if (from.num_quarantined > 0) into.set_quarantined(from.num_quarantined);
  if (!from.disk.empty()) put(from.disk, *into.mutable_disk());
}

StatusReport get(const admin::Status& from) {
  StatusReport into{.version = from.version(),
                    .gateway_id = from.gateway_id(),
                    .now = {from.now()},
                    .started = {from.started()},
                    .up = {from.up_ms()},
                    .config_file = from.config_file(),
                    .policy = from.policy(),
                    .policy_since = {from.policy_since()},
                    .listeners = {},
                    .trusts = {},
                    .services = {},
                    .num_devices = from.devices(),
                    .num_functions = from.functions(),
                    .sessions = {from.sessions().begin(), from.sessions().end()},
                    .sessions_max = from.sessions_max(),
                    .audit_file = from.audit_file(),
                    .audit_healthy = from.audit_healthy(),
                    .audit_last_seq = from.audit_last_seq(),
                    .last_reload = {},
                    .disk = get(from.disk())};
  for (const admin::Listener& each : from.listener()) into.listeners.push_back(get(each));
  for (const admin::Trust& each : from.trust()) into.trusts.push_back(get(each));
  for (const admin::Service& each : from.service()) into.services.push_back(get(each));
  if (from.has_last_reload()) into.last_reload = get(from.last_reload());
  into.state_trouble = from.state_trouble();
  into.num_quarantined = from.quarantined();
  return into;
}

}  // namespace

DiskReport report_of(DiskDifference difference) {
  DiskReport report;
  static_cast<DiskDifference&>(report) = std::move(difference);
  std::size_t room = limits::kAdminFilesShownMax;
  for (std::vector<std::string>* files : {&report.changed, &report.gone, &report.added}) {
    const std::size_t kept = std::min(room, files->size());
    report.left_out += files->size() - kept;
    files->resize(kept);
    room -= kept;
  }
  return report;
}

Result<std::optional<std::size_t>> frame_bytes(std::string_view received, std::size_t bytes_max) {
  if (received.size() < kLengthBytes) return std::optional<std::size_t>{};
  std::size_t len = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    len = len << 8 | static_cast<unsigned char>(received[i]);
  }
  if (len > bytes_max) return fail(Errc::kLimit, Origin::kClient, "the message is too long");
  return std::optional(kLengthBytes + len);
}

std::string encode(const AdminRequest& request) {
  admin::Request message;
  std::visit([&](const auto& each) { put(each, message); }, request);
  return frame(message);
}

std::string encode(const AdminResponse& response) {
  admin::Response message;
  if (const auto* refusal = std::get_if<Refusal>(&response)) {
    message.mutable_refusal()->set_reason(refusal->reason);
  } else if (const auto* status = std::get_if<StatusReport>(&response)) {
    put(*status, *message.mutable_status());
  } else if (const auto* reload = std::get_if<ReloadReport>(&response)) {
    put(*reload, *message.mutable_reload());
  } else if (const auto* devices = std::get_if<DevicesReport>(&response)) {
    put(*devices, *message.mutable_devices());
  } else {
    const auto& act = std::get<ActReport>(response);
    message.mutable_act()->set_done(act.done);
    if (!act.trouble.empty()) message.mutable_act()->set_trouble(act.trouble);
  }
  if (message.ByteSizeLong() > limits::kAdminResponseBytesMax) {
    message.mutable_refusal()->set_reason("the answer is longer than an answer may be");
  }
  return frame(message);
}

Result<AdminRequest> decode_request(std::string_view frame) {
  admin::Request message;
  if (!parse(frame, limits::kAdminRequestBytesMax, message)) {
    return malformed("the request is no message of this protocol");
  }
  // A request has one spelling: no field that this version does not know, none twice.
  AdminRequest request = get(message);
  if (encode(request) != frame) {
    return malformed("the request asks for something that this version does not know");
  }
  return request;
}

Result<AdminResponse> decode_response(std::string_view frame) {
  admin::Response message;
  if (!parse(frame, limits::kAdminResponseBytesMax, message)) {
    return malformed("the answer is no message of this protocol");
  }
  switch (message.response_case()) {
    case admin::Response::kRefusal:
      return Refusal{message.refusal().reason()};
    case admin::Response::kStatus:
      return get(message.status());
    case admin::Response::kReload:
      return get(message.reload());
    case admin::Response::kDevices:
      return get(message.devices());
    case admin::Response::kAct:
      return ActReport{message.act().done(), message.act().trouble()};
    case admin::Response::RESPONSE_NOT_SET:
      break;
  }
  return malformed("the answer is of a kind that this version does not know");
}

}  // namespace interlock::control
