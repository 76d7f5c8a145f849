// Reads the inventory line by line: a mistake on one line never hides, or spoils, another.
#include "policy/inventory_text.h"

#include <algorithm>
#include <limits>
#include <span>

#include "base/limits.h"
#include "base/text.h"
#include "policy/csv_line.h"
#include "policy/inventory_damage.h"
#include "policy/inventory_values.h"

namespace interlock::policy {
namespace {

// In the order of InventoryColumn.
constexpr std::array<std::string_view, kNumInventoryColumns> kColumnNames = {
    "device_id", "function", "tier",      "identity_type", "identity", "trust",
    "site",      "mac",      "interface", "address",       "note"};
constexpr std::string_view kColumnHint =
    "columns: device_id, function, tier, identity_type, identity, trust, site, mac, interface, "
    "address, note, and attr.NAME";
constexpr std::string_view kAttributePrefix = "attr.";
constexpr std::size_t kAttributeNameMax = 64;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_required(InventoryColumn column) {
  switch (column) {
    case InventoryColumn::kDeviceId:
    case InventoryColumn::kFunction:
    case InventoryColumn::kIdentityType:
    case InventoryColumn::kIdentity:
    case InventoryColumn::kTrust:
      return true;
    case InventoryColumn::kTier:
    case InventoryColumn::kSite:
    case InventoryColumn::kMac:
    case InventoryColumn::kInterface:
    case InventoryColumn::kAddress:
    case InventoryColumn::kNote:
      return false;
  }
  return false;
}

std::string_view name_of(InventoryColumn column) {
  return kColumnNames[static_cast<std::size_t>(column)];
}

// What one column of the file holds: a known column, else an attribute, else (misnamed) nothing.
struct Use {
  std::optional<InventoryColumn> column;
  std::string attribute;
};

class InventoryReader {
 public:
  InventoryReader(std::string_view text, Reporter& report) : text_(text), report_(report) {}
  void read(std::vector<InventoryRow>& rows);

 private:
  bool start();
  bool next_line();
  bool read_header();
  Use use_of(const Cell& cell);
  Use use_of_attribute(const Cell& cell);
  void read_row(std::vector<InventoryRow>& rows);
  bool is_header_again();
  bool has_all_cells();
  bool put(InventoryRow& row, const Use& use, const Cell& cell);
  void put_identity(InventoryRow& row, const Cell& type, const Cell& identity);
  Value read_value(InventoryColumn column, std::string_view text);
  bool check_plain(const Cell& cell, const Use& use);
  void warn_of_lost_zeros(const std::vector<InventoryRow>& rows);
  void error(const Cell& cell, std::string message, std::string_view hint) {
    report_.error(line_.number(), cell.column, std::move(message), std::string(hint));
  }
  void error(const Cell& cell, Fault fault) {
    report_.error(line_.number(), line_.column_in(cell, fault.byte), std::move(fault.message),
                  std::move(fault.hint));
  }

  std::string_view text_;  // What is left of the file.
  Reporter& report_;
  CsvLine line_;
  std::string_view raw_;  // The current line, without its end.
  int number_ = 0;
  std::vector<Use> header_;
  std::string_view header_line_;
};

void InventoryReader::read(std::vector<InventoryRow>& rows) {
  if (!start() || !read_header()) return;
  while (next_line()) {
    // A spreadsheet writes rows that were cleared as commas alone.
    if (raw_.find_first_not_of(",\r") == std::string_view::npos) continue;
    if (line_.read(raw_, number_, report_) && !is_header_again()) read_row(rows);
  }
  warn_of_lost_zeros(rows);
}

void InventoryReader::warn_of_lost_zeros(const std::vector<InventoryRow>& rows) {
  constexpr auto kIdentity = static_cast<std::size_t>(InventoryColumn::kIdentity);
  for (const InventoryRow* row : lost_zeros(rows)) {
    report_.warning(row->line, row->columns[kIdentity],
                    "serial number " + quoted(row->identity) + " is shorter than the others",
                    std::string(kLostZeros));
  }
}

bool InventoryReader::start() {
  if (text_.size() > limits::kInventoryBytesMax) {
    report_.error(
        1, 1, "the file is larger than " + std::to_string(limits::kInventoryBytesMax) + " bytes",
        {});
    return false;
  }
  const auto num_lines = static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '\n'));
  if (num_lines > limits::kInventoryRowsMax) {
    report_.error(
        1, 1, "the file has more than " + std::to_string(limits::kInventoryRowsMax) + " lines", {});
    return false;
  }
  if (auto damage = file_damage(text_); damage.has_value()) {
    report_.error(1, static_cast<int>(damage->byte) + 1, std::move(damage->message),
                  std::move(damage->hint));
    return false;
  }
  if (text_.starts_with(kByteOrderMark)) {
    report_.warning(1, 1, "the file begins with a byte order mark",
                    "harmless here; save it as UTF-8 without one to be rid of this");
    text_.remove_prefix(kByteOrderMark.size());
  }
  return true;
}

bool InventoryReader::next_line() {
  if (text_.empty()) return false;
  const std::size_t end = text_.find('\n');
  raw_ = text_.substr(0, end);
  text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
  if (raw_.ends_with('\r')) raw_.remove_suffix(1);
  ++number_;
  return true;
}

bool InventoryReader::read_header() {
  do {
    if (!next_line()) {
      report_.error(std::max(number_, 1), 1, "the file is empty", std::string(kColumnHint));
      return false;
    }
  } while (raw_.empty());
  if (auto damage = header_damage(raw_); damage.has_value()) {
    report_.error(number_, static_cast<int>(damage->byte) + 1, std::move(damage->message),
                  std::move(damage->hint));
    return false;
  }
  if (!line_.read(raw_, number_, report_)) return false;
  const auto& cells = line_.cells();
  if (cells.size() > limits::kInventoryColumnsMax) {
    error(cells[limits::kInventoryColumnsMax],
          "there are more than " + std::to_string(limits::kInventoryColumnsMax) + " columns", {});
    return false;
  }
  const auto is_known = [](const Cell& cell) {
    return std::find(kColumnNames.begin(), kColumnNames.end(), cell.value) != kColumnNames.end();
  };
  if (std::none_of(cells.begin(), cells.end(), is_known)) {
    report_.error(number_, 1, "the first line must name the columns", std::string(kColumnHint));
    return false;
  }
  header_line_ = raw_;
  for (const Cell& cell : cells) header_.push_back(use_of(cell));
  for (std::size_t i = 0; i < kNumInventoryColumns; ++i) {
    const auto column = static_cast<InventoryColumn>(i);
    const bool is_there = std::any_of(header_.begin(), header_.end(),
                                      [column](const Use& use) { return use.column == column; });
    if (is_there || !is_required(column)) continue;
    report_.error(number_, 1, "the column " + quoted(name_of(column)) + " is missing", {});
  }
  return true;
}

Use InventoryReader::use_of(const Cell& cell) {
  if (cell.value.empty()) {
    error(cell, "this column has no name", "name it, or remove it");
    return {};
  }
  Use use = cell.value.starts_with(kAttributePrefix) ? use_of_attribute(cell) : Use{};
  for (std::size_t i = 0; i < kNumInventoryColumns; ++i) {
    if (kColumnNames[i] == cell.value) use.column = static_cast<InventoryColumn>(i);
  }
  if (!use.column.has_value() && use.attribute.empty()) {
    if (cell.value.starts_with(kAttributePrefix)) return use;
    const std::string_view near = nearest(cell.value, kColumnNames);
    error(cell, "there is no column " + quoted(cell.value),
          near.empty() ? std::string(kColumnHint) : "did you mean " + std::string(near) + "?");
    return use;
  }
  const auto is_same = [&use](const Use& other) {
    return other.column == use.column && other.attribute == use.attribute;
  };
  if (std::any_of(header_.begin(), header_.end(), is_same)) {
    error(cell, "the column " + quoted(cell.value) + " stands here twice", "remove one");
    return {};
  }
  return use;
}

Use InventoryReader::use_of_attribute(const Cell& cell) {
  const std::string_view name = cell.value.substr(kAttributePrefix.size());
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  const bool is_name = !name.empty() && name.size() <= kAttributeNameMax && name[0] >= 'a' &&
                       name[0] <= 'z' && std::all_of(name.begin(), name.end(), is_good);
  if (!is_name) {
    error(cell, quoted(cell.value) + " is not the name of an attribute",
          R"(use a-z 0-9 and _ after "attr.", beginning with a letter: attr.line)");
    return {};
  }
  // In a path {device.id} and {device.site} are columns of their own.
  for (const std::string_view taken : {"id", "site", "function", "tier"}) {
    if (name != taken) continue;
    error(cell, quoted(cell.value) + " is known already, as {device." + std::string(name) + "}",
          "choose another name");
    return {};
  }
  return {std::nullopt, std::string(name)};
}

void InventoryReader::read_row(std::vector<InventoryRow>& rows) {
  if (!has_all_cells()) return;
  const auto& cells = line_.cells();
  InventoryRow row;
  row.line = number_;
  const Cell* type = nullptr;
  const Cell* identity = nullptr;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!put(row, header_[i], cells[i])) continue;
    if (header_[i].column == InventoryColumn::kIdentityType) type = &cells[i];
    if (header_[i].column == InventoryColumn::kIdentity) identity = &cells[i];
  }
  if (type != nullptr && identity != nullptr) put_identity(row, *type, *identity);
  rows.push_back(std::move(row));
}

bool InventoryReader::has_all_cells() {
  const auto& cells = line_.cells();
  if (cells.size() == header_.size()) return true;
  const bool few = cells.size() < header_.size();
  const Cell& at = few ? cells.back() : cells[header_.size()];
  std::string_view hint = few ? "a comma is missing; an empty value needs its comma too"
                              : R"(put a value that holds a comma in quotes: "press, left")";
  if (few && cells.size() == 1 && cells[0].value.find(',') != std::string_view::npos) {
    hint = "the whole line stands in quotes: remove them";
  } else if (!few && cells.size() + 1 >= 2 * header_.size()) {
    hint = "two lines have run together: put a line break between them";
  } else if (!few && raw_.substr(at.begin).find_first_not_of(',') == std::string_view::npos) {
    hint = "remove the empty values at its end";
  }
  error(at,
        "this line has " + std::to_string(cells.size()) + " values for " +
            std::to_string(header_.size()) + " columns",
        hint);
  return false;
}

bool InventoryReader::is_header_again() {
  if (raw_ != header_line_) return false;
  report_.error(number_, 1, "the line that names the columns stands here again", "remove it");
  return true;
}

// put checks one cell and stores its value; false after a problem. An identity waits for its type.
bool InventoryReader::put(InventoryRow& row, const Use& use, const Cell& cell) {
  if (!use.column.has_value() && use.attribute.empty()) return true;
  if (use.column.has_value()) row.columns[static_cast<std::size_t>(*use.column)] = cell.column;
  if (cell.value.empty()) {
    if (!use.column.has_value() || !is_required(*use.column)) return true;
    error(cell, quoted(name_of(*use.column)) + " is empty", {});
    return false;
  }
  if (!check_plain(cell, use)) return false;
  Value value =
      use.column.has_value() ? read_value(*use.column, cell.value) : read_path_name(cell.value);
  if (!value.has_value()) {
    error(cell, std::move(value.error()));
    return false;
  }
  if (!use.column.has_value()) {
    row.attributes.emplace_back(use.attribute, *std::move(value));
    return true;
  }
  std::string* const places[] = {&row.device_id, &row.function, &row.tier, nullptr,
                                 nullptr,        &row.trust,    &row.site, &row.mac,
                                 &row.interface, &row.address,  &row.note};
  std::string* const place = places[static_cast<std::size_t>(*use.column)];
  if (place != nullptr) *place = *std::move(value);
  return true;
}

bool InventoryReader::check_plain(const Cell& cell, const Use& use) {
  const bool is_prose = use.column == InventoryColumn::kNote;
  if (auto damage = cell_damage(cell.value, is_prose); damage.has_value()) {
    error(cell, *std::move(damage));
    return false;
  }
  if (use.column == InventoryColumn::kDeviceId || use.column == InventoryColumn::kIdentity) {
    if (is_date(cell.value)) {
      error(cell, quoted(cell.value) + " is a date that a spreadsheet made of something else",
            "set the column to text and enter the value again");
      return false;
    }
    if (is_rounded(cell.value)) {
      report_.warning(line_.number(), cell.column,
                      quoted(cell.value) + " ends in zeros where a spreadsheet rounds numbers",
                      "compare it with the device; if it is wrong, set the column to text");
    }
  }
  if (is_prose || trim(cell.value) == cell.value) return true;
  error(cell, "there is a space before or after " + quoted(trim(cell.value)), "remove it");
  return false;
}

Value InventoryReader::read_value(InventoryColumn column, std::string_view text) {
  switch (column) {
    case InventoryColumn::kDeviceId:
    case InventoryColumn::kSite:
      return read_path_name(text);
    case InventoryColumn::kMac:
      return read_mac(text);
    case InventoryColumn::kInterface:
      return read_interface(text);
    case InventoryColumn::kAddress:
      return read_address(text);
    case InventoryColumn::kFunction:
    case InventoryColumn::kTier:
    case InventoryColumn::kIdentityType:
    case InventoryColumn::kIdentity:
    case InventoryColumn::kTrust:
    case InventoryColumn::kNote:
      return std::string(text);
  }
  return std::string(text);
}

void InventoryReader::put_identity(InventoryRow& row, const Cell& type, const Cell& identity) {
  const auto kind = identity_kind(type.value);
  if (!kind.has_value()) {
    std::array<std::string_view, kIdentityKinds.size()> words;
    std::transform(kIdentityKinds.begin(), kIdentityKinds.end(), words.begin(), identity_word);
    const std::string_view near = nearest(type.value, words);
    return error(type, quoted(type.value) + " is not an identity type",
                 (near.empty() ? std::string() : "did you mean " + std::string(near) + "? ") +
                     "values: spki, uri, dns, serial, hwmodule, cn");
  }
  Value value = read_identity(*kind, identity.value);
  if (!value.has_value()) return error(identity, std::move(value.error()));
  row.identity_type = *kind;
  row.identity = *std::move(value);
}

}  // namespace

Position Inventory::at(const InventoryRow& row, InventoryColumn column) const {
  return {file, row.line, std::max(row.columns[static_cast<std::size_t>(column)], 1)};
}

std::optional<Inventory> parse_inventory(std::string file, std::string_view text,
                                         std::vector<Problem>& problems) {
  Reporter report(std::move(file), problems);
  Inventory inventory{report.file(), {}};
  InventoryReader(text, report).read(inventory.rows);
  report.finish();
  if (!report.ok()) return std::nullopt;
  return inventory;
}

}  // namespace interlock::policy
