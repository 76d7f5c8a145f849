#include "policy/path_pattern.h"

#include <algorithm>

#include "base/limits.h"
#include "wire/http1/target.h"

namespace interlock::policy {
namespace {

constexpr std::string_view kAttributeOpen = "{device.";

bool is_attribute_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

tl::expected<PathSegment, PatternError> parse_segment(std::string_view text, std::size_t offset) {
  if (text == "*") return PathSegment{PathSegment::Kind::kAny, ""};
  if (text == "**") return PathSegment{PathSegment::Kind::kRest, ""};
  if (text.find('*') != std::string_view::npos) {
    return tl::unexpected(PatternError{offset + text.find('*'),
                                       "`*` stands for one whole segment, `**` for all that follow",
                                       "write it alone behind a slash, or use path_regex"});
  }
  if (text.find_first_of("{}") == std::string_view::npos) {
    return PathSegment{PathSegment::Kind::kLiteral, std::string(text)};
  }
  if (text.starts_with(kAttributeOpen) && text.back() == '}') {
    const std::string_view name =
        text.substr(kAttributeOpen.size(), text.size() - kAttributeOpen.size() - 1);
    if (is_attribute_name(name)) {
      return PathSegment{PathSegment::Kind::kAttribute, std::string(name)};
    }
  }
  return tl::unexpected(PatternError{offset + text.find_first_of("{}"),
                                     "a template is one whole segment of the form {device.NAME}",
                                     "write {device.id}, {device.site} or {device.NAME} for the "
                                     "inventory column attr.NAME"});
}

// The pattern with its literals as `canonical`, which has as many segments, spells them.
std::string respelt(const PathPattern& pattern, std::string_view text, std::string_view canonical) {
  const std::vector<std::string_view> written = split_path(text), normal = split_path(canonical);
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    out += '/';
    out += pattern[i].kind == PathSegment::Kind::kLiteral ? normal[i] : written[i];
  }
  return out;
}

// What the codec would never let through, no permit can match: such a literal is a mistake.
tl::expected<void, PatternError> check_canonical(std::string_view text,
                                                 const PathPattern& pattern) {
  // With names in the place of templates, and as long, so that every byte keeps its place.
  std::string sample(text);
  std::replace(sample.begin(), sample.end(), '{', 'x');
  std::replace(sample.begin(), sample.end(), '}', 'x');
  const auto target = http1::parse_target(sample);
  if (!target) {
    return tl::unexpected(PatternError{
        0, std::string("no request can have this path: ") + target.error().what,
        "write plain names between single slashes, and escape only what must be escaped"});
  }
  if (target->has_query) {
    return tl::unexpected(PatternError{text.find('?'), "a path pattern has no query",
                                       "leave out everything from `?`; queries are passed on"});
  }
  if (target->path != sample) {
    const auto differs =
        std::mismatch(sample.begin(), sample.end(), target->path.begin(), target->path.end());
    return tl::unexpected(PatternError{static_cast<std::size_t>(differs.first - sample.begin()),
                                       "the path is not in its normal form",
                                       "write `" + respelt(pattern, text, target->path) + "`"});
  }
  return {};
}

}  // namespace

bool PathSegment::matches(std::string_view segment, const Device& device) const {
  switch (kind) {
    case Kind::kLiteral:
      return segment == text;
    case Kind::kAny:
      return !segment.empty();
    case Kind::kAttribute:
      return binds(device.attribute(text), segment);
    case Kind::kRest:
      return true;
  }
  return false;
}

tl::expected<PathPattern, PatternError> parse_path_pattern(std::string_view text) {
  if (!text.starts_with('/')) {
    return tl::unexpected(
        PatternError{0, "a path begins with `/`", "write `/" + std::string(text) + "`"});
  }
  PathPattern pattern;
  for (std::size_t at = 1; at <= text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    auto segment = parse_segment(text.substr(at, end - at), at);
    if (!segment) return tl::unexpected(segment.error());
    if (segment->kind == PathSegment::Kind::kRest && end != text.size()) {
      return tl::unexpected(PatternError{at, "`**` stands for the rest of the path",
                                         "write it at the end alone, and `*` for one segment"});
    }
    pattern.push_back(std::move(*segment));
    at = end + 1;
  }
  if (auto canonical = check_canonical(text, pattern); !canonical) {
    return tl::unexpected(canonical.error());
  }
  return pattern;
}

bool is_path_name(std::string_view value) {
  return !value.empty() && value.size() <= limits::kNameBytesMax && value.back() != '.' &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

bool binds(std::string_view value, std::string_view segment) {
  return value == segment && is_path_name(value);
}

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    segments.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return segments;
}

std::size_t common_segments(const PathPattern& pattern, const std::vector<std::string_view>& path,
                            const Device& device) {
  const std::size_t most = std::min(pattern.size(), path.size());
  std::size_t same = 0;
  while (same < most && pattern[same].matches(path[same], device)) ++same;
  return same;
}

}  // namespace interlock::policy
