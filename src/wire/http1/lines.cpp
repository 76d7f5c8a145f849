#include "wire/http1/lines.h"

#include "base/result.h"
#include "wire/http1/grammar.h"

namespace interlock::http1 {

Parsed<std::optional<std::string_view>> LineReader::next(std::string_view input,
                                                         std::size_t bytes_max,
                                                         const Refusal& too_long) {
  IL_ASSERT(input.size() >= checked_);
  const std::string_view allowed = input.substr(0, bytes_max);
  checked_ = text_end(allowed, checked_);
  const std::string_view rest = allowed.substr(checked_);
  if (rest.substr(0, 2) == "\r\n") {
    const std::string_view line = allowed.substr(line_at_, checked_ - line_at_);
    line_at_ = checked_ = checked_ + 2;
    return line;
  }
  // A CR that is the last byte so far may still be the beginning of a CRLF.
  if (!rest.empty() && rest != "\r") {
    if (rest[0] == '\n') return malformed("A line ends in a bare LF");
    if (rest[0] == '\r') return malformed("A CR stands without its LF");
    return malformed("There is a control character in the message's head or framing");
  }
  if (input.size() >= bytes_max) return tl::make_unexpected(too_long);
  return std::nullopt;
}

Parsed<FieldLine> parse_field_line(std::string_view line) {
  const std::size_t name_end = run_end(kTokenChar, line);
  if (name_end == line.size()) return malformed("A field line has no colon");
  if (line[name_end] != ':') {
    const bool blank = line[name_end] == ' ' || line[name_end] == '\t';
    if (!blank) return malformed("A field name has a character that it may not have");
    if (name_end == 0) return ambiguous("A field line is folded, or white space comes before it");
    return ambiguous("There is white space between a field name and its colon");
  }
  if (name_end == 0) return malformed("A field line has no name");
  return FieldLine{line.substr(0, name_end), trim_ows(line.substr(name_end + 1))};
}

}  // namespace interlock::http1
