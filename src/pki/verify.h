// May a client, or a service, with this certificate chain be believed? In two steps: inspect() runs
// BoringSSL's path validation and writes down facts; judge() is the one function that turns facts
// into a verdict. Every handshake, every resumption and every later look at an open connection
// calls judge(); only the first needs inspect(), which costs signature checks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/hex.h"
#include "base/time.h"
#include "interlock/reason.h"
#include "pki/certificate.h"
#include "pki/trust.h"

namespace interlock::pki {

// PathLink is one certificate of the path, as far as a later judgement needs it.
struct PathLink {
  IssuerId issuer{};  // Name and key of the authority that signed it.
  Serial serial{};
  WallTime not_before;
  WallTime not_after;
  std::string subject;
  std::string issuer_name;
};

// ChainFacts is what was found out about a chain. It is immutable, refers to nothing, and may be
// kept and judged again, also by a newer Trust of the same name.
struct ChainFacts {
  // Nothing where the first certificate could not be read. Facts are kept for as long as a device
  // is connected or remembered, so its bytes (`der`, `subject_der`, `issuer_der`) are left out.
  std::optional<Certificate> leaf;
  std::string trust;          // Name of the trust.
  bool for_services = false;  // Its usage: what the purpose was held against.
  // Why there is no valid path to an anchor; plain sentences, empty for a good path.
  std::vector<std::string> path_problems;
  // The path from the leaf up to, and including, the anchor; empty where there is none.
  std::vector<PathLink> path;
  Sha256 anchor{};                // Fingerprint of the last certificate of the path.
  std::string weakness;           // Which certificate has a weak key or signature; "" for none.
  std::string purpose_problem;    // Which certificate is not meant for this use; "" for none.
  bool purpose_unstated = false;  // The leaf has no extended key usage.
  WallTime not_after;             // Earliest end of a certificate of the path.
  // From `same_from` to `same_until`, both included, inspect() finds the same: no certificate of
  // the chain or of the trust begins or ends to be valid.
  WallTime same_from{INT64_MIN};
  WallTime same_until{INT64_MAX};
};

// inspect reads `chain` (DER, leaf first, then intermediates in any order) and looks for a path to
// an anchor of `trust`, preferring authorities that are valid at `now`. Bounded by
// limits::kChainCertificatesMax and limits::kCertificateBytesMax before anything is parsed.
ChainFacts inspect(std::span<const Bytes> chain, const Trust& trust, WallTime now);

// Verdict is good (kNone) or one reason. `detail` is a plain sentence that names the certificate;
// its text comes from certificates and is for records, never for the peer. The verdict holds from
// `now` up to and including `valid_until`; after that, or when the trust is replaced, judge again.
struct Verdict {
  Reason reason = Reason::kNone;
  std::string detail;
  WallTime valid_until;
};

// judge says whether `facts` are good at `now`. Where several reasons apply, the first of:
// untrusted_chain, weak_key, certificate_purpose, certificate_revoked, certificate_not_yet_valid,
// certificate_expired, revocation_stale. Total, pure, and cheap enough for every operation: no
// signature is checked. Facts that were good once and no longer are deserve one fresh inspect()
// before the refusal: another path may exist.
Verdict judge(const ChainFacts& facts, const Trust& trust, WallTime now);

// verify is judge(inspect(chain)).
Verdict verify(std::span<const Bytes> chain, const Trust& trust, WallTime now);

}  // namespace interlock::pki
