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
  std::string break_file;             // The file that holds the break's line, of a log on disk.
};

// Verifier reads a log from its first byte, in pieces of any size. The chain starts at record 1, or
// where the records before it were deleted in order: then nothing says what that one follows. It
// cannot tell that the *last* records were altered or cut off (FORMAT.md, "What the chain proves").
class Verifier {
 public:
  explicit Verifier(std::uint64_t first_seq = 1)
      : first_seq_(first_seq), expected_seq_(first_seq) {}

  void feed(std::string_view bytes);

  // end_file says that one file ends and the next begins: what is left of a line is damaged.
  void end_file() {
    if (lines_.is_partial()) feed("\n");
  }

  // is_partial says whether the beginning of a line was fed whose end was not.
  [[nodiscard]] bool is_partial() const { return lines_.is_partial(); }

  // num_lines counts the lines so far.
  [[nodiscard]] std::uint64_t num_lines() const { return line_; }

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
  std::uint64_t line_ = 0;  // Number of the line last taken.
  const std::uint64_t first_seq_;
  std::uint64_t expected_seq_;  // The record that belongs on the next line ...
  Hash previous_{};             // ... and the hash that it must hold.
  std::uint64_t gap_end_ = 0;   // kAfterGap: the first number that is there again.
  LineCutter lines_;
};

// verify_log runs a Verifier over the files of a log (log_files.h), or over one that was put aside.
// Records before the oldest one that the newest file says are kept may be absent. A break's line is
// that of its file. Where the last line is incomplete it waits a moment: a writer may be at work.
// kIo when a file cannot be read.
Result<VerifyReport> verify_log(const std::string& path);

}  // namespace interlock::audit
