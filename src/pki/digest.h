// SHA-256 (FIPS 180-4), the one digest that names keys, certificates and chains.
#pragma once

#include <array>
#include <cstdint>

#include "base/hex.h"

namespace interlock::pki {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(Bytes data);

}  // namespace interlock::pki
