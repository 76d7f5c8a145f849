// Can a revocation list hurt its reader, or be taken for more than it is? Whatever is read is a
// sorted set; whatever is loaded was signed by the vectors' authority, which revoked 0b in every
// list it ever made; and what is refused says why.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <openssl/err.h>

#include "base/result.h"
#include "fuzz/pki_plant.h"
#include "pki/crl.h"

namespace {

using namespace interlock;
using namespace interlock::pki;

void check_read(Bytes der) {
  const auto crl = read_crl(der);
  if (!crl.has_value()) return;
  IL_ASSERT(std::ranges::is_sorted(crl->revoked));
  IL_ASSERT(std::ranges::adjacent_find(crl->revoked) == crl->revoked.end());
  IL_ASSERT(!std::ranges::binary_search(crl->revoked, Serial{}));
  // BoringSSL sees no more entries, and as many where none is listed twice.
  const auto* entries = X509_CRL_get_REVOKED(crl->x509.get());
  const std::size_t count = entries == nullptr ? 0 : sk_X509_REVOKED_num(entries);
  IL_ASSERT(crl->revoked.size() <= count && (count == 0) == crl->revoked.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  check_read(bytes);
  std::vector<TrustProblem> problems;
  const auto trust = load_trust(fuzz::plant(std::string(as_text(bytes))), fuzz::kNow, problems);
  const auto is_refusal = [](const TrustProblem& problem) { return !problem.warning; };
  IL_ASSERT((trust == nullptr) == std::ranges::any_of(problems, is_refusal));
  for (const TrustProblem& problem : problems) {
    IL_ASSERT(!problem.message.empty() && !problem.hint.empty());
  }
  if (trust != nullptr) {
    Serial revoked{};
    revoked.back() = 0x0b;
    const auto found = trust->revocation(issuer_id(*trust->authorities()[0]), revoked);
    IL_ASSERT(found.has_value() && found->revoked);
  }
  IL_ASSERT(ERR_peek_error() == 0);
  return 0;
}
