// Device: one entry of the inventory, as the decision sees it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace interlock::policy {

struct Function;
struct Tier;

// Constant after the Snapshot that owns it is compiled. There may be a hundred thousand: what many
// share is kept once, elsewhere.
struct Device {
  std::string id;
  std::string_view site;               // Kept by the Snapshot.
  bool foreign = false;                // Its site is not the gateway's: nothing is permitted.
  int line = 0;                        // First row in the inventory.
  const Function* function = nullptr;  // Never null in a Snapshot.
  const Tier* tier = nullptr;          // Null: no tier named; nothing more is asked of the device.
  std::vector<std::pair<std::string, std::string>> attributes;  // Inventory columns attr.NAME.

  // attribute returns the value of `id`, `site`, `function`, `tier` or an inventory column
  // attr.NAME; empty where there is none.
  [[nodiscard]] std::string_view attribute(std::string_view name) const;
};

}  // namespace interlock::policy
