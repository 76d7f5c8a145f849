// Can a certificate hurt its reader, or be read in two ways? Whatever is accepted is complete and
// well-formed, BoringSSL sees the same key, name and number in it, and nothing but the holder of
// the vectors' own keys gets a good verdict.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <openssl/mem.h>

#include "base/limits.h"
#include "base/result.h"
#include "base/text.h"
#include "fuzz/pki_plant.h"
#include "pki/path.h"
#include "pki/verify.h"

namespace {

using namespace interlock;
using namespace interlock::pki;

// The key of leaf10.pem (SHA-256 of its SubjectPublicKeyInfo), the only one that is good.
constexpr std::string_view kLeaf10 =
    "45d08c7c9267c76f90cd9743c869da58480877690f5fd3ef29b5f23e5041a4ec";

const Trust& plant_trust() {
  static const auto trust = [] {
    std::vector<TrustProblem> problems;
    auto loaded = load_trust(fuzz::plant(fuzz::kGoodCrl), fuzz::kNow, problems);
    IL_ASSERT(loaded != nullptr);
    return loaded;
  }();
  return *trust;
}

void check_text(const std::string& text) {
  IL_ASSERT(is_utf8(text) && text.find('\0') == std::string::npos);
}

void check_same_as_boringssl(const Certificate& certificate) {
  const auto x509 = parse_x509(certificate);
  if (x509 == nullptr) return;
  std::uint8_t* data = nullptr;
  int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509.get()), &data);
  const bssl::UniquePtr<std::uint8_t> spki(data);
  IL_ASSERT(len > 0 && sha256({data, static_cast<std::size_t>(len)}) == certificate.spki_sha256);
  data = nullptr;
  len = i2d_X509_NAME(X509_get_subject_name(x509.get()), &data);
  const bssl::UniquePtr<std::uint8_t> name(data);
  IL_ASSERT(len > 0 && std::ranges::equal(Bytes(data, static_cast<std::size_t>(len)),
                                          certificate.subject_der));
  const ASN1_INTEGER* serial = X509_get_serialNumber(x509.get());
  Serial padded{};
  const Bytes octets(ASN1_STRING_get0_data(serial),
                     static_cast<std::size_t>(ASN1_STRING_length(serial)));
  IL_ASSERT(octets.size() <= padded.size() && ASN1_STRING_type(serial) == V_ASN1_INTEGER);
  std::copy_backward(octets.begin(), octets.end(), padded.end());
  IL_ASSERT(padded == certificate.serial);
}

void check_certificate(const Certificate& certificate, Bytes der) {
  IL_ASSERT(std::ranges::equal(certificate.der, der));
  IL_ASSERT(!certificate.serial_hex.empty() && certificate.serial_hex.size() <= 40);
  IL_ASSERT(certificate.serial != Serial{});
  check_text(certificate.subject);
  check_text(certificate.issuer);
  const Names& names = certificate.names;
  for (const auto* list :
       {&names.common_names, &names.serial_numbers, &names.dns, &names.uris, &names.hw_modules}) {
    for (const std::string& name : *list) check_text(name);
  }
  for (const std::string& host : names.dns) IL_ASSERT(!host.empty() && host == to_lower(host));
  IL_ASSERT(certificate.spiffe_id.empty() || valid_spiffe_id(certificate.spiffe_id));
  IL_ASSERT(quoted_subject(certificate).size() <= limits::kNameInSentenceBytesMax + 5);
  IL_ASSERT(certificate.is_ca ||
            (!certificate.may_sign_certificates && !certificate.may_sign_crls));
  check_same_as_boringssl(certificate);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes der(data, size);
  const auto certificate = read_certificate(der);
  if (certificate.has_value()) check_certificate(*certificate, der);
  const Bytes chain[] = {der};
  const Verdict verdict = verify(chain, plant_trust(), fuzz::kNow);
  IL_ASSERT(verdict.valid_until >= fuzz::kNow);
  IL_ASSERT(verdict.detail.empty() == (verdict.reason == Reason::kNone));
  if (verdict.reason == Reason::kNone) {
    IL_ASSERT(certificate.has_value() && to_hex(certificate->spki_sha256) == kLeaf10);
  }
  IL_ASSERT(ERR_peek_error() == 0);
  return 0;
}
