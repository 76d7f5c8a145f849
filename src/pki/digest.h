// SHA-256, the one digest that names keys, certificates and audit lines.
#pragma once

#include <array>
#include <cstdint>

#include "base/hex.h"

namespace interlock::pki {

std::array<std::uint8_t, 32> sha256(Bytes bytes);

}  // namespace interlock::pki
