// What is written down about a decision, a refused handshake, or the gateway itself. Field by field
// the audit format (src/audit/FORMAT.md); views are read at once by the sink and need not outlive
// the call.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "interlock/reason.h"

namespace interlock {

enum class AuditEvent : std::uint8_t {
  kOperation,       // One operation was judged: allow or deny.
  kHandshake,       // A TLS handshake or a whole connection was refused before any operation.
  kService,         // A permitted operation was not answered as it should be (502, 504, cut short).
  kGatewayStart,    // The daemon began to listen.
  kGatewayStop,     // The daemon stopped in an orderly way.
  kConfigApplied,   // A reload put another configuration in force, or found nothing changed.
  kConfigRejected,  // A reload was refused; the configuration in force stays.
  kServiceDown,     // An endpoint of a service stopped answering.
  kServiceUp,       // It answers again.
  kAuditRepaired    // An incomplete last line, left by a crash, was cut off.
};

struct AuditRecord {
  AuditEvent event = AuditEvent::kOperation;
  WallTime time;
  Reason reason = Reason::kNone;  // kNone: allowed (or an event that refuses nothing).
  std::string_view denial_id;     // 32 hexadecimal digits; empty where nothing was refused.
  std::uint64_t session = 0;      // Number of the connection since start; 0: none.
  std::string_view peer;          // "192.0.2.7:40112".
  std::string_view listener;
  std::string_view trust;
  std::string_view spki;    // SHA-256 of the client's public key, hexadecimal.
  std::string_view serial;  // Certificate serial number, hexadecimal.
  std::string_view device;
  std::string_view function;
  std::string_view tier;
  std::string_view protocol;  // "http".
  std::string_view method;
  std::string_view path;  // Canonical, without the query.
  std::string_view service;
  std::string_view permit;  // The permit that matched; on a denial the nearest one.
  std::string_view detail;  // One plain sentence: what differed, which rule was broken.
  int status = 0;           // The protocol's own answer code; 0: none.
  std::string_view policy;  // Id of the configuration that was in force.
};

}  // namespace interlock
