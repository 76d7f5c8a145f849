// Any bytes as a pattern, an expression, a path and an attribute, one a line: no crash, every
// mistake inside its text, and the ways to ask whether a path is covered agree. What relates two
// permits never denies a path that both cover.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/path_relations.h"
#include "policy/paths.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

template <class Parsed>
void check_mistake(const Parsed& parsed, std::string_view text) {
  if (parsed.has_value()) return;
  IL_ASSERT(parsed.error().offset <= text.size());
  IL_ASSERT(!parsed.error().message.empty() && !parsed.error().hint.empty());
}

bool found(const Paths& paths, std::string_view path, const Device& device) {
  bool out = false;
  IL_ASSERT(paths.match(path, device, [&](std::uint32_t) { out = true; }));
  return out;
}

bool pattern_covers(const PathPattern& pattern, std::string_view path, const Device& device) {
  Paths paths;
  paths.add(pattern, 0);
  const bool out = found(paths, path, device);
  const std::vector<std::string_view> segments = split_path(path);
  const bool has_rest = pattern.back().kind == PathSegment::Kind::kRest;
  const bool fits =
      has_rest ? segments.size() >= pattern.size() : segments.size() == pattern.size();
  IL_ASSERT(out == (path.starts_with('/') && fits &&
                    common_segments(pattern, segments, device) == pattern.size()));
  return out;
}

bool regex_covers(const PathRegex& regex, std::string_view path, const Device& device) {
  Paths paths;
  paths.add(regex, 0);
  IL_ASSERT(paths.compile());
  const bool out = found(paths, path, device);
  IL_ASSERT(out == (path.starts_with('/') && regex.covers(path)));
  if (out) IL_ASSERT(path.starts_with(regex.prefix()));
  if (out) IL_ASSERT(regex.low() <= path && path <= regex.high());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view pattern_text = next_line(rest), regex_text = next_line(rest);
  const std::string_view path = next_line(rest), value = next_line(rest);
  const Device device{.id = std::string(value), .attributes = {{"line", std::string(value)}}};

  const auto pattern = parse_path_pattern(pattern_text);
  check_mistake(pattern, pattern_text);
  const bool by_pattern = pattern.has_value() && pattern_covers(*pattern, path, device);
  const auto regex = PathRegex::parse(regex_text);
  check_mistake(regex, regex_text);
  const bool by_regex = regex.has_value() && regex_covers(*regex, path, device);

  if (pattern.has_value() && regex.has_value()) {
    IL_ASSERT(!(by_pattern && by_regex) || may_intersect(*regex, *pattern));
    IL_ASSERT(!covers(*regex, *pattern) || !by_pattern || by_regex);
  }
  if (!is_path_name(value)) IL_ASSERT(!binds(value, value));
  return 0;
}
