// Cutting lines into cells.
#include "policy/csv_line.h"

#include <algorithm>

#include "base/text.h"

namespace interlock::policy {

bool CsvLine::read(std::string_view line, int number, Reporter& report) {
  line_ = line;
  number_ = number;
  at_ = 0;
  cells_.clear();
  unquoted_.clear();
  unquoted_.reserve(line.size());
  if (!check_characters(report)) return false;
  int column = 1;
  std::size_t counted = 0;
  while (true) {
    const auto starts_character = [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    };
    column += static_cast<int>(std::count_if(line_.begin() + static_cast<std::ptrdiff_t>(counted),
                                             line_.begin() + static_cast<std::ptrdiff_t>(at_),
                                             starts_character));
    counted = at_;
    cells_.push_back({{}, at_, column, line_.substr(at_).starts_with('"')});
    if (!(cells_.back().is_quoted ? read_quoted(report) : read_plain(report))) return false;
    if (at_ == line_.size()) return true;
    ++at_;  // The comma.
  }
}

bool CsvLine::check_characters(Reporter& report) {
  for (std::size_t at = 0; at < line_.size();) {
    const char c = line_[at];
    if (c >= 0x20 && c < 0x7f) {
      ++at;
      continue;
    }
    const std::size_t len = utf8_sequence_len(line_.substr(at, 4));
    const std::string_view character = line_.substr(at, len);
    if (len == 0) {
      report.error(number_, column_at(at), "this is not UTF-8", R"(save the file as "CSV UTF-8")");
    } else if (c == '\t') {
      report.error(number_, column_at(at), "there is a tab here",
                   "separate columns by commas, and remove tabs from values");
    } else if (is_control(character)) {
      report.error(number_, column_at(at), "there is a control character here", "remove it");
    } else if (is_invisible(character)) {
      report.error(
          number_, column_at(at),
          "there is an invisible character here, or one that changes the order of the text",
          "remove it: the text could read differently from what it says");
    } else {
      at += len;
      continue;
    }
    return false;
  }
  return true;
}

bool CsvLine::read_plain(Reporter& report) {
  const std::size_t begin = at_;
  at_ = std::min(line_.find_first_of(",\"", at_), line_.size());
  if (at_ < line_.size() && line_[at_] == '"') {
    report.error(number_, column_at(at_), "there is a quote inside a value without quotes",
                 R"(put the whole value in quotes, and double those inside: "say ""open""")");
    return false;
  }
  cells_.back().value = line_.substr(begin, at_ - begin);
  return true;
}

bool CsvLine::read_quoted(Reporter& report) {
  const std::size_t kept = unquoted_.size();
  std::size_t begin = at_ + 1;
  bool is_doubled = false;
  while (true) {
    const std::size_t quote = line_.find('"', begin);
    if (quote == std::string_view::npos) {
      report.error(number_, cells_.back().column, "the closing quote is missing on this line",
                   "a quote got lost, or the value holds a line break: remove it");
      return false;
    }
    at_ = quote + 1;
    const bool closes = at_ == line_.size() || line_[at_] != '"';
    if (closes && !is_doubled) {
      cells_.back().value = line_.substr(begin, quote - begin);
      break;
    }
    unquoted_ += line_.substr(begin, (closes ? quote : at_) - begin);
    if (closes) {
      cells_.back().value = std::string_view(unquoted_).substr(kept);
      break;
    }
    is_doubled = true;
    begin = at_ + 1;
  }
  if (at_ == line_.size() || line_[at_] == ',') return true;
  report.error(number_, column_at(at_), "a comma is missing after the closing quote",
               R"(put a comma, or double the quotes inside the value: "say ""open""")");
  return false;
}

int CsvLine::column_at(std::size_t offset) const {
  int column = 1;
  for (std::size_t at = 0; at < offset; ++column) {
    at += std::max<std::size_t>(utf8_sequence_len(line_.substr(at, 4)), 1);
  }
  return column;
}

int CsvLine::column_in(const Cell& cell, std::size_t byte) const {
  std::size_t at = cell.begin + (cell.is_quoted ? 1 : 0);
  for (std::size_t passed = 0; passed < byte; ++passed) {
    at += cell.is_quoted && line_[at] == '"' ? 2 : 1;
  }
  return column_at(at);
}

}  // namespace interlock::policy
