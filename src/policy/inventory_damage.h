// What spreadsheets and word processors do to a list of devices, recognised by the traces it
// leaves: each is named where it stands, with what to do about it.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "policy/inventory_text.h"
#include "policy/inventory_values.h"

namespace interlock::policy {

// file_damage recognises a file that is not lines of UTF-8 at all: UTF-16, lines that end in CR
// alone.
std::optional<Fault> file_damage(std::string_view text);

// header_damage recognises a first line that is none of comma-separated columns: other separators,
// or Excel's "sep=,".
std::optional<Fault> header_damage(std::string_view line);

// cell_damage recognises what happens to a value: a formula, a result that is an error ("#NAME?"),
// and, unless it is prose, a number written as 1E+10, a non-breaking space, typographic quotes and
// dashes.
std::optional<Fault> cell_damage(std::string_view text, bool is_prose);

// is_date tells whether `text` is what spreadsheets make of "MAR-07" or "3/7": "07-Mar", "07. Mrz",
// "2026-03-07", "07.03.2026", "3/7/2026".
bool is_date(std::string_view text);

// is_rounded tells whether `text` is a number of more digits than a spreadsheet keeps (15), with
// zeros in place of the others.
bool is_rounded(std::string_view text);

// lost_zeros returns the rows whose serial number, of digits alone, is shorter than nearly all
// others of their trust (which have six digits or more), where none of those begins with a zero: it
// may have been a number to a spreadsheet. Views `rows`.
std::vector<const InventoryRow*> lost_zeros(std::span<const InventoryRow> rows);

}  // namespace interlock::policy
