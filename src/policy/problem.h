// What is wrong in a file that a person wrote, where, and what to write instead. Loading never
// stops at the first problem: all of a file are reported together, up to limits::kConfigErrorsMax.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace interlock::policy {

// Position is a place in a file, as editors count: line and column from 1, the column in Unicode
// code points, a tab as one.
struct Position {
  std::string file;
  int line = 1;
  int column = 1;

  bool operator==(const Position&) const = default;
};

// Problem is one sentence on what is wrong and one on what to do about it (empty where the message
// says it all). A warning is shown and does not refuse the file.
struct Problem {
  Position at;
  std::string message;
  std::string hint;
  bool warning = false;
};

// to_string returns "file:line:column: message\n  hint", with "warning: " before the message of a
// warning, and one line where there is no hint. No newline at the end. Controls and bytes that are
// not UTF-8 are replaced by "?", so that a file cannot write to the terminal.
std::string to_string(const Position& at);
std::string to_string(const Problem& problem);

// has_errors tells whether any of the problems is more than a warning.
bool has_errors(std::span<const Problem> problems);

// quoted returns `text` in double quotes for use in a message: cut to 60 code points, controls and
// bytes that are not UTF-8 replaced by "?".
std::string quoted(std::string_view text);

// Reporter collects the problems of one file behind those that `problems` already holds.
class Reporter {
 public:
  // `problems` must outlive the reporter.
  Reporter(std::string file, std::vector<Problem>& problems);

  void error(int line, int column, std::string message, std::string hint = {});
  void warning(int line, int column, std::string message, std::string hint = {});

  // ok tells whether this reporter saw no error.
  [[nodiscard]] bool ok() const { return num_errors_ == 0; }
  [[nodiscard]] const std::string& file() const { return file_; }

  // finish brings this file's problems in the order of their places and adds how many were left out
  // once `problems` held limits::kConfigErrorsMax. Call it once, at the end.
  void finish();

 private:
  void add(Problem problem);

  std::string file_;
  std::vector<Problem>& problems_;
  std::size_t first_;
  std::size_t num_errors_ = 0;
  std::size_t num_left_out_ = 0;
  Problem first_left_out_;
};

}  // namespace interlock::policy
