// Lines of a message, read strictly as their bytes arrive. Only CRLF ends a line; a bare CR or LF,
// NUL or any other control character is refused as soon as it is there (RFC 9112, section 2.2).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "wire/http1/refusal.h"

namespace interlock::http1 {

// LineReader cuts the caller's input into lines. It keeps offsets, no bytes, and looks at each byte
// once, however few arrive at a time. `input` begins where the last reset() was.
class LineReader {
 public:
  // next returns the line at end() without its CRLF, and moves end() behind it; nothing while the
  // line is incomplete. All lines since reset() together may have `bytes_max` bytes: beyond, the
  // answer is `too_long`.
  Parsed<std::optional<std::string_view>> next(std::string_view input, std::size_t bytes_max,
                                               const Refusal& too_long);

  // end returns how many bytes of the input the lines so far take up.
  [[nodiscard]] std::size_t end() const { return line_at_; }

  void reset() { line_at_ = checked_ = 0; }

 private:
  std::size_t line_at_ = 0;  // Where the current line begins.
  std::size_t checked_ = 0;  // Up to here there is neither a line end nor anything forbidden.
};

// FieldLine is a field line in its two parts: a token, and a value without surrounding white space.
struct FieldLine {
  std::string_view name;
  std::string_view value;
};

// parse_field_line reads one field line (RFC 9112, section 5): a token, a colon directly behind it,
// the value. Folded lines are refused.
Parsed<FieldLine> parse_field_line(std::string_view line);

}  // namespace interlock::http1
