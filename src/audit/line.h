// Reads one line of the audit log. Strict: it accepts what the writer of format version 1 can
// write, and new members of the same simple kinds, and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interlock::audit {

// Hash is the SHA-256 of one line without its newline.
using Hash = std::array<std::uint8_t, 32>;

// kLineStart opens every line of the version that is written and read here.
constexpr std::string_view kLineStart = R"({"v":1,"seq":)";

// Line is what binds a record to its place. The view is into the line it was parsed from.
struct Line {
  std::uint64_t seq = 0;
  std::string_view time;
  Hash prev{};
};

// Member is one member of a line: its name, and its value as it is written, of a string without the
// quotes and with the escapes. Both are views into the line.
struct Member {
  std::string_view name, value;
  bool is_string = false;
};

// parse_line reads one line, given without its newline. Nothing if it is no audit record: not one
// flat JSON object in UTF-8 without spaces, a member of fields.def absent, twice or of the wrong
// type, a number with leading zeros or above 64 bits, an escape that the writer does not use.
// `members`, where given, gets all of them, also those that fields.def does not know.
std::optional<Line> parse_line(std::string_view line, std::vector<Member>* members = nullptr);

// unescaped returns the text that the value of a string member stands for. Bytes that were no UTF-8
// become the characters of the same number.
std::string unescaped(std::string_view value);

}  // namespace interlock::audit
