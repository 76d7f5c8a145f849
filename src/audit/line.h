// Reads one line of the audit log. Strict: it accepts what the writer of format version 1 can
// write, and new members of the same simple kinds, and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

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

// parse_line reads one line, given without its newline. Nothing if it is no audit record: not one
// flat JSON object in UTF-8 without spaces, a member of fields.def absent, twice or of the wrong
// type, a number with leading zeros or above 64 bits, an escape that the writer does not use.
std::optional<Line> parse_line(std::string_view line);

}  // namespace interlock::audit
