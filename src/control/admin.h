// What is said on the admin socket, in our own words: include/interlock/admin.proto says what the
// fields mean and how they travel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "control/disk.h"
#include "policy/problem.h"

namespace interlock::control {

struct StatusRequest {
  bool operator==(const StatusRequest&) const = default;
};
struct ReloadRequest {
  bool operator==(const ReloadRequest&) const = default;
};
// DevicesRequest asks for one device, or for all where `device` is empty; with `quarantined` for
// those in quarantine alone.
struct DevicesRequest {
  std::string device;
  bool quarantined = false;
  bool operator==(const DevicesRequest&) const = default;
};
struct QuarantineRequest {
  std::string device, reason;
  std::int64_t for_ms = 0;  // 0: without an end.
  bool operator==(const QuarantineRequest&) const = default;
};
struct ReleaseRequest {
  std::string device, cause, reason;
  bool operator==(const ReleaseRequest&) const = default;
};
using AdminRequest =
    std::variant<StatusRequest, ReloadRequest, DevicesRequest, QuarantineRequest, ReleaseRequest>;

struct Refusal {
  std::string reason;
};

// DiskReport is a DiskDifference of at most limits::kAdminFilesShownMax names.
struct DiskReport : DiskDifference {
  std::uint64_t left_out = 0;
};
DiskReport report_of(DiskDifference difference);

struct ReloadReport {
  enum class Outcome : std::uint8_t { kApplied, kUnchanged, kRejected };
  Outcome outcome = Outcome::kRejected;
  std::string asked_by;
  WallTime at;
  std::string policy_before, policy_after;
  std::vector<policy::Problem> problems;
  DiskReport disk;
};

struct ListenerReport {
  std::string name, address, protocol;
  std::vector<std::string> tls, trusts;
  WallTime certificate_until;
};

struct RevocationListReport {
  std::string issuer, file;
  std::uint64_t entries = 0;
  WallTime fresh_until;
};

struct TrustReport {
  std::string name;
  bool no_revocation = false;
  std::vector<RevocationListReport> lists;
};

struct EndpointReport {
  std::string address;
  std::string health;        // "up"; "failing": requests fail; "down": its health checks fail.
  std::string last_failure;  // Also of an endpoint that is up again; empty: none.

  [[nodiscard]] bool up() const { return health == "up"; }
};

struct ServiceReport {
  std::string name;
  std::uint64_t connections = 0, waiting = 0;
  std::vector<EndpointReport> endpoints;
};

struct StatusReport {
  std::string version, gateway_id;
  WallTime now, started;
  Millis up;
  std::string config_file, policy;
  WallTime policy_since;
  std::vector<ListenerReport> listeners;
  std::vector<TrustReport> trusts;
  std::vector<ServiceReport> services;
  std::uint64_t num_devices = 0, num_functions = 0;
  std::vector<std::uint64_t> sessions;  // Of each worker.
  std::uint64_t sessions_max = 0;       // Of all together.
  std::string audit_file;
  bool audit_healthy = false;
  std::uint64_t audit_last_seq = 0;
  std::optional<ReloadReport> last_reload;
  DiskReport disk;
  std::string state_trouble;  // Why every device is refused; empty: the facts are there.
  std::uint64_t num_quarantined = 0;
};

struct CauseReport {
  std::string cause;
  WallTime since;
  std::optional<WallTime> until;
  std::string evidence, by;  // `by` is empty where the gateway itself found it.
};

// DeviceReport says where one device stands.
struct DeviceReport {
  std::string device, function, tier, site, stage, posture;
  std::string reason;  // What it is refused with beside its function; empty: nothing.
  std::vector<CauseReport> causes;
};

// DevicesReport lists devices in the order of their ids.
struct DevicesReport {
  std::vector<DeviceReport> devices;
  std::uint64_t left_out = 0;  // Beyond limits::kAdminDevicesShownMax.
};

// ActReport says what was done, in one sentence, and whether something about it needs a person.
struct ActReport {
  std::string done;
  std::string trouble;  // Empty: none.
};

using AdminResponse = std::variant<Refusal, StatusReport, ReloadReport, DevicesReport, ActReport>;

}  // namespace interlock::control
