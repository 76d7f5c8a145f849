// One certificate revocation list (RFC 5280, section 5), read once into a sorted set of serial
// numbers. For src/pki only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <openssl/x509.h>

#include "base/hex.h"
#include "base/time.h"
#include "pki/boringssl.h"
#include "pki/certificate.h"

namespace interlock::pki {

// Complaint is a sentence about a file and what to do about it, both literals.
struct Complaint {
  const char* message;
  const char* hint;
};

struct Crl {
  bssl::UniquePtr<X509_CRL> x509;  // For the signature; dropped once it is checked.
  std::string issuer;              // RFC 4514 text.
  WallTime this_update;
  std::optional<WallTime> next_update;
  std::string number_hex;
  std::vector<Serial> revoked;  // Sorted, each once.
};

// read_crl reads one DER list: a complete, direct one, without critical extensions other than the
// two that change nothing. The signature is not checked. Every entry counts as revoked, whatever
// its reason: removeFromCRL means something in delta lists only.
tl::expected<Crl, Complaint> read_crl(Bytes der);

}  // namespace interlock::pki
