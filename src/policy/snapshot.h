// Snapshot: the whole of a configuration, compiled, checked and immutable. Data threads read it
// without a lock; a change is a new Snapshot, swapped whole.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/identity.h"
#include "pki/digest.h"
#include "pki/server_name.h"
#include "pki/trust.h"
#include "policy/client_limits.h"
#include "policy/device.h"
#include "policy/identities.h"
#include "policy/paths.h"
#include "policy/problem.h"

namespace interlock::policy {

struct Certificate {
  std::string chain_file, chain_pem;
  std::string key_file, key_pem;
  WallTime not_after;
  pki::Purpose purpose = pki::Purpose::kUnstated;
};

// ServiceTls says how a service is reached through TLS, and who it must be.
struct ServiceTls {
  std::shared_ptr<const pki::Trust> trust;  // For services.
  pki::ServerName server_name;
  std::optional<Certificate> certificate;  // Shown to a service that asks; nothing: none.
  bool allows_tls_1_2 = false;
  pki::Sha256 digest{};  // Differs where anything above does, down to the revocation lists.
  Position at;           // Where the block is written.
};

struct Service {
  std::string name;
  std::vector<Endpoint> endpoints;  // At least one; each serves the same.
  // What a kept connection is good for: differs where the name, an endpoint or `tls` does.
  std::string key;
  std::string health_path;  // Canonical, with its query; empty: no health checks.
  Millis health_interval = limits::kHealthInterval;
  std::uint32_t connections_max = limits::kServiceConnectionsDefault;  // Of all data threads.
  Millis queue_wait = limits::kServiceQueueWait;
  Millis connect_timeout = limits::kDialTimeout;
  Millis response_timeout = limits::kServiceTimeout;

  std::shared_ptr<const ServiceTls> tls = {};  // Null: in the clear.

  // authority is what the service is told as Host, whichever endpoint a request goes to. Through
  // TLS it is the name in its certificate: services refuse a Host that is not the name in TLS.
  [[nodiscard]] std::string authority() const;
};

// Rate is a budget that fills by `limit` operations in `per` and holds at most `burst`.
struct Rate {
  std::uint32_t limit = 1;
  Millis per{1000};
  std::uint32_t burst = 1;
  bool operator==(const Rate&) const = default;
};

struct Permit {
  std::string name;
  const Service* service = nullptr;
  std::vector<std::string> methods;  // At least one; case-sensitive.
  // Either `path` as written and its pattern, or `regex` (path_regex) as written, with the text
  // that every path it covers begins with; the others are empty.
  std::string path;
  PathPattern pattern;
  std::string regex;
  std::string regex_prefix;
  std::uint64_t body_bytes_max = 0;
  std::vector<std::string> content_types;  // "type/subtype", lower case; empty: any, or none.
  std::string upgrade;                     // A protocol, lower case; empty: none.
  bool essential = false;                  // It holds in quarantine too (model/scope.h).
  std::optional<Rate> rate;                // Nothing: as often as the device likes.

  [[nodiscard]] bool permits_method(std::string_view method) const;

  // only_reads says whether all it permits is GET and HEAD, without another protocol.
  [[nodiscard]] bool only_reads() const;

  // permits_content_type takes a whole Content-Type field value: what is malformed is permitted by
  // no permit that lists content types.
  [[nodiscard]] bool permits_content_type(std::string_view field_value) const;

  // permits_upgrade takes what a request asks for; nothing is always permitted.
  [[nodiscard]] bool permits_upgrade(std::string_view protocol) const;
};

// is_upgrade says whether a permit may name this protocol: one name, with a version or without.
bool is_upgrade(std::string_view protocol);

// is_permittable_method says whether a permit may name this method: capitals, and neither CONNECT
// nor TRACE, which the codec refuses.
bool is_permittable_method(std::string_view method);

// Function: a named allowlist. Permits stand in the order of their names, so that the order of
// lines and files never matters.
struct Function {
  std::string name;
  std::vector<Permit> permits;
  Paths paths;
  int min_assurance = 0;  // 0 to 3.
};

struct Tier {
  std::string name;
  std::optional<Millis> max_certificate_lifetime;
  bool hardware_backed_key = false;
  bool attestation = false;
};

struct Listener {
  std::string name;
  Endpoint address;
  std::vector<std::shared_ptr<const pki::Trust>> trusts;
  bool allows_tls_1_2 = false;
  Certificate certificate;
  Position at;  // Where its address is written.
};

// ReadFile is a file that a configuration was made of, as it was when it was read.
struct ReadFile {
  std::string path;
  pki::Sha256 sha256{};
  bool operator==(const ReadFile&) const = default;
};

// Where the settings are written that only the daemon can judge. Of those of the gateway itself all
// but admin_metrics hold for as long as the daemon runs.
struct Places {
  Position gateway_id, audit_file, audit_rotate, audit_keep, admin_socket, admin_metrics;
  Position connections;  // Of limits { }.
  Position state_dir;
};

// Snapshot owns everything the pointers inside it point to.
struct Snapshot {
  std::string id;               // First 16 hexadecimal digits of the SHA-256 of all of its files.
  std::vector<ReadFile> files;  // Ordered by path.
  std::vector<std::string> globs;  // Patterns whose matches were read.
  std::string gateway_id;
  std::string site;
  std::string audit_file;
  std::uint64_t audit_rotate_bytes = limits::kAuditRotateBytes;
  std::uint32_t audit_files_kept = limits::kAuditFilesKept;
  std::string admin_socket;               // Empty: none.
  std::string state_dir;                  // Empty: no facts are kept.
  std::optional<Endpoint> admin_metrics;  // Nothing: metrics are not served.
  Places places;
  ClientLimits limits;
  std::vector<std::shared_ptr<const pki::Trust>> trusts;
  std::vector<Listener> listeners;
  std::vector<std::unique_ptr<const Service>> services;
  std::vector<std::unique_ptr<const Tier>> tiers;
  std::vector<std::unique_ptr<const Function>> functions;
  const Function* remediation = nullptr;  // For quarantine; null: none.
  std::deque<Device> device_store;        // In the order of the inventory.
  std::set<std::string> site_names;       // Of devices.
  std::vector<const Device*> devices;     // Ordered by id.
  Identities identities;

  [[nodiscard]] const Listener* listener(std::string_view name) const;
  [[nodiscard]] const Device* device(std::string_view id) const;
  [[nodiscard]] const Function* function(std::string_view name) const;
};

}  // namespace interlock::policy
