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
  kDeviceQuarantined,  // A device got a cause of quarantine.
  kDeviceReleased,     // A cause of its quarantine ended.
  kServiceDown,        // An endpoint of a service stopped answering.
  kServiceUp,          // It answers again.
  kTunnelEnd,          // An operation that went on in another protocol is over.
  kAuditRepaired,      // An incomplete last line, left by a crash, was cut off.
  kAuditRotated,       // The first record of a file that follows another; says what is still kept.
  kAuditFull,          // The disk is full: operations are refused from here on ...
  kAuditRoom,          // ... until there is room again.
  kRefusalsCounted     // Refusals of one caller and reason that have no record of their own.
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
  std::string_view permit;        // The permit that matched; on a denial the nearest one.
  std::string_view detail;        // One plain sentence: what differed, which rule was broken.
  int status = 0;                 // The protocol's own answer code; 0: none.
  std::uint64_t oldest_seq = 0;   // The oldest record that is kept; 0: not said.
  std::uint64_t suppressed = 0;   // Refusals that were counted in place of a record of their own...
  std::string_view since, until;  // ... and when the first and the last of them happened.
  std::string_view policy;        // Id of the configuration that was in force.
};

}  // namespace interlock
