// Names that may identify a device: the subject alternative name, host names, SPIFFE IDs.
#include <algorithm>

#include <arpa/inet.h>
#include <openssl/mem.h>

#include "base/text.h"
#include "pki/certificate.h"
#include "pki/der.h"
#include "pki/san.h"

namespace interlock::pki {
namespace {

constexpr std::string_view kSpiffeScheme = "spiffe://";
constexpr std::size_t kSpiffeIdBytesMax = 2048;    // SPIFFE-ID, section 2.3.
constexpr std::size_t kTrustDomainBytesMax = 255;  // SPIFFE-ID, section 2.1.
constexpr std::size_t kHostNameBytesMax = 253;     // RFC 1035, section 2.3.4, without root dot.
constexpr std::size_t kHostLabelBytesMax = 63;

// 1.3.6.1.5.5.7.8.4, id-on-hardwareModuleName (RFC 4108, section 5).
constexpr std::uint8_t kHwModuleName[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x04};

constexpr auto kOtherName = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
constexpr auto kEmailName = CBS_ASN1_CONTEXT_SPECIFIC | 1;
constexpr auto kDnsName = CBS_ASN1_CONTEXT_SPECIFIC | 2;
constexpr auto kUriName = CBS_ASN1_CONTEXT_SPECIFIC | 6;
constexpr auto kAddressName = CBS_ASN1_CONTEXT_SPECIFIC | 7;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// split_all calls `good` for each piece between separators and stops at the first false.
template <class Good>
bool split_all(std::string_view text, char separator, Good good) {
  while (true) {
    const std::size_t end = text.find(separator);
    if (!good(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

// A space is no URI's, but devices' application URIs have them.
bool is_printable(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

// An address of any other length is nobody's.
void read_address(Bytes octets, Names& names) {
  if (octets.size() != 4 && octets.size() != 16) return;
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(octets.size() == 4 ? AF_INET : AF_INET6, octets.data(), text, sizeof text);
  names.addresses.emplace_back(text);
}

// HardwareModuleName ::= SEQUENCE { hwType OBJECT IDENTIFIER, hwSerialNum OCTET STRING }
Status read_other_name(CBS other, Names& names) {
  CBS type, tagged, module, hw_type, hw_serial;
  if (!CBS_get_asn1(&other, &type, CBS_ASN1_OBJECT)) return malformed("a SAN is damaged");
  if (!is_oid(type, kHwModuleName)) return Ok{};
  if (!CBS_get_asn1(&other, &tagged, CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0) ||
      !CBS_get_asn1(&tagged, &module, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&module, &hw_type, CBS_ASN1_OBJECT) ||
      !CBS_get_asn1(&module, &hw_serial, CBS_ASN1_OCTETSTRING) || CBS_len(&module) != 0 ||
      CBS_len(&tagged) != 0 || CBS_len(&other) != 0) {
    return malformed("a hardwareModuleName is damaged");
  }
  const bssl::UniquePtr<char> oid(CBS_asn1_oid_to_text(&hw_type));
  if (oid == nullptr) return malformed("a hardwareModuleName is damaged");
  names.hw_modules.push_back(std::string(oid.get()) + ':' + to_hex(bytes_of(hw_serial)));
  return Ok{};
}

}  // namespace

bool is_host_name(std::string_view name) {
  const auto good_label = [](std::string_view label) {
    return !label.empty() && label.size() <= kHostLabelBytesMax && label.front() != '-' &&
           label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
             return is_lower_or_digit(c) || c == '-' || c == '_';
           });
  };
  if (name.size() > kHostNameBytesMax || !split_all(name, '.', good_label)) return false;
  // All digits in the last label: an IPv4 address in disguise.
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return !std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Status read_san(CBS value, Names& names) {
  names.has_san = true;
  CBS list;
  if (!CBS_get_asn1(&value, &list, CBS_ASN1_SEQUENCE) || CBS_len(&value) != 0) {
    return malformed("a SAN is damaged");
  }
  while (CBS_len(&list) != 0) {
    CBS name;
    unsigned tag = 0;
    if (!CBS_get_any_asn1(&list, &name, &tag)) return malformed("a SAN is damaged");
    const std::string_view text = as_text(bytes_of(name));
    if (tag == kOtherName) IL_TRY(read_other_name(name, names));
    if (tag == kAddressName) read_address(bytes_of(name), names);
    if (tag != kEmailName && tag != kDnsName && tag != kUriName) continue;
    if (text.find('\0') != std::string_view::npos) return malformed("a SAN contains a NUL");
    if (tag == kUriName) {
      if (!is_printable(text)) return malformed("a SAN URI is no printable text");
      names.uris.emplace_back(text);
    }
    if (std::string host = to_lower(text); tag == kDnsName && is_host_name(host)) {
      names.dns.push_back(std::move(host));
    }
  }
  return Ok{};
}

bool valid_spiffe_id(std::string_view id) {
  if (!id.starts_with(kSpiffeScheme) || id.size() > kSpiffeIdBytesMax) return false;
  id.remove_prefix(kSpiffeScheme.size());
  const std::string_view domain = id.substr(0, id.find('/'));
  const bool good_domain = !domain.empty() && domain.size() <= kTrustDomainBytesMax &&
                           std::all_of(domain.begin(), domain.end(), [](char c) {
                             return is_lower_or_digit(c) || c == '-' || c == '.' || c == '_';
                           });
  if (!good_domain || domain.size() == id.size()) return good_domain;
  return split_all(id.substr(domain.size() + 1), '/', [](std::string_view segment) {
    return !segment.empty() && segment != "." && segment != ".." &&
           std::all_of(segment.begin(), segment.end(), [](char c) {
             return is_lower_or_digit(c) || is_upper(c) || c == '-' || c == '.' || c == '_';
           });
  });
}

bool has_uri(const Certificate& certificate, std::string_view uri) {
  if (equals_ignoring_case(uri.substr(0, kSpiffeScheme.size()), kSpiffeScheme)) {
    return uri == certificate.spiffe_id;
  }
  return std::ranges::find(certificate.names.uris, uri) != certificate.names.uris.end();
}

bool common_name_counts(const Certificate& certificate) { return !certificate.names.has_san; }

}  // namespace interlock::pki
