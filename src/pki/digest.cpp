#include "pki/digest.h"

#include <openssl/sha.h>

#include "pki/boringssl.h"

namespace interlock::pki {

Sha256 sha256(Bytes data) {
  Sha256 digest;
  SHA256(data.data(), data.size(), digest.data());
  return digest;
}

}  // namespace interlock::pki
