#include "pki/digest.h"

#include <openssl/sha.h>

#include "pki/boringssl.h"

namespace interlock::pki {

Sha256 sha256(Bytes data) {
  Sha256 digest;
  SHA256(data.data(), data.size(), digest.data());
  return digest;
}

Sha256 sha256_of_list(std::span<const Bytes> parts) {
  SHA256_CTX context;
  SHA256_Init(&context);
  for (const Bytes part : parts) {
    const std::uint64_t len = part.size();
    SHA256_Update(&context, &len, sizeof len);  // Digests never leave this machine: any byte order.
    SHA256_Update(&context, part.data(), part.size());
  }
  Sha256 digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace interlock::pki
