// The changes of intent that take a right away.
#pragma once

#include <string>

#include "sim/plant.h"

namespace interlock::sim {

inline Intent without(const std::string& device) {
  Intent intent;
  std::erase_if(intent.devices, [&](const auto& row) { return row.device == device; });
  return intent;
}

inline Intent revoking(const std::string& name) {
  Intent intent;
  intent.revoked.push_back(name);
  return intent;
}

}  // namespace interlock::sim
