// Paths as permits name them: literal segments, `*` for exactly one segment, `{device.NAME}` for an
// attribute of the calling device, and `**`, at the end alone, for the rest of the path. Matched
// segment by segment against a canonical path.
//
// "/a/**" covers every path that begins with "/a/": "/a/b", "/a/b/", "/a/b/c", and "/a/" itself. It
// does not cover "/a", which is another resource; "/**" covers every path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "policy/device.h"

namespace interlock::policy {

struct PathSegment {
  enum class Kind : std::uint8_t { kLiteral, kAny, kAttribute, kRest };
  Kind kind = Kind::kLiteral;
  std::string text;  // The literal; the attribute's name without `device.`; else empty.

  // matches says whether one segment of a path is covered for this device; for kRest, the first of
  // the segments that it stands for.
  [[nodiscard]] bool matches(std::string_view segment, const Device& device) const;
};

// A leading `/` is not a segment; a trailing one is an empty last segment: "/a/" is not "/a". kRest
// is the last segment or none.
using PathPattern = std::vector<PathSegment>;

// PatternError says what is wrong with a pattern, at which byte of it, and what to write instead.
struct PatternError {
  std::size_t offset = 0;
  std::string message;
  std::string hint;
};

// parse_path_pattern refuses what no canonical path could ever match.
tl::expected<PathPattern, PatternError> parse_path_pattern(std::string_view text);

// binds says whether the value of an attribute stands for this segment of a canonical path. A value
// that is no plain name (A-Z a-z 0-9 . _ -, at most 64, no dot at the end) never does, wherever it
// came from: it could stand for more than itself. Nor does an attribute that the device has not.
bool binds(std::string_view value, std::string_view segment);

// is_path_name says whether a value is such a plain name.
bool is_path_name(std::string_view value);

// split_path splits a canonical path ("/a/b") into its segments; views into `path`.
std::vector<std::string_view> split_path(std::string_view path);

// common_segments counts how many segments match from the start.
std::size_t common_segments(const PathPattern& pattern, const std::vector<std::string_view>& path,
                            const Device& device);

}  // namespace interlock::policy
