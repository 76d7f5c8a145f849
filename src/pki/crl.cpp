#include "pki/crl.h"

#include <algorithm>

#include "pki/der.h"

namespace interlock::pki {
namespace {

// OIDs in DER contents form (RFC 5280, sections 5.2 and 5.3).
constexpr std::uint8_t kCrlNumber[] = {0x55, 0x1d, 0x14};
constexpr std::uint8_t kReasonCode[] = {0x55, 0x1d, 0x15};
constexpr std::uint8_t kDeltaCrlIndicator[] = {0x55, 0x1d, 0x1b};
constexpr std::uint8_t kIssuingDistributionPoint[] = {0x55, 0x1d, 0x1c};
constexpr std::uint8_t kCertificateIssuer[] = {0x55, 0x1d, 0x1d};
constexpr std::uint8_t kAuthorityKeyId[] = {0x55, 0x1d, 0x23};

constexpr auto kExtensionsTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
constexpr auto kIndirectTag = CBS_ASN1_CONTEXT_SPECIFIC | 4;

constexpr Complaint kDamaged{"this is not one undamaged revocation list",
                             "Fetch the file again; it must be a CRL in DER or PEM."};
constexpr Complaint kDelta{
    "this is a delta revocation list, which names only what changed since another one",
    "Use the authority's complete list; a delta alone would let older revocations pass."};
constexpr Complaint kIndirect{
    "this is an indirect revocation list: it speaks for other authorities than its own issuer",
    "Have each authority issue a list of its own."};
constexpr Complaint kPartial{
    "this list has an issuingDistributionPoint: it may cover only some of the certificates",
    "Use the authority's complete list, without that extension."};
constexpr Complaint kUnknownCritical{
    "this list has a critical extension that is not known here, so its meaning is uncertain",
    "Have the authority issue a plain complete list."};
constexpr Complaint kWeakSignature{
    "this list is signed with SHA-1 or another algorithm that is not accepted",
    "Set the authority to sign with SHA-256 or better."};

using Refusal = std::optional<Complaint>;

// IssuingDistributionPoint says indirectCRL in [4] (section 5.2.5).
bool is_indirect(CBS value) {
  CBS point, contents;
  unsigned tag = 0;
  if (!CBS_get_asn1(&value, &point, CBS_ASN1_SEQUENCE)) return false;
  while (CBS_len(&point) != 0 && CBS_get_any_asn1(&point, &contents, &tag)) {
    std::uint8_t truth = 0;
    if (tag == kIndirectTag) return CBS_get_u8(&contents, &truth) && truth != 0;
  }
  return false;
}

Refusal read_list_extensions(CBS element, Crl& out) {
  const auto extensions = read_extensions(element);
  if (!extensions.has_value()) return kDamaged;
  for (const Extension& extension : *extensions) {
    if (is_oid(extension.oid, kDeltaCrlIndicator)) return kDelta;
    if (is_oid(extension.oid, kIssuingDistributionPoint)) {
      return is_indirect(extension.value) ? kIndirect : kPartial;
    }
    if (is_oid(extension.oid, kCrlNumber)) {
      CBS value = extension.value, number;
      int negative = 0;
      if (!CBS_get_asn1(&value, &number, CBS_ASN1_INTEGER) || CBS_len(&value) != 0 ||
          !CBS_is_valid_asn1_integer(&number, &negative) || negative != 0) {
        return kDamaged;
      }
      out.number_hex = to_hex(bytes_of(number));
    } else if (extension.critical && !is_oid(extension.oid, kAuthorityKeyId)) {
      return kUnknownCritical;
    }
  }
  return std::nullopt;
}

Refusal read_entry_extensions(CBS list) {
  while (CBS_len(&list) != 0) {
    Extension extension;
    if (!next_extension(list, extension)) return kDamaged;
    if (is_oid(extension.oid, kCertificateIssuer)) return kIndirect;
    if (extension.critical && !is_oid(extension.oid, kReasonCode)) return kUnknownCritical;
  }
  return std::nullopt;
}

Refusal read_entries(CBS list, std::vector<Serial>& out) {
  // Entries without extensions are about 35 octets.
  out.reserve(CBS_len(&list) / 35);
  while (CBS_len(&list) != 0) {
    CBS entry, extensions;
    if (!CBS_get_asn1(&list, &entry, CBS_ASN1_SEQUENCE)) return kDamaged;
    const auto serial = read_serial(entry);
    if (!serial.has_value() || !read_time(entry).has_value()) return kDamaged;
    if (CBS_len(&entry) != 0) {
      if (!CBS_get_asn1(&entry, &extensions, CBS_ASN1_SEQUENCE) || CBS_len(&entry) != 0) {
        return kDamaged;
      }
      if (const Refusal refusal = read_entry_extensions(extensions)) return refusal;
    }
    out.push_back(*serial);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  out.shrink_to_fit();
  return std::nullopt;
}

Refusal read_times(CBS& tbs, Crl& out) {
  const auto this_update = read_time(tbs);
  if (!this_update.has_value()) return kDamaged;
  out.this_update = *this_update;
  if (!is_time(tbs)) return std::nullopt;
  const auto next_update = read_time(tbs);
  if (!next_update.has_value()) return kDamaged;
  out.next_update = *next_update;
  return std::nullopt;
}

// TBSCertList (section 5.1.2). Version 1 has no version field and no extensions; plain tools write
// it when they have none to add.
Refusal read_tbs(CBS tbs, CBS outer_algorithm, Crl& out) {
  CBS algorithm, issuer, entries, extensions;
  std::uint64_t version = 0;
  const bool has_version = CBS_peek_asn1_tag(&tbs, CBS_ASN1_INTEGER) != 0;
  if ((has_version && (!CBS_get_asn1_uint64(&tbs, &version) || version != 1)) ||
      !CBS_get_asn1(&tbs, &algorithm, CBS_ASN1_SEQUENCE) ||
      !is_oid(algorithm, bytes_of(outer_algorithm)) ||
      !CBS_get_asn1_element(&tbs, &issuer, CBS_ASN1_SEQUENCE)) {
    return kDamaged;
  }
  const auto name = name_text(bytes_of(issuer));
  if (!name.has_value()) return kDamaged;
  out.issuer = *name;
  if (const Refusal refusal = read_times(tbs, out)) return refusal;
  if (CBS_peek_asn1_tag(&tbs, CBS_ASN1_SEQUENCE)) {
    if (!CBS_get_asn1(&tbs, &entries, CBS_ASN1_SEQUENCE)) return kDamaged;
    if (const Refusal refusal = read_entries(entries, out.revoked)) return refusal;
  }
  if (CBS_len(&tbs) == 0) return std::nullopt;
  if (!has_version || !CBS_get_asn1(&tbs, &extensions, kExtensionsTag) || CBS_len(&tbs) != 0) {
    return kDamaged;
  }
  return read_list_extensions(extensions, out);
}

}  // namespace

tl::expected<Crl, Complaint> read_crl(Bytes der) {
  const ErrorMark mark;
  CBS in = cbs_of(der);
  CBS list, tbs, algorithm, signature;
  if (!CBS_get_asn1(&in, &list, CBS_ASN1_SEQUENCE) || CBS_len(&in) != 0 ||
      !CBS_get_asn1(&list, &tbs, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&list, &algorithm, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&list, &signature, CBS_ASN1_BITSTRING) || CBS_len(&list) != 0) {
    return tl::unexpected(kDamaged);
  }
  Crl out;
  if (const Refusal refusal = read_tbs(tbs, algorithm, out)) return tl::unexpected(*refusal);
  if (signature_hash(algorithm) == SignatureHash::kWeak) return tl::unexpected(kWeakSignature);
  const std::uint8_t* data = der.data();
  out.x509.reset(d2i_X509_CRL(nullptr, &data, static_cast<long>(der.size())));
  if (out.x509 == nullptr) return tl::unexpected(kDamaged);
  return out;
}

}  // namespace interlock::pki
