// Verifies an audit log: is every record there, unaltered, and in its place? Bytes in, report out;
// it needs a page of memory whatever the size of the log, and can run beside the writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/line.h"
#include "audit/line_cutter.h"
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
  // 1-based: the line that was altered, or the first out of place. Where no line follows to tell
  // which of two neighbours was altered, the first of them.
  std::uint64_t line;
  std::uint64_t expected_seq;  // The record that belonged on the line where the break was noticed.
};

// VerifyReport describes the log as far as its chain can be followed.
struct VerifyReport {
  std::uint64_t num_records = 0;
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
  // Lines after a break are read on only as far as they tell what the break is.
  enum class Phase : std::uint8_t {
    kFollowing,      // No break so far.
    kAfterMismatch,  // Line N does not hold the hash of line N-1: which of the two was altered?
    kAfterGap,       // A number was skipped: does it come later?
    kAfterDamage,    // A line is no record: does the next one take its place, or the one after?
    kDone
  };

  void take_line(std::string_view line);
  void take_record(const Line& record, const Hash& hash);
  void follow(const Line& record, const Hash& hash);
  void break_at(std::uint64_t line, BreakKind kind, Phase next);

  Phase phase_ = Phase::kFollowing;
  VerifyReport report_;
  std::uint64_t line_ = 0;          // Number of the line last taken.
  std::uint64_t expected_seq_ = 1;  // The record that belongs on the next line ...
  Hash previous_{};                 // ... and the hash that it must hold.
  std::uint64_t gap_end_ = 0;       // kAfterGap: the first number that is there again.
  LineCutter lines_;
};

// verify_file runs a Verifier over the file. kIo when it cannot be read.
Result<VerifyReport> verify_file(const std::string& path);

}  // namespace interlock::audit
