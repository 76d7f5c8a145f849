// Paths as regular expressions (path_regex): RE2 alone runs what users write, because its time and
// memory are bounded for every expression and every path. Full match on the canonical path, which
// is ASCII: expressions are bytes, case-sensitive, and `.` is any byte but a newline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/limits.h"
#include "policy/path_pattern.h"

namespace interlock::policy {

// PathRegex is one expression, and what is known of the paths that it covers. Copies share it.
class PathRegex {
 public:
  // parse refuses what RE2 cannot read, what costs more than limits::kPathRegexProgramMax, and what
  // is known to cover no canonical path.
  static tl::expected<PathRegex, PatternError> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }

  // covers says whether the whole of `path` matches. Thread-safe; not for the data path, where a
  // RegexSet asks all expressions of a function at once.
  [[nodiscard]] bool covers(std::string_view path) const;

  // Every path that is covered lies between low and high, both included, in the order of bytes.
  [[nodiscard]] const std::string& low() const { return low_; }
  [[nodiscard]] const std::string& high() const { return high_; }

  // prefix is the text that every covered path begins with; it may be shorter than it could be.
  [[nodiscard]] std::string_view prefix() const;

 private:
  struct Compiled;
  PathRegex() = default;

  std::string text_;
  std::shared_ptr<const Compiled> compiled_;
  std::string low_, high_;
};

// RegexSet is the expressions of one function, matched all at once. Constant after compile, and
// then thread-safe; RE2 guards its cache of states by a lock that is almost always shared.
class RegexSet {
 public:
  RegexSet();
  RegexSet(RegexSet&&) noexcept;
  RegexSet& operator=(RegexSet&&) noexcept;
  ~RegexSet();

  void add(const PathRegex& regex, std::uint32_t permit);

  // compile must follow the last add, once. False where the set needs more than `memory_max` bytes;
  // then match fails.
  [[nodiscard]] bool compile(std::int64_t memory_max = limits::kPathRegexMemoryMax);

  [[nodiscard]] bool empty() const { return permits_.empty(); }

  // match appends the permits of the expressions that cover `path` to `found`. False where RE2 runs
  // out of memory, or the set was not compiled: then nothing is known, and `found` is unchanged.
  [[nodiscard]] bool match(std::string_view path, std::vector<std::uint32_t>& found) const;

 private:
  struct Compiled;

  std::vector<std::string> texts_;  // Until they are compiled.
  std::vector<std::uint32_t> permits_;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace interlock::policy
