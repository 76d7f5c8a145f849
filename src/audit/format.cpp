#include "audit/format.h"

#include <array>
#include <charconv>
#include <iterator>

#include "base/hex.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

namespace interlock::audit {
namespace {

constexpr Field kFields[] = {
#define AUDIT_TYPE_integer FieldType::kInteger
#define AUDIT_TYPE_string FieldType::kString
#define AUDIT_TYPE_null FieldType::kNull
#define AUDIT_PRESENCE_always Presence::kAlways
#define AUDIT_PRESENCE_optional Presence::kOptional
#define AUDIT_FIELD(name, type, presence) {#name, AUDIT_TYPE_##type, AUDIT_PRESENCE_##presence},
#define AUDIT_TEXT(name, bytes_max) {#name, FieldType::kString, Presence::kOptional},
#include "audit/fields.def"
#undef AUDIT_FIELD
#undef AUDIT_TEXT
};

static_assert(std::size(kFields) <= 64, "parse_line marks each with a bit");

// `,"name":""` and the longest value of every text; the members written by name need no more than
// 512 bytes, most of it their names and the reason.
constexpr std::size_t kTextBytesMax = 0
#define AUDIT_FIELD(name, type, presence)
#define AUDIT_TEXT(name, bytes_max) +(sizeof(#name) + 5 + (bytes_max))
#include "audit/fields.def"
#undef AUDIT_FIELD
#undef AUDIT_TEXT
    ;
static_assert(kTextBytesMax + 512 + limits::kAuditEnvelopeBytesMax <= limits::kAuditLineBytesMax,
              "a line holds every text at its longest");

constexpr std::string_view kHashStart = R"(,"facts_epoch":0,"checkpoint":null,"prev":")";
constexpr std::string_view kLineEnd = "\"}\n";
constexpr std::size_t kSeqDigitsMax = 20;

// cut shortens the JSON string that begins at `start` in `out`, without splitting an escape or a
// character, so that it ends in the mark and has `bytes_max` bytes between the quotes at most.
void cut(std::string& out, std::size_t start, std::size_t bytes_max) {
  const std::string_view text = std::string_view(out).substr(start);
  const std::size_t room = bytes_max - kCutMark.size();
  std::size_t end = 0;
  while (true) {
    std::size_t len = utf8_sequence_len(text.substr(end));
    if (text[end] == '\\') len = text[end + 1] == 'u' ? 6 : 2;
    if (end + len > room) break;
    end += len;
  }
  out.resize(start + end);
  out += kCutMark;
  out.push_back('"');
}

// append_text appends a member; `key` is its name as JSON, with the comma before it.
void append_text(std::string& out, std::string_view key, std::string_view text,
                 std::size_t bytes_max) {
  if (text.empty()) return;
  out += key;
  const std::size_t start = out.size() + 1;  // After the quote.
  // JSON never shortens a text, so what lies beyond the bound cannot be shown anyway.
  JsonWriter(out).value(text.substr(0, bytes_max + 1));
  if (out.size() - 1 - start > bytes_max) cut(out, start, bytes_max);
}

// decision_of is the word for what was decided; empty for events that decide nothing.
std::string_view decision_of(const AuditRecord& record) {
  switch (record.event) {
    case AuditEvent::kOperation:
    case AuditEvent::kHandshake:
      return record.reason == Reason::kNone ? "allow" : "deny";
    case AuditEvent::kRefusalsCounted:
      return "deny";
    case AuditEvent::kService:
    case AuditEvent::kGatewayStart:
    case AuditEvent::kGatewayStop:
    case AuditEvent::kConfigApplied:
    case AuditEvent::kConfigRejected:
    case AuditEvent::kDeviceQuarantined:
    case AuditEvent::kDeviceReleased:
    case AuditEvent::kServiceDown:
    case AuditEvent::kServiceUp:
    case AuditEvent::kTunnelEnd:
    case AuditEvent::kAuditRepaired:
    case AuditEvent::kAuditRotated:
    case AuditEvent::kAuditFull:
    case AuditEvent::kAuditRoom:
      return "";
  }
  return "";
}

}  // namespace

std::span<const Field> fields() { return kFields; }

std::string_view to_string(AuditEvent event) {
  switch (event) {
    case AuditEvent::kOperation:
      return "operation";
    case AuditEvent::kHandshake:
      return "handshake";
    case AuditEvent::kService:
      return "service";
    case AuditEvent::kGatewayStart:
      return "gateway.start";
    case AuditEvent::kGatewayStop:
      return "gateway.stop";
    case AuditEvent::kConfigApplied:
      return "config.applied";
    case AuditEvent::kConfigRejected:
      return "config.rejected";
    case AuditEvent::kDeviceQuarantined:
      return "device.quarantined";
    case AuditEvent::kDeviceReleased:
      return "device.released";
    case AuditEvent::kServiceDown:
      return "service.down";
    case AuditEvent::kServiceUp:
      return "service.up";
    case AuditEvent::kTunnelEnd:
      return "tunnel.end";
    case AuditEvent::kAuditRepaired:
      return "audit.repaired";
    case AuditEvent::kAuditRotated:
      return "audit.rotated";
    case AuditEvent::kAuditFull:
      return "audit.full";
    case AuditEvent::kAuditRoom:
      return "audit.room";
    case AuditEvent::kRefusalsCounted:
      return "refusals.counted";
  }
  return "";
}

std::span<const std::string_view> event_words() {
  using enum AuditEvent;
  static const std::array words = {
      to_string(kOperation),      to_string(kHandshake),         to_string(kService),
      to_string(kGatewayStart),   to_string(kGatewayStop),       to_string(kConfigApplied),
      to_string(kConfigRejected), to_string(kDeviceQuarantined), to_string(kDeviceReleased),
      to_string(kServiceDown),    to_string(kServiceUp),         to_string(kTunnelEnd),
      to_string(kAuditRepaired),  to_string(kAuditRotated),      to_string(kAuditFull),
      to_string(kAuditRoom),      to_string(kRefusalsCounted)};
  return words;
}

void append_fields(std::string& out, const AuditRecord& record) {
  JsonWriter json(out);
  const auto time = utc_text(record.time);
  json.member("time", std::string_view(time.data(), time.size()));
  json.member("event", to_string(record.event));
  if (const auto decision = decision_of(record); !decision.empty()) {
    json.member("decision", decision);
  }
  if (record.reason != Reason::kNone) json.member("reason", to_string(record.reason));
  if (record.session != 0) json.member("session", record.session);
  if (record.status > 0) json.member("status", record.status);
  if (record.oldest_seq != 0) json.member("oldest_seq", record.oldest_seq);
  if (record.suppressed != 0) json.member("suppressed", record.suppressed);
#define AUDIT_FIELD(name, type, presence)
#define AUDIT_TEXT(name, bytes_max) append_text(out, ",\"" #name "\":", record.name, bytes_max);
#include "audit/fields.def"
#undef AUDIT_FIELD
#undef AUDIT_TEXT
}

Envelope::Envelope(std::string_view gateway) {
  constant_.push_back(',');
  JsonWriter(constant_).member("gateway", gateway);
  constant_ += kHashStart;
}

bool Envelope::fits() const {
  return kLineStart.size() + kSeqDigitsMax + 1 + constant_.size() + 2 * sizeof(Hash) +
             kLineEnd.size() <=
         limits::kAuditEnvelopeBytesMax;
}

void Envelope::append_line(std::string& out, std::uint64_t seq, std::string_view members,
                           const Hash& prev) const {
  char digits[kSeqDigitsMax];
  out += kLineStart;
  out.append(digits, std::to_chars(digits, digits + sizeof digits, seq).ptr);
  out.push_back(',');
  out += members;
  out += constant_;
  append_hex(out, prev);
  out += kLineEnd;
}

}  // namespace interlock::audit
