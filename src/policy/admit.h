// From certificate to device: is the chain good, and whose is it? Called at the handshake, and
// again whenever the configuration has changed or the verdict has run out.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/hex.h"
#include "pki/verify.h"
#include "policy/chain_cache.h"
#include "policy/snapshot.h"

namespace interlock::policy {

// no_facts is what is known before a chain was looked at.
const std::shared_ptr<const pki::ChainFacts>& no_facts();

// Admission is good (kNone, `device` set) or one reason. `facts` are those of the trust that
// admitted the chain, or that came nearest to it.
struct Admission {
  Reason reason = Reason::kNone;
  std::string detail;                                         // One plain sentence, for records.
  const Device* device = nullptr;                             // Owned by the Snapshot.
  std::shared_ptr<const pki::ChainFacts> facts = no_facts();  // Never null.
  WallTime valid_until;  // Admit again after this moment: a verdict may change then.
  // For the cache, once the client has proved its key: one for each trust; empty where nobody was
  // admitted.
  std::vector<Inspected> inspected;

  [[nodiscard]] bool admitted() const { return reason == Reason::kNone; }
  // certificate_lifetime is notAfter - notBefore of the leaf.
  [[nodiscard]] Millis certificate_lifetime() const;
  // assurance is how well the device's identity is proved, 0 to 3 (model/identity.h).
  [[nodiscard]] int assurance() const { return admitted() ? kUniqueKeyAssurance : 0; }
};

// Identified: which device a certificate belongs to, as the inventory has it for one trust.
struct Identified {
  const Device* device = nullptr;
  const Device* other = nullptr;  // Set where the certificate matches a second device: ambiguous.
  std::string matched_by;         // "uri spiffe://plant/press-07".
};
Identified identify(const Snapshot& snapshot, std::string_view trust, const pki::Certificate& leaf);

// admit judges `chain` (DER, leaf first) against every one of `trusts` and looks the leaf up in the
// inventory. A chain that two trusts accept must mean the same device in both. What is in `cache`
// is not found out again; the result is the same.
Admission admit(const Snapshot& snapshot, std::span<const std::shared_ptr<const pki::Trust>> trusts,
                std::span<const Bytes> chain, WallTime now, const ChainCache& cache = ChainCache());

// still_admitted is true while an earlier admission holds at `now`: one comparison.
bool still_admitted(const Admission& admission, WallTime now);

}  // namespace interlock::policy
