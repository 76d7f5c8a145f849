// The paths of one function's permits, patterns and regular expressions together. Compiled once per
// function; devices only point to their function.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/path_regex.h"
#include "policy/path_trie.h"

namespace interlock::policy {

class Paths {
 public:
  // add makes permit number `permit` cover what the pattern or expression covers. An expression
  // counts from compile on.
  void add(const PathPattern& pattern, std::uint32_t permit) { patterns_.add(pattern, permit); }
  void add(const PathRegex& regex, std::uint32_t permit) { regexes_.add(regex, permit); }

  // compile must follow the last expression. False where they need more than `memory_max` bytes.
  [[nodiscard]] bool compile(std::int64_t memory_max = limits::kPathRegexMemoryMax) {
    return regexes_.compile(memory_max);
  }

  // match calls `visit(permit)` for every permit that covers `path` (canonical) for this device, in
  // no particular order. Nothing covers what does not begin with `/`. Allocates nothing but a
  // little where there are expressions. False where the expressions could not be run: then what was
  // visited is not all, and the operation must be refused.
  template <class Visit>
  [[nodiscard]] bool match(std::string_view path, const Device& device, const Visit& visit) const {
    patterns_.match(path, device, visit);
    if (regexes_.empty() || !path.starts_with('/')) return true;
    std::vector<std::uint32_t> found;
    if (!regexes_.match(path, found)) return false;
    for (const std::uint32_t permit : found) visit(permit);
    return true;
  }

 private:
  PathTrie patterns_;
  RegexSet regexes_;
};

}  // namespace interlock::policy
