// The audit format, version 1: one flat JSON object a line (FORMAT.md). A line is put together in
// two places: a data thread writes the record's own members, the writer thread what binds them to
// their place in the chain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "audit/line.h"
#include "model/audit_record.h"

namespace interlock::audit {

enum class FieldType : std::uint8_t { kInteger, kString, kNull };
enum class Presence : std::uint8_t { kAlways, kOptional };

struct Field {
  std::string_view name;
  FieldType type;
  Presence presence;
};

// fields lists every member of a line (fields.def), in the order they are written.
std::span<const Field> fields();

// to_string returns the event's word (FORMAT.md lists them): operation, gateway.start, ...
std::string_view to_string(AuditEvent event);

// event_words returns the words of all events.
std::span<const std::string_view> event_words();

// append_fields appends the record's own members, without braces and newline, and never more than
// kAuditLineBytesMax - kAuditEnvelopeBytesMax bytes: a text too long for its row in fields.def is
// cut and ends in kCutMark. Allocates only when `out` has to grow.
void append_fields(std::string& out, const AuditRecord& record);

// kCutMark ends a value that was cut.
constexpr std::string_view kCutMark = "\u2026[cut]";

// Envelope is what the writer puts around a record; the part that is the same on all lines is made
// once.
class Envelope {
 public:
  explicit Envelope(std::string_view gateway);

  // fits says whether every line stays within kAuditLineBytesMax.
  [[nodiscard]] bool fits() const;

  // append_line appends one whole line with its newline: `members` as append_fields wrote them,
  // as number `seq`, after a line whose hash is `prev`.
  void append_line(std::string& out, std::uint64_t seq, std::string_view members,
                   const Hash& prev) const;

 private:
  std::string constant_;
};

}  // namespace interlock::audit
