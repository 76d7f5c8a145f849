#include "pki/digest.h"

#include <openssl/sha.h>

namespace interlock::pki {

std::array<std::uint8_t, 32> sha256(Bytes bytes) {
  std::array<std::uint8_t, 32> digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

}  // namespace interlock::pki
