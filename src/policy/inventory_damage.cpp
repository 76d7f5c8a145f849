#include "policy/inventory_damage.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/text.h"
#include "policy/problem.h"

namespace interlock::policy {
namespace {

constexpr std::size_t kDigitsKept = 15;  // Of the numbers of a spreadsheet, which are doubles.
// What makes a trust's serial numbers ones of equal length: so many of them, each so long.
constexpr std::size_t kSerialsToCompare = 3;
constexpr std::size_t kSerialDigits = 6;

constexpr std::string_view kSaveAsUtf8 = R"(save it as "CSV UTF-8")";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// take_digits takes up to `most` digits off the front, and tells whether there was one.
bool take_digits(std::string_view& text, std::size_t most = std::string_view::npos) {
  std::size_t count = 0;
  while (count < std::min(most, text.size()) && is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count > 0;
}

bool take(std::string_view& text, std::string_view beginning) {
  if (!text.starts_with(beginning)) return false;
  text.remove_prefix(beginning.size());
  return true;
}

// The months as English and German spreadsheets shorten them.
bool take_month(std::string_view& text) {
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Mrz", "M\u00e4r", "Apr",
                                          "May", "Mai", "Jun", "Jul", "Aug",      "Sep",
                                          "Oct", "Okt", "Nov", "Dec", "Dez"};
  return std::any_of(std::begin(kMonths), std::end(kMonths),
                     [&text](std::string_view month) { return take(text, month); });
}

bool take_separator(std::string_view& text) {
  return take(text, ". ") || take(text, "-") || take(text, " ");
}

// 1E+10, 1.5E+10, and 1,5E+10 where people write decimal commas.
bool is_scientific(std::string_view text) {
  if (!take_digits(text)) return false;
  if (take(text, ".") || take(text, ",")) take_digits(text);
  if (!take(text, "E") && !take(text, "e")) return false;
  if (!take(text, "+") && !take(text, "-")) return false;
  return is_digits(text);
}

bool is_error_value(std::string_view text) {
  if (text.starts_with('#')) {
    return text.ends_with('!') || text.ends_with('?') || text == "#N/A" || text == "#NV";
  }
  return take(text, "Err:") && is_digits(text);
}

struct Lookalike {
  std::string_view first, last;  // UTF-8 keeps the order of code points.
  std::string_view name, instead;
};
constexpr Lookalike kLookalikes[] = {
    {"\u00a0", "\u00a0", "a non-breaking space", "write an ordinary space, or none"},
    {"\u2000", "\u200a", "a typographic space", "write an ordinary space, or none"},
    {"\u202f", "\u202f", "a non-breaking space", "write an ordinary space, or none"},
    {"\u3000", "\u3000", "a wide space", "write an ordinary space, or none"},
    {"\u2010", "\u2015", "a typographic dash",
     "write -; if the certificate has it so, recognise the device by another identity"},
    {"\u2212", "\u2212", "a minus sign", "write -"},
    {"\u2018", "\u201f", "a typographic quote",
     "write ' or \", or none; if the certificate has it so, recognise the device by another "
     "identity"},
};

std::optional<Fault> find_lookalike(std::string_view text) {
  const auto is_high = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  auto at = std::find_if(text.begin(), text.end(), is_high);
  while (at != text.end()) {
    const auto offset = static_cast<std::size_t>(at - text.begin());
    const std::size_t len = std::max<std::size_t>(utf8_sequence_len(text.substr(offset)), 1);
    const std::string_view character = text.substr(offset, len);
    for (const Lookalike& each : kLookalikes) {
      if (character.size() != each.first.size() || character < each.first ||
          character > each.last) {
        continue;
      }
      return Fault{offset, "there is " + std::string(each.name) + " here",
                   std::string(each.instead)};
    }
    at = std::find_if(at + static_cast<std::ptrdiff_t>(len), text.end(), is_high);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Fault> file_damage(std::string_view text) {
  const std::string_view first = text.substr(0, 2);
  if (first == "\xff\xfe" || first == "\xfe\xff" || first.find('\0') != std::string_view::npos) {
    return Fault{0, "the file is UTF-16", std::string(kSaveAsUtf8)};
  }
  if (text.find('\n') == std::string_view::npos && text.find('\r') != std::string_view::npos) {
    return Fault{text.find('\r'), "the lines end in CR alone, as old Macintosh files do",
                 std::string(kSaveAsUtf8)};
  }
  return std::nullopt;
}

std::optional<Fault> header_damage(std::string_view line) {
  if (line.starts_with("sep=")) {
    return Fault{0, "this line is for Excel alone", "remove it, and separate columns by commas"};
  }
  if (line.find(',') != std::string_view::npos) return std::nullopt;
  const std::size_t at = line.find_first_of(";\t");
  if (at == std::string_view::npos) return std::nullopt;
  return Fault{
      at, line[at] == ';' ? R"(columns are separated by ";")" : "columns are separated by tabs",
      R"(export the file with commas: "CSV UTF-8, comma delimited")"};
}

std::optional<Fault> cell_damage(std::string_view text, bool is_prose) {
  if (text.empty()) return std::nullopt;
  if (text == "-" && !is_prose) {
    return Fault{0, "\"-\" is no value", "leave the cell empty where there is none"};
  }
  if (text[0] == '=' || text[0] == '+' || text[0] == '@' || (text[0] == '-' && !is_prose)) {
    return Fault{0, quoted(text) + " is a formula to a spreadsheet",
                 "write the value itself; it must not begin with = + - or @"};
  }
  if (is_error_value(text)) {
    return Fault{0, quoted(text) + " is an error of a spreadsheet", "write the value itself"};
  }
  if (is_prose) return std::nullopt;
  if (is_scientific(text)) {
    return Fault{0, quoted(text) + " is a number that a spreadsheet has rounded",
                 "set the column to text and enter the value again"};
  }
  return find_lookalike(text);
}

bool is_date(std::string_view text) {
  std::string_view rest = text;
  if (take_month(rest)) {  // Jan-07, Jan 07
    return take_separator(rest) && take_digits(rest, 4) && rest.empty();
  }
  if (!take_digits(rest, 4)) return false;
  const std::size_t num_digits = text.size() - rest.size();
  std::string_view named = rest;
  if (num_digits <= 2 && take_separator(named) && take_month(named)) {  // 07-Jan, 07. Jan 26
    return named.empty() || (take_separator(named) && take_digits(named, 4) && named.empty());
  }
  const char separator = rest.empty() ? ' ' : rest[0];
  if (separator != '-' && separator != '.' && separator != '/') return false;
  const bool year_first = num_digits == 4;
  if (!year_first && num_digits > 2) return false;
  rest.remove_prefix(1);
  if (!take_digits(rest, 2) || !rest.starts_with(separator)) return false;
  rest.remove_prefix(1);
  const std::size_t last = rest.size();
  return is_digits(rest) && (year_first ? last <= 2 : last == 4);
}

bool is_rounded(std::string_view text) {
  return text.size() > kDigitsKept && is_digits(text) &&
         text.find_first_not_of('0', kDigitsKept) == std::string_view::npos;
}

std::vector<const InventoryRow*> lost_zeros(std::span<const InventoryRow> rows) {
  struct Serials {
    std::map<std::size_t, std::size_t> num_of_len;
    std::size_t num = 0;
    bool has_zero = false;  // One begins with it, so they are not numbers to a spreadsheet.
  };
  const auto counts = [](const InventoryRow& row) {
    return row.identity_type == IdentityKind::kSerial && is_digits(row.identity);
  };
  std::map<std::string_view, Serials> by_trust;
  for (const InventoryRow& row : rows) {
    if (!counts(row)) continue;
    Serials& serials = by_trust[row.trust];
    ++serials.num;
    ++serials.num_of_len[row.identity.size()];
    serials.has_zero |= row.identity.starts_with('0');
  }
  std::vector<const InventoryRow*> found;
  for (const InventoryRow& row : rows) {
    if (!counts(row)) continue;
    const Serials& serials = by_trust[row.trust];
    const auto [len, num] = *serials.num_of_len.rbegin();
    const bool nearly_all = num >= kSerialsToCompare && num * 10 >= serials.num * 8;
    if (nearly_all && !serials.has_zero && len >= kSerialDigits && row.identity.size() < len) {
      found.push_back(&row);
    }
  }
  return found;
}

}  // namespace interlock::policy
