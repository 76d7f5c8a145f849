// Device: one entry of the inventory, as the decision sees it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace interlock::policy {

struct Function;
struct Tier;

// Constant after the Snapshot that owns it is compiled.
struct Device {
  std::string id;
  std::string site;
  bool foreign = false;                // Its site is not the gateway's: nothing is permitted.
  const Function* function = nullptr;  // Never null in a Snapshot.
  const Tier* tier = nullptr;          // Null: no tier named; nothing more is asked of the device.
  std::vector<std::pair<std::string, std::string>> attributes;  // Inventory columns attr.NAME.
  int line = 0;                                                 // First row in the inventory.

  // attribute returns the value of `id`, `site`, `function`, `tier` or an inventory column
  // attr.NAME; empty where there is none.
  [[nodiscard]] std::string_view attribute(std::string_view name) const;
};

}  // namespace interlock::policy
