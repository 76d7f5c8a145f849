// Sieve keeps most lines that a filter does not want from being parsed: what makes a question to
// a million records quick.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace interlock::audit {

struct Filter;

class Sieve {
 public:
  explicit Sieve(const Filter& filter);

  // may_match says whether the filter can want this line. True too for every line that is, at first
  // sight, no record.
  [[nodiscard]] bool may_match(std::string_view line) const;

 private:
  std::vector<std::string> pieces_;  // All of them stand in each line that is wanted.
  std::string since_, until_;
};

}  // namespace interlock::audit
