// Verifies an audit log: is every record there, unaltered, and in its place? Bytes in, report out;
// it needs a page of memory whatever the size of the log, and can run beside the writer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/line.h"
#include "base/result.h"

namespace interlock::audit {

// BreakKind is what a break in the chain looks like.
enum class BreakKind : std::uint8_t {
  kAltered,         // The line was changed after it was written.
  kMissing,         // Records are gone: the numbers jump and the absent ones come nowhere later.
  kReordered,       // Records are there, but not in the order they were written.
  kIncompleteLine,  // The last line does not end: a crash, or a writer at work.
  kNotARecord,      // A line that is no audit record, where none is missing.
};

// to_string returns "altered", "missing", "reordered", "incomplete last line" or "not an audit
// record".
std::string_view to_string(BreakKind kind);

struct Break {
  BreakKind kind;
  std::uint64_t line;          // 1-based; the line that was altered, or the first out of place.
  std::uint64_t expected_seq;  // The record that belongs there.
};

struct VerifyReport {
  std::uint64_t num_records = 0;  // Good ones, before the first break.
  std::uint64_t first_seq = 0, last_seq = 0;
  std::string first_time, last_time;  // As written: RFC 3339, UTC.
  std::optional<Break> first_break;   // Nothing: the log is whole.
};

// Verifier reads a log from its first byte, in pieces of any size. The chain starts at record 1; it
// cannot tell that the *last* records were altered or cut off (FORMAT.md, "What the chain proves").
class Verifier {
 public:
  void feed(std::string_view bytes);

  // finish says that the log ends here and returns the report. Nothing may be fed after it.
  VerifyReport finish();

 private:
  // What the lines after a break are still needed for: to say what the break is.
  enum class Phase : std::uint8_t { kFollowing, kAfterMismatch, kAfterGap, kAfterDamage, kDone };

  void take_line(std::string_view line);
  void follow(std::string_view line, const Line& record);
  void broken(BreakKind kind, std::uint64_t line, Phase next);

  Phase phase_ = Phase::kFollowing;
  VerifyReport report_;
  std::uint64_t line_ = 0;  // Number of the line last taken.
  Hash previous_{};         // Of the line before; after a mismatch, of the line itself.
  std::string partial_;     // The line whose end was not fed yet.
  bool too_long_ = false;   // That line already passed kAuditLineBytesMax.
};

// verify_file runs a Verifier over the file. kIo when it cannot be read.
Result<VerifyReport> verify_file(const std::string& path);

}  // namespace interlock::audit
