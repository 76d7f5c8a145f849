// Blocks of PEM (RFC 7468), read by BoringSSL from memory.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace interlock::pki {

// pem_blocks returns the contents of every block labelled `label`, in order, and skips everything
// else. An error where one is damaged or encrypted; none at all is an empty list.
Result<std::vector<std::vector<std::uint8_t>>> pem_blocks(std::string_view pem,
                                                          std::string_view label);

}  // namespace interlock::pki
