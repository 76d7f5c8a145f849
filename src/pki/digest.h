// SHA-256 (FIPS 180-4), the one digest that names keys, certificates and chains.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/hex.h"

namespace interlock::pki {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(Bytes data);

// sha256_of_list is the SHA-256 of `parts`, each with its length before it: lists that differ
// anywhere, also in where one part ends and the next begins, have different digests.
Sha256 sha256_of_list(std::span<const Bytes> parts);

}  // namespace interlock::pki
