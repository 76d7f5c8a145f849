// Paths as permits name them: literal segments, `*` for exactly one segment, and `{device.NAME}`
// for an attribute of the calling device. Matched segment by segment against a canonical path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "policy/device.h"

namespace interlock::policy {

struct PathSegment {
  enum class Kind : std::uint8_t { kLiteral, kAny, kAttribute };
  Kind kind = Kind::kLiteral;
  std::string text;  // The literal; the attribute's name without `device.`; empty for kAny.

  // matches says whether one segment of a path is covered for this device. An attribute the device
  // does not have matches nothing.
  [[nodiscard]] bool matches(std::string_view segment, const Device& device) const;
};

// A leading `/` is not a segment; a trailing one is an empty last segment: "/a/" is not "/a".
using PathPattern = std::vector<PathSegment>;

// PatternError says what is wrong with a pattern, at which byte of it, and what to write instead.
struct PatternError {
  std::size_t offset = 0;
  std::string message;
  std::string hint;
};

// parse_path_pattern refuses what no canonical path could ever match.
tl::expected<PathPattern, PatternError> parse_path_pattern(std::string_view text);

// split_path splits a canonical path ("/a/b") into its segments; views into `path`.
std::vector<std::string_view> split_path(std::string_view path);

// common_segments counts how many segments match from the start.
std::size_t common_segments(const PathPattern& pattern, const std::vector<std::string_view>& path,
                            const Device& device);

}  // namespace interlock::policy
