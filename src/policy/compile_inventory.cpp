// The inventory: rows become devices and identities, each bound to one trust.
#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "pki/digest.h"
#include "policy/compile.h"

namespace interlock::policy {
namespace {

template <class List>
auto find_named(const List& list, std::string_view name) {
  const auto at =
      std::find_if(list.begin(), list.end(), [&](const auto& each) { return each->name == name; });
  return at == list.end() ? nullptr : at->get();
}

}  // namespace

void Compiling::check_attributes(const Inventory& inventory, const InventoryRow& row,
                                 const Function& function) {
  const Device& device = *devices_.at(row.device_id);
  for (const Permit& permit : function.permits) {
    for (const PathSegment& segment : permit.pattern) {
      if (segment.kind != PathSegment::Kind::kAttribute ||
          !device.attribute(segment.text).empty()) {
        continue;
      }
      std::string hint = fmt::format("fill in the column attr.{}", segment.text);
      if (segment.text == "site") {
        hint = "fill in the column site, or set site in the configuration";
      }
      if (segment.text == "tier") hint = "fill in the column tier";
      error(inventory.at(row, InventoryColumn::kDeviceId),
            fmt::format("device \"{}\" has no {}, which permit \"{}\" of its function \"{}\" uses",
                        device.id, segment.text, permit.name, function.name),
            std::move(hint));
    }
  }
}

void Compiling::add_row(const Inventory& inventory, const InventoryRow& row) {
  const auto wrong = [&](InventoryColumn column, std::string message, std::string hint) {
    error(inventory.at(row, column), std::move(message), std::move(hint));
  };
  const auto known = [&](InventoryColumn column, const char* kind, const std::string& name,
                         const Names& names) {
    if (!names.contains(name)) unknown_name(inventory.at(row, column), kind, name, names);
    return names.contains(name);
  };
  bool good = known(InventoryColumn::kFunction, "function", row.function, functions_);
  if (!row.tier.empty()) good &= known(InventoryColumn::kTier, "tier", row.tier, tiers_);
  good &= known(InventoryColumn::kTrust, "trust", row.trust, trusts_);
  const auto for_services = [&](const auto& trust) {
    return trust->for_services() && trust->name() == row.trust;
  };
  if (std::ranges::any_of(out().trusts, for_services)) {
    wrong(InventoryColumn::kTrust,
          fmt::format("trust \"{}\" is for SERVICES and vouches for no device", row.trust),
          "name the trust that issued this device's certificate");
    good = false;
  }
  const Function* function = find_named(out().functions, row.function);
  if (!good || function == nullptr) return;  // A function with an error of its own was left out.
  const Tier* tier = row.tier.empty() ? nullptr : find_named(out().tiers, row.tier);
  Device*& device = devices_[row.device_id];
  if (device == nullptr) {
    device = &out().device_store.emplace_back();
    device->id = row.device_id;
    device->site = *out().site_names.insert(row.site.empty() ? out().site : row.site).first;
    if (out().site.empty() && !row.site.empty() && !std::exchange(warned_of_sites_, true)) {
      warning(inventory.at(row, InventoryColumn::kSite),
              "the configuration names no site, so the sites of devices are not compared",
              "write site: \"...\" in the configuration");
    }
    device->foreign = !out().site.empty() && device->site != out().site;
    device->function = function;
    device->tier = tier;
    device->attributes = row.attributes;
    device->line = row.line;
    out().devices.push_back(device);
    check_attributes(inventory, row, *function);
  } else if (device->function != function || device->tier != tier ||
             device->attributes != row.attributes ||
             (!row.site.empty() && row.site != device->site)) {
    wrong(InventoryColumn::kDeviceId,
          fmt::format("this row of \"{}\" says something else than line {}", row.device_id,
                      device->line),
          "rows of one device may differ in identity and trust only");
    return;
  }
  const Device* first = out().identities.add(row.trust, row.identity_type, row.identity, device);
  if (first != nullptr) {
    wrong(InventoryColumn::kIdentity,
          fmt::format("{} {} of trust \"{}\" belongs to device \"{}\" already",
                      identity_word(row.identity_type), quoted(row.identity), row.trust, first->id),
          "one identity names one device, in one row");
  }
}

void Compiling::compile_inventory() {
  if (inventory_file_.empty()) return;
  const auto text = read_file(inventory_file_, inventory_at_, limits::kInventoryBytesMax);
  if (!text) return;
  const auto inventory = parse_inventory(inventory_file_, *text, result_.problems);
  if (!inventory) return;
  for (const InventoryRow& row : inventory->rows) add_row(*inventory, row);
  std::sort(out().devices.begin(), out().devices.end(),
            [](const auto& a, const auto& b) { return a->id < b->id; });
  out().devices.shrink_to_fit();
  out().identities.settle();
}

}  // namespace interlock::policy
