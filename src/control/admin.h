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

enum class AdminRequest : std::uint8_t { kStatus, kReload };

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
  std::string audit_file;
  bool audit_healthy = false;
  std::uint64_t audit_last_seq = 0;
  std::optional<ReloadReport> last_reload;
  DiskReport disk;
};

using AdminResponse = std::variant<Refusal, StatusReport, ReloadReport>;

}  // namespace interlock::control
