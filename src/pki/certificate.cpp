#include "pki/certificate.h"

#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>

#include "base/limits.h"
#include "base/text.h"
#include "pki/boringssl.h"
#include "pki/der.h"
#include "pki/san.h"

namespace interlock::pki {
namespace {

// OIDs in DER contents form (RFC 5280, section 4.2).
constexpr std::uint8_t kKeyUsage[] = {0x55, 0x1d, 0x0f};
constexpr std::uint8_t kSubjectAltName[] = {0x55, 0x1d, 0x11};
constexpr std::uint8_t kBasicConstraints[] = {0x55, 0x1d, 0x13};
constexpr std::uint8_t kExtendedKeyUsage[] = {0x55, 0x1d, 0x25};
constexpr std::uint8_t kAnyUsage[] = {0x55, 0x1d, 0x25, 0x00};
constexpr std::uint8_t kServerAuth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
constexpr std::uint8_t kClientAuth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};

// Bits of KeyUsage.
constexpr unsigned kDigitalSignature = 0;
constexpr unsigned kKeyCertSign = 5;
constexpr unsigned kCrlSign = 6;

constexpr auto kVersionTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
constexpr auto kIssuerUniqueIdTag = CBS_ASN1_CONTEXT_SPECIFIC | 1;
constexpr auto kSubjectUniqueIdTag = CBS_ASN1_CONTEXT_SPECIFIC | 2;
constexpr auto kExtensionsTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 3;

// Fields of TBSCertificate that are looked at, as views into the input.
struct Tbs {
  CBS algorithm;
  CBS issuer;    // Whole element.
  CBS validity;  // Contents.
  CBS subject;   // Whole element.
  CBS spki;      // Whole element.
  CBS extensions;
  int has_extensions = 0;
};

std::vector<std::uint8_t> copy_of(const CBS& cbs) {
  return {CBS_data(&cbs), CBS_data(&cbs) + CBS_len(&cbs)};
}

Status read_tbs(CBS tbs, Tbs& out, Serial& serial) {
  CBS version;
  std::uint64_t number = 0;
  if (!CBS_get_asn1(&tbs, &version, kVersionTag) || !CBS_get_asn1_uint64(&version, &number) ||
      CBS_len(&version) != 0 || number != 2) {
    return malformed("the certificate is not of version 3");
  }
  IL_TRY_ASSIGN(serial, read_serial(tbs));
  if (!CBS_get_asn1(&tbs, &out.algorithm, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1_element(&tbs, &out.issuer, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&tbs, &out.validity, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1_element(&tbs, &out.subject, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1_element(&tbs, &out.spki, CBS_ASN1_SEQUENCE) ||
      !CBS_get_optional_asn1(&tbs, nullptr, nullptr, kIssuerUniqueIdTag) ||
      !CBS_get_optional_asn1(&tbs, nullptr, nullptr, kSubjectUniqueIdTag) ||
      !CBS_get_optional_asn1(&tbs, &out.extensions, &out.has_extensions, kExtensionsTag) ||
      CBS_len(&tbs) != 0) {
    return malformed("the certificate is damaged");
  }
  return Ok{};
}

void read_key(CBS spki, Certificate& out) {
  const ErrorMark mark;
  const bssl::UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&spki));
  if (key == nullptr) return;
  const auto is = [&](KeyKind kind) {
    out.key_kind = kind;
    out.key_bits = static_cast<unsigned>(EVP_PKEY_bits(key.get()));
  };
  if (EVP_PKEY_id(key.get()) == EVP_PKEY_RSA) is(KeyKind::kRsa);
  if (EVP_PKEY_id(key.get()) == EVP_PKEY_ED25519) is(KeyKind::kEd25519);
  if (EVP_PKEY_id(key.get()) == EVP_PKEY_EC) {
    const int curve = EC_GROUP_get_curve_name(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key.get())));
    if (curve == NID_X9_62_prime256v1) is(KeyKind::kP256);
    if (curve == NID_secp384r1) is(KeyKind::kP384);
  }
}

Status read_basic_constraints(CBS value, Certificate& out) {
  CBS constraints;
  int is_ca = 0;
  // An explicit FALSE is not DER, but common.
  if (!CBS_get_asn1(&value, &constraints, CBS_ASN1_SEQUENCE) || CBS_len(&value) != 0 ||
      (CBS_peek_asn1_tag(&constraints, CBS_ASN1_BOOLEAN) &&
       !CBS_get_asn1_bool(&constraints, &is_ca))) {
    return malformed("the basic constraints are damaged");
  }
  out.is_ca = is_ca != 0;
  std::uint64_t path_len = 0;
  if (CBS_len(&constraints) == 0) return Ok{};
  if (!CBS_get_asn1_uint64(&constraints, &path_len) || CBS_len(&constraints) != 0) {
    return malformed("the basic constraints are damaged");
  }
  out.path_len = path_len;
  return Ok{};
}

Status read_extended_key_usage(CBS value, Certificate& out) {
  CBS list, usage;
  if (!CBS_get_asn1(&value, &list, CBS_ASN1_SEQUENCE) || CBS_len(&value) != 0) {
    return malformed("the extended key usage is damaged");
  }
  out.purpose = Purpose::kOther;
  while (CBS_len(&list) != 0) {
    if (!CBS_get_asn1(&list, &usage, CBS_ASN1_OBJECT)) {
      return malformed("the extended key usage is damaged");
    }
    const bool any = is_oid(usage, kAnyUsage);
    if (any || is_oid(usage, kClientAuth)) out.purpose = Purpose::kClient;
    if (any || is_oid(usage, kServerAuth)) out.for_servers = true;
  }
  return Ok{};
}

Status read_all_extensions(CBS element, Certificate& out) {
  std::vector<Extension> extensions;
  IL_TRY_ASSIGN(extensions, read_extensions(element));
  CBS usage;
  bool has_usage = false;
  for (const Extension& extension : extensions) {
    if (is_oid(extension.oid, kSubjectAltName)) IL_TRY(read_san(extension.value, out.names));
    if (is_oid(extension.oid, kBasicConstraints)) {
      IL_TRY(read_basic_constraints(extension.value, out));
    }
    if (is_oid(extension.oid, kExtendedKeyUsage)) {
      IL_TRY(read_extended_key_usage(extension.value, out));
    }
    if (is_oid(extension.oid, kKeyUsage)) {
      CBS value = extension.value;
      has_usage = CBS_get_asn1(&value, &usage, CBS_ASN1_BITSTRING) && CBS_len(&value) == 0 &&
                  CBS_is_valid_asn1_bitstring(&usage);
      if (!has_usage) return malformed("the key usage is damaged");
    }
  }
  const auto may = [&](unsigned bit) {
    return !has_usage || CBS_asn1_bitstring_has_bit(&usage, bit) != 0;
  };
  out.may_sign_data = may(kDigitalSignature);
  out.may_sign_certificates = out.is_ca && may(kKeyCertSign);
  out.may_sign_crls = out.is_ca && may(kCrlSign);
  return Ok{};
}

Status read_names(const Tbs& tbs, Certificate& out) {
  out.subject_der = copy_of(tbs.subject);
  out.issuer_der = copy_of(tbs.issuer);
  out.self_signed = out.subject_der == out.issuer_der;
  IL_TRY_ASSIGN(out.subject, name_text(out.subject_der));
  IL_TRY_ASSIGN(out.issuer, name_text(out.issuer_der));
  out.names.common_names = name_values(out.subject_der, NID_commonName);
  out.names.serial_numbers = name_values(out.subject_der, NID_serialNumber);
  return Ok{};
}

}  // namespace

Result<Certificate> read_certificate(Bytes der) {
  if (der.size() > limits::kCertificateBytesMax) {
    return fail(Errc::kLimit, Origin::kClient, "the certificate is too large");
  }
  CBS in = cbs_of(der);
  CBS certificate, tbs_contents, algorithm, signature;
  if (!CBS_get_asn1(&in, &certificate, CBS_ASN1_SEQUENCE) || CBS_len(&in) != 0 ||
      !CBS_get_asn1(&certificate, &tbs_contents, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&certificate, &algorithm, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&certificate, &signature, CBS_ASN1_BITSTRING) || CBS_len(&certificate) != 0) {
    return malformed("this is not one DER certificate");
  }
  Certificate out;
  Tbs tbs{};
  IL_TRY(read_tbs(tbs_contents, tbs, out.serial));
  if (!is_oid(algorithm, bytes_of(tbs.algorithm))) {
    return malformed("the certificate names two signature algorithms");
  }
  IL_TRY_ASSIGN(out.not_before, read_time(tbs.validity));
  IL_TRY_ASSIGN(out.not_after, read_time(tbs.validity));
  if (CBS_len(&tbs.validity) != 0) return malformed("the validity is damaged");
  IL_TRY(read_names(tbs, out));
  if (tbs.has_extensions != 0) IL_TRY(read_all_extensions(tbs.extensions, out));

  read_key(tbs.spki, out);
  out.der.assign(der.begin(), der.end());
  out.fingerprint = sha256(der);
  out.spki_sha256 = sha256(bytes_of(tbs.spki));
  out.serial_hex = serial_hex(out.serial);
  out.signature_hash = signature_hash(algorithm);
  const auto& uris = out.names.uris;
  if (uris.size() == 1 && valid_spiffe_id(uris.front())) out.spiffe_id = uris.front();
  return out;
}

bool strong_key(const Certificate& certificate) {
  switch (certificate.key_kind) {
    case KeyKind::kRsa:
      return certificate.key_bits >= 2048 && certificate.key_bits <= 8192;
    case KeyKind::kP256:
    case KeyKind::kP384:
    case KeyKind::kEd25519:
      return true;
    case KeyKind::kOther:
      return false;
  }
  return false;
}

std::string describe_key(const Certificate& certificate) {
  switch (certificate.key_kind) {
    case KeyKind::kRsa:
      return "RSA " + std::to_string(certificate.key_bits);
    case KeyKind::kP256:
      return "P-256";
    case KeyKind::kP384:
      return "P-384";
    case KeyKind::kEd25519:
      return "Ed25519";
    case KeyKind::kOther:
      break;
  }
  return "an unknown kind";
}

std::string quoted(std::string_view name) {
  std::string_view rest = name;
  std::size_t len = 0;
  while (!rest.empty()) {
    const std::size_t step = std::max<std::size_t>(utf8_sequence_len(rest), 1);
    if (len + step > limits::kNameInSentenceBytesMax) break;
    len += step;
    rest.remove_prefix(step);
  }
  return '"' + std::string(name.substr(0, len)) + (rest.empty() ? "\"" : "...\"");
}

std::string quoted_subject(const Certificate& certificate) {
  return quoted(certificate.subject.empty() ? "serial " + certificate.serial_hex
                                            : certificate.subject);
}

}  // namespace interlock::pki
