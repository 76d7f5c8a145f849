// Problems as text, and their collection.
#include "policy/problem.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace interlock::policy {
namespace {

constexpr std::size_t kQuotedMax = 60;

// Text for a terminal: at most `max` characters, those that would steer it replaced by "?".
std::string printable(std::string_view text, std::size_t max = std::string_view::npos) {
  std::string out;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == max) return out + "...";
    const std::size_t len = utf8_sequence_len(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(len, 1));
    out += len == 0 || is_control(character) ? "?" : character;
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace

std::string to_string(const Position& at) {
  return printable(at.file) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string to_string(const Problem& problem) {
  std::string out = to_string(problem.at) + (problem.warning ? ": warning: " : ": ");
  out += printable(problem.message);
  if (!problem.hint.empty()) out += "\n  " + printable(problem.hint);
  return out;
}

bool has_errors(std::span<const Problem> problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return !problem.warning; });
}

std::string quoted(std::string_view text) { return "\"" + printable(text, kQuotedMax) + "\""; }

Reporter::Reporter(std::string file, std::vector<Problem>& problems)
    : file_(std::move(file)), problems_(problems), first_(problems.size()) {}

void Reporter::error(int line, int column, std::string message, std::string hint) {
  ++num_errors_;
  add({{file_, line, column}, std::move(message), std::move(hint), false});
}

void Reporter::warning(int line, int column, std::string message, std::string hint) {
  add({{file_, line, column}, std::move(message), std::move(hint), true});
}

void Reporter::add(Problem problem) {
  if (problems_.size() < limits::kConfigErrorsMax) {
    problems_.push_back(std::move(problem));
  } else if (num_left_out_++ == 0 || (first_left_out_.warning && !problem.warning)) {
    first_left_out_ = std::move(problem);
  }
}

void Reporter::finish() {
  if (num_left_out_ > 0) {
    // An error that was left out must still refuse the file, hence not simply a warning.
    problems_.push_back({first_left_out_.at,
                         "from here on " + std::to_string(num_left_out_) + " more problems",
                         "correct the ones shown first", first_left_out_.warning});
    num_left_out_ = 0;
  }
  std::stable_sort(problems_.begin() + static_cast<std::ptrdiff_t>(first_), problems_.end(),
                   [](const Problem& a, const Problem& b) {
                     return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
                   });
}

}  // namespace interlock::policy
