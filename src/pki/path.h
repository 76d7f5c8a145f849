// Which certificates make up the path? A search only: it proves nothing, verify.cpp gives what it
// finds to BoringSSL's verifier. It exists because that verifier takes the first authority of the
// right name, and authorities are renewed under the same name, with the same key or another.
// For src/pki only.
#pragma once

#include <span>
#include <vector>

#include <openssl/x509.h>

#include "base/time.h"
#include "pki/boringssl.h"
#include "pki/certificate.h"

namespace interlock::pki {

// PathNode is one certificate in both its forms. Both are owned by somebody else.
struct PathNode {
  X509* x509 = nullptr;
  const Certificate* certificate = nullptr;
  bool trusted = false;  // Of the trust's own file.

  [[nodiscard]] bool is_anchor() const { return trusted && certificate->self_signed; }
};

// parse_x509 decodes what read_certificate() has accepted; null where BoringSSL does not like it.
bssl::UniquePtr<X509> parse_x509(const Certificate& certificate);

// find_path searches a path from presented[0] to an anchor: authorities of the trust before
// presented ones, those valid at `now` before others. The result begins with the leaf; its last
// element is an anchor, or, where no path was found, the certificate whose issuer is missing.
// Bounded by limits::kPathStepsMax and limits::kChainCertificatesMax.
std::vector<PathNode> find_path(std::span<const PathNode> presented,
                                std::span<const PathNode> authorities, WallTime now);

}  // namespace interlock::pki
