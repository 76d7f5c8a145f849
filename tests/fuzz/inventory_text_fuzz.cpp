// Any bytes as an inventory: no crash, every problem inside the file, and what is accepted is in
// its normal form, so that written out and read again it is the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/inventory_text.h"
#include "policy/inventory_values.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

void check_places(std::string_view text, const std::vector<Problem>& problems) {
  const auto num_lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const Problem& problem : problems) {
    IL_ASSERT(!problem.message.empty());
    IL_ASSERT(problem.at.line >= 1 && problem.at.line <= num_lines);
    IL_ASSERT(problem.at.column >= 1 &&
              static_cast<std::size_t>(problem.at.column) <= text.size() + 1);
  }
}

void append_cell(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string header_of(const InventoryRow& row) {
  std::string out =
      "device_id,function,tier,identity_type,identity,trust,site,mac,interface,address,note";
  for (const auto& [name, value] : row.attributes) out += ",attr." + name;
  return out + "\n";
}

std::string written(const InventoryRow& row) {
  std::string out;
  const std::string_view cells[] = {
      row.device_id, row.function, row.tier, identity_word(row.identity_type),
      row.identity,  row.trust,    row.site, row.mac,
      row.interface, row.address,  row.note};
  for (const std::string_view cell : cells) {
    if (!out.empty()) out += ',';
    append_cell(out, cell);
  }
  for (const auto& [name, value] : row.attributes) {
    out += ',';
    append_cell(out, value);
  }
  return out + "\n";
}

void check_row(const InventoryRow& row) {
  IL_ASSERT(read_path_name(row.device_id).has_value());
  IL_ASSERT(row.site.empty() || read_path_name(row.site).has_value());
  IL_ASSERT(!row.function.empty() && !row.trust.empty());
  const Value identity = read_identity(row.identity_type, row.identity);
  IL_ASSERT(identity.has_value() && *identity == row.identity);
  std::vector<Problem> problems;
  const auto again = parse_inventory("f", header_of(row) + written(row), problems);
  IL_ASSERT(again.has_value() && again->rows.size() == 1);
  IL_ASSERT(written(again->rows[0]) == written(row));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<Problem> problems;
  const auto inventory = parse_inventory("f", text, problems);
  IL_ASSERT(inventory.has_value() == !has_errors(problems));
  check_places(text, problems);
  if (!inventory.has_value()) return 0;
  int line = 0;
  for (const InventoryRow& row : inventory->rows) {
    IL_ASSERT(row.line > line);
    line = row.line;
    check_row(row);
  }
  return 0;
}
