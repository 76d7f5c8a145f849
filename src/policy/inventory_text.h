// The inventory of devices: CSV as a spreadsheet exports it (RFC 4180), one identity on each line.
// What spreadsheets do to such files is recognised and named by line and column.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/identity.h"
#include "policy/problem.h"

namespace interlock::policy {

enum class InventoryColumn : std::uint8_t {
  kDeviceId,
  kFunction,
  kTier,
  kIdentityType,
  kIdentity,
  kTrust,
  kSite,
  kMac,
  kInterface,
  kAddress,
  kNote
};
constexpr std::size_t kNumInventoryColumns = 11;

// InventoryRow is one line: one identity of one device. Every value is normalised, so that equal
// things are equal bytes; optional ones may be empty. `device_id`, `site` and attribute values are
// safe to put into a path: 1 to 64 of A-Z a-z 0-9 . _ - and neither "." nor "..".
struct InventoryRow {
  int line = 0;
  std::string device_id;
  std::string function;
  std::string tier;
  IdentityKind identity_type = IdentityKind::kSpki;
  std::string identity;  // As model/identity.h says for its type.
  std::string trust;
  std::string site;
  std::string mac;        // "00:1a:2b:3c:4d:5e".
  std::string interface;  // A network interface of the gateway.
  std::string address;    // IPv4, or IPv6 in its canonical form.
  std::string note;
  // From columns "attr.NAME": NAME and value, in the order of the header, empty ones left out.
  std::vector<std::pair<std::string, std::string>> attributes;
  std::array<int, kNumInventoryColumns> columns{};  // Where each cell begins; 0: no such column.
};

struct Inventory {
  std::string file;
  std::vector<InventoryRow> rows;

  // at returns the place of one cell, or of the row's start where it has no such column.
  [[nodiscard]] Position at(const InventoryRow& row, InventoryColumn column) const;
};

// parse_inventory reads a file of at most limits::kInventoryBytesMax and limits::kInventoryRowsMax
// lines; `file` is its name in messages. The first line names the columns, in any order. Empty
// lines are skipped; a quoted value ends on its line. It appends all problems to `problems`, and
// returns nothing if one of them is an error. Time is linear in the length of `text`.
//
// What rows mean together (unknown functions, identities given twice) is not judged here.
std::optional<Inventory> parse_inventory(std::string file, std::string_view text,
                                         std::vector<Problem>& problems);

}  // namespace interlock::policy
