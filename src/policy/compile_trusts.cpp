// Trusts: authorities and their revocation lists, read and verified once.
#include <fmt/format.h>

#include "base/limits.h"
#include "policy/compile.h"
#include "policy/units.h"

namespace interlock::policy {

void Compiling::compile_trusts(const Unit& unit) {
  for (int i = 0; i < unit.text.message.trust_size(); ++i) {
    const config::Trust& trust = unit.text.message.trust(i);
    const Node& block = *unit.text.tree.root().field("trust", static_cast<std::size_t>(i));
    bool good = define(trusts_, "trust", block, trust.name());
    const bool none = trust.revocation() == config::Trust::NONE;
    if (!none && trust.crl_size() == 0) {
      error(block.name_at(),
            fmt::format("trust {} does not say how revocation is known", quoted(trust.name())),
            "write crl { file: \"trust/plant.crl\" }, or revocation: NONE if nothing is ever "
            "revoked there");
      good = false;
    }
    if (none && trust.crl_size() > 0) {
      error(block.field("crl")->name_at(), "a trust with revocation: NONE has no crl",
            "remove one of the two");
      good = false;
    }
    if (!require(block, "ca_file", "ca_file: \"trust/plant-ca.pem\"")) continue;

    pki::TrustSource source{.name = trust.name(),
                            .ca_file = resolve(unit.file, trust.ca_file()),
                            .ca_pem = {},
                            .enrolment_only = trust.usage() == config::Trust::ENROLMENT_ONLY,
                            .for_services = trust.usage() == config::Trust::SERVICES,
                            .no_revocation = none,
                            .crls = {}};
    auto ca_pem = read_file(source.ca_file, block.field("ca_file")->value_at(),
                            limits::kAuthorityFileBytesMax);
    good &= ca_pem.has_value();
    if (ca_pem) source.ca_pem = std::move(*ca_pem);
    for (int c = 0; c < trust.crl_size(); ++c) {
      const Node& crl = *block.field("crl", static_cast<std::size_t>(c));
      pki::CrlSource list;
      if (trust.crl(c).has_max_age()) {
        list.max_age = duration(crl, "max_age");
        good &= list.max_age.has_value();
      }
      if (!require(crl, "file", "file: \"trust/plant.crl\"")) {
        good = false;
        continue;
      }
      list.file = resolve(unit.file, trust.crl(c).file());
      auto bytes = read_file(list.file, crl.field("file")->value_at(), limits::kCrlFileBytesMax);
      good &= bytes.has_value();
      if (bytes) list.bytes = std::move(*bytes);
      source.crls.push_back(std::move(list));
    }
    if (!good) continue;

    std::vector<pki::TrustProblem> found;
    auto loaded = pki::load_trust(source, now_, found);
    for (pki::TrustProblem& each : found) {
      const Node* at = each.where == pki::TrustProblem::Where::kCrl
                           ? block.field("crl", each.index)->field("file")
                           : block.field("ca_file");
      add({at->value_at(), std::move(each.message), std::move(each.hint), each.warning});
    }
    if (loaded) out().trusts.push_back(std::move(loaded));
  }
}

}  // namespace interlock::policy
