#include "policy/admit.h"

#include <algorithm>

#include <fmt/format.h>

namespace interlock::policy {
namespace {

// Looks up one name of the certificate and notes a first, or a second and different, device.
void look_up(const Snapshot& snapshot, std::string_view trust, IdentityKind kind,
             std::string_view value, Identified& found) {
  const Device* device = snapshot.identities.find(trust, kind, value);
  if (device == nullptr) return;
  if (found.device == nullptr) {
    found.device = device;
    found.matched_by = fmt::format("{} {}", identity_word(kind), value);
  } else if (found.device != device) {
    found.other = device;
  }
}

struct Candidate {
  std::shared_ptr<const pki::ChainFacts> facts;
  pki::Verdict verdict;
};

// The refusal that tells most: a chain that is at least known to one of the trusts.
bool tells_more(const pki::Verdict& a, const pki::Verdict& b) {
  return b.reason == Reason::untrusted_chain && a.reason != Reason::untrusted_chain;
}

Admission refuse(Candidate candidate) {
  return {.reason = candidate.verdict.reason,
          .detail = std::move(candidate.verdict.detail),
          .facts = std::move(candidate.facts)};
}

// A row by a common name that does not count looks right to whoever wrote it: say what is wrong.
std::string_view common_name_hint(const Snapshot& snapshot, const pki::ChainFacts& facts) {
  if (pki::common_name_counts(*facts.leaf)) return {};
  Identified found;
  for (const std::string& name : facts.leaf->names.common_names) {
    look_up(snapshot, facts.trust, IdentityKind::kCommonName, name, found);
  }
  return found.device == nullptr
             ? std::string_view()
             : "; its common name does not count beside a subject alternative name";
}

Admission admit_accepted(const Snapshot& snapshot, std::vector<Candidate> accepted) {
  Identified found;
  std::size_t by = 0;
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    const Identified here = identify(snapshot, accepted[i].facts->trust, *accepted[i].facts->leaf);
    if (here.other != nullptr) {
      found = here;
      by = i;
      break;
    }
    if (here.device == nullptr) continue;
    if (found.device == nullptr) {
      found = here;
      by = i;
    } else if (found.device != here.device) {
      found.other = here.device;
    }
  }
  Admission admission{.facts = std::move(accepted[by].facts)};
  if (found.other != nullptr) {
    admission.reason = Reason::identity_ambiguous;
    admission.detail = fmt::format("the certificate matches device \"{}\" and device \"{}\"",
                                   found.device->id, found.other->id);
  } else if (found.device == nullptr) {
    admission.reason = Reason::unknown_device;
    admission.detail =
        fmt::format("no row of the inventory for trust \"{}\" matches the certificate of {}{}",
                    admission.facts->trust, pki::quoted_subject(*admission.facts->leaf),
                    common_name_hint(snapshot, *admission.facts));
  } else {
    admission.device = found.device;
    admission.detail = found.matched_by;
  }
  return admission;
}

}  // namespace

const std::shared_ptr<const pki::ChainFacts>& no_facts() {
  static const auto none = std::make_shared<const pki::ChainFacts>();
  return none;
}

Millis Admission::certificate_lifetime() const {
  return facts->leaf ? facts->leaf->not_after - facts->leaf->not_before : Millis{0};
}

Identified identify(const Snapshot& snapshot, std::string_view trust,
                    const pki::Certificate& leaf) {
  Identified found;
  const auto try_each = [&](IdentityKind kind, const std::vector<std::string>& values) {
    for (const std::string& value : values) look_up(snapshot, trust, kind, value, found);
  };
  look_up(snapshot, trust, IdentityKind::kSpki, to_hex(leaf.spki_sha256), found);
  for (const std::string& uri : leaf.names.uris) {
    if (pki::has_uri(leaf, uri)) look_up(snapshot, trust, IdentityKind::kUri, uri, found);
  }
  try_each(IdentityKind::kDns, leaf.names.dns);
  try_each(IdentityKind::kSerial, leaf.names.serial_numbers);
  try_each(IdentityKind::kHwModule, leaf.names.hw_modules);
  if (pki::common_name_counts(leaf)) try_each(IdentityKind::kCommonName, leaf.names.common_names);
  return found;
}

Admission admit(const Snapshot& snapshot, std::span<const std::shared_ptr<const pki::Trust>> trusts,
                std::span<const Bytes> chain, WallTime now, const ChainCache& cache) {
  const pki::Sha256 chain_digest = pki::sha256_of_list(chain);
  std::vector<Inspected> inspected;
  std::vector<Candidate> accepted;
  std::optional<Candidate> refused;
  WallTime valid_until = kDistantFuture;
  for (const auto& trust : trusts) {
    auto facts = cache.find(chain_digest, trust->identity(), now);
    if (facts == nullptr) {
      facts = std::make_shared<const pki::ChainFacts>(pki::inspect(chain, *trust, now));
    }
    inspected.push_back({chain_digest, trust->identity(), facts});
    Candidate candidate{.facts = std::move(facts), .verdict = {}};
    candidate.verdict = pki::judge(*candidate.facts, *trust, now);
    // A trust that refuses now may accept later, and then have a say in whose chain it is.
    valid_until = std::min(valid_until, candidate.verdict.valid_until);
    if (candidate.verdict.reason == Reason::kNone) {
      accepted.push_back(std::move(candidate));
    } else if (!refused || tells_more(candidate.verdict, refused->verdict)) {
      refused = std::move(candidate);
    }
  }
  Admission admission{.reason = Reason::untrusted_chain, .detail = "the listener names no trust"};
  if (!accepted.empty()) {
    admission = admit_accepted(snapshot, std::move(accepted));
  } else if (refused) {
    admission = refuse(std::move(*refused));
  }
  admission.valid_until = valid_until;
  if (admission.admitted()) admission.inspected = std::move(inspected);
  return admission;
}

bool still_admitted(const Admission& admission, WallTime now) {
  return admission.admitted() && now <= admission.valid_until;
}

}  // namespace interlock::policy
