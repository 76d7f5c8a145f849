// One line of a CSV file, cut into cells (RFC 4180, section 2), each knowing its place. A quoted
// cell must end on its line: a line break inside one is, in a list of devices, a quote that got
// lost.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/problem.h"

namespace interlock::policy {

// Cell is one value. `begin` is where it starts in the line, with its quote; `column` as in
// Position.
struct Cell {
  std::string_view value;
  std::size_t begin = 0;
  int column = 1;
  bool is_quoted = false;
};

// CsvLine cuts one line after the other and reuses its memory.
class CsvLine {
 public:
  // read cuts `line`, which has no line end, and must outlive the cells. It reports what no cell
  // can hold (bytes that are not UTF-8, controls, invisible characters) and quotes that do not
  // match, and returns false after that.
  bool read(std::string_view line, int number, Reporter& report);

  [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }
  [[nodiscard]] int number() const { return number_; }

  // column_in returns the column of the `byte`th byte of a cell's value.
  [[nodiscard]] int column_in(const Cell& cell, std::size_t byte) const;

 private:
  bool check_characters(Reporter& report);
  bool read_quoted(Reporter& report);
  bool read_plain(Reporter& report);
  [[nodiscard]] int column_at(std::size_t offset) const;

  std::string_view line_;
  int number_ = 0;
  std::size_t at_ = 0;
  std::vector<Cell> cells_;
  std::string unquoted_;  // Values that hold doubled quotes; never grows while cells point into it.
};

}  // namespace interlock::policy
