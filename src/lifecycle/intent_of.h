// What files say of a device, as the machines need it.
#pragma once

#include "lifecycle/standing_of.h"
#include "policy/snapshot.h"

namespace interlock::lifecycle {

// intent_of returns what is asked of the device. Every device is active from the beginning:
// onboarding has no configuration yet.
inline DeviceIntent intent_of(const policy::Device& device) {
  return {.initial_stage = Stage::kActive,
          .attestation = device.tier != nullptr && device.tier->attestation};
}

}  // namespace interlock::lifecycle
