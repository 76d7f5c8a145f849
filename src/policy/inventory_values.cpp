// Checking and normalising the values of an inventory.
#include "policy/inventory_values.h"

#include <algorithm>
#include <utility>

#include "base/hex.h"
#include "base/text.h"
#include "pki/certificate.h"
#include "policy/problem.h"
#include "policy/units.h"

namespace interlock::policy {
namespace {

constexpr std::size_t kSpkiDigits = 64;
// RFC 5280, appendix A.1: ub-common-name and ub-serial-number.
constexpr std::size_t kAttributeLenMax = 64;
constexpr std::size_t kDnsLenMax = 253;  // RFC 1035, section 2.3.4, written without the last dot.
constexpr std::size_t kDnsLabelMax = 63;
constexpr std::size_t kInterfaceLenMax = 15;  // IFNAMSIZ - 1.
constexpr std::size_t kPathNameLenMax = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

tl::unexpected<Fault> fault(std::size_t byte, std::string message, std::string_view hint = {}) {
  return tl::unexpected<Fault>(Fault{byte, std::move(message), std::string(hint)});
}

template <class Predicate>
std::size_t first_not(std::string_view text, Predicate predicate) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), predicate) -
                                  text.begin());
}

Value read_spki(std::string_view text) {
  const std::size_t bad = first_not(text, is_hex);
  if (bad < text.size()) {
    return fault(bad, "spki is the SHA-256 of a public key: 64 hexadecimal digits",
                 "write digits only, without colons or spaces");
  }
  if (text.size() != kSpkiDigits) {
    return fault(0, "spki has 64 hexadecimal digits, this has " + std::to_string(text.size()),
                 text.size() < kSpkiDigits ? kLostZeros : std::string_view());
  }
  return to_lower(text);
}

// RFC 3986: a scheme, a colon, and only characters that a URI may hold.
Value read_uri(std::string_view text) {
  static constexpr std::string_view kPunctuation = "-._~:/?#[]@!$&'()*+,;=%";
  constexpr std::string_view kHint =
      R"(write it as the certificate has it: "spiffe://plant/temp-01")";
  const std::size_t bad = first_not(text, [](char c) {
    return is_alphanumeric(c) || kPunctuation.find(c) != std::string_view::npos;
  });
  if (bad < text.size()) return fault(bad, "a URI cannot hold this character", kHint);
  const std::size_t scheme = first_not(
      text, [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; });
  if (scheme == 0 || is_digit(text[0]) || !text.substr(scheme).starts_with(':') ||
      scheme + 1 == text.size()) {
    return fault(0, quoted(text) + " is not a URI", kHint);
  }
  constexpr std::string_view kSpiffe = "spiffe:";
  if (equals_ignoring_case(text.substr(0, kSpiffe.size()), kSpiffe) &&
      !pki::valid_spiffe_id(text)) {
    return fault(0, quoted(text) + " is not a SPIFFE ID, and no certificate will match it",
                 R"(write a lower-case trust domain, no port, no escapes, no slash at the end: )"
                 R"("spiffe://plant/temp-01")");
  }
  return std::string(text);
}

Value read_dns(std::string_view text) {
  constexpr std::string_view kHint = R"(write a full name: "temp-01.plant.example")";
  if (text.size() > kDnsLenMax) return fault(0, "a DNS name has at most 253 characters");
  std::size_t begin = 0;
  std::string_view label;
  while (begin <= text.size()) {
    label = text.substr(begin, text.find('.', begin) - begin);
    const std::size_t bad =
        first_not(label, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
    if (bad < label.size()) {
      return fault(begin + bad, "a DNS name cannot hold this character",
                   label[bad] == '*' ? "a wildcard is not one device" : kHint);
    }
    if (label.empty() || label.size() > kDnsLabelMax || label.front() == '-' ||
        label.back() == '-') {
      return fault(begin, quoted(text) + " is not a DNS name", kHint);
    }
    begin += label.size() + 1;
  }
  // RFC 1123, section 2.1: the last label is never a number, or it would be an IPv4 address.
  if (std::all_of(label.begin(), label.end(), is_digit)) {
    return fault(0, quoted(text) + " is not a DNS name", "an address is no identity");
  }
  return to_lower(text);
}

// A subject's serialNumber is a PrintableString (X.520): ASCII, and IDevIDs keep to it.
Value read_serial(std::string_view text) {
  const std::size_t bad = first_not(text, [](char c) { return c >= ' ' && c < 0x7f; });
  if (bad < text.size()) return fault(bad, "a serial number cannot hold this character");
  if (text.size() > kAttributeLenMax) return fault(0, "a serial number has at most 64 characters");
  return std::string(text);
}

Value read_common_name(std::string_view text) {
  const auto is_lead = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  if (std::count_if(text.begin(), text.end(), is_lead) >
      static_cast<std::ptrdiff_t>(kAttributeLenMax)) {
    return fault(0, "a common name has at most 64 characters");
  }
  return std::string(text);
}

bool is_oid(std::string_view text) {
  std::size_t num_arcs = 0;
  for (std::size_t begin = 0; begin <= text.size(); ++num_arcs) {
    const std::string_view arc = text.substr(begin, text.find('.', begin) - begin);
    if (arc.empty() || !std::all_of(arc.begin(), arc.end(), is_digit)) return false;
    if (arc.size() > 1 && arc[0] == '0') return false;
    if (num_arcs == 0 && (arc.size() > 1 || arc[0] > '2')) return false;
    begin += arc.size() + 1;
  }
  return num_arcs >= 2;
}

Value read_hw_module(std::string_view text) {
  constexpr std::string_view kHint = R"(write type and serial number: "1.3.6.1.4.1.4711.7:00a1b2")";
  const std::size_t colon = text.find(':');
  if (!is_oid(text.substr(0, colon))) {
    return fault(0, "hwmodule begins with an object identifier", kHint);
  }
  const std::string_view serial = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (serial.empty() || !from_hex(serial).has_value()) {
    return fault(std::min(colon, text.size() - 1),
                 "after the object identifier stand a colon and pairs of hexadecimal digits",
                 kHint);
  }
  return to_lower(text);
}

}  // namespace

Value read_identity(IdentityKind kind, std::string_view text) {
  switch (kind) {
    case IdentityKind::kSpki:
      return read_spki(text);
    case IdentityKind::kUri:
      return read_uri(text);
    case IdentityKind::kDns:
      return read_dns(text);
    case IdentityKind::kSerial:
      return read_serial(text);
    case IdentityKind::kHwModule:
      return read_hw_module(text);
    case IdentityKind::kCommonName:
      return read_common_name(text);
  }
  return fault(0, "unknown identity type");
}

Value read_path_name(std::string_view text) {
  constexpr std::string_view kHint =
      "use 1 to 64 of A-Z a-z 0-9 . _ - with no dot at the end (it may stand in a path)";
  const std::size_t bad = first_not(
      text, [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
  if (bad < text.size()) {
    return fault(bad, quoted(text) + " holds a character that is not safe", kHint);
  }
  if (text.size() > kPathNameLenMax) {
    return fault(kPathNameLenMax, quoted(text) + " is too long", kHint);
  }
  if (text.empty() || text.back() == '.') {
    return fault(0, quoted(text) + " is not a name", kHint);
  }
  return std::string(text);
}

Value read_mac(std::string_view text) {
  constexpr std::size_t kMacLen = 17;
  constexpr std::size_t kMacDigits = 12;
  constexpr std::string_view kHint = R"(write six pairs: "00:1a:2b:3c:4d:5e")";
  const char separator = text.size() > 2 ? text[2] : ':';
  if (text.size() < kMacDigits && first_not(text, is_hex) == text.size()) {
    return fault(0, quoted(text) + " is not a MAC address", kLostZeros);
  }
  if (text.size() != kMacLen || (separator != ':' && separator != '-')) {
    return fault(0, quoted(text) + " is not a MAC address", kHint);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 3 == 2 ? text[i] != separator : !is_hex(text[i])) {
      return fault(i, quoted(text) + " is not a MAC address", kHint);
    }
  }
  std::string out = to_lower(text);
  std::replace(out.begin(), out.end(), '-', ':');
  return out;
}

Value read_interface(std::string_view text) {
  const std::size_t bad =
      first_not(text, [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != ':'; });
  if (bad < text.size() || text.size() > kInterfaceLenMax || text == "." || text == "..") {
    return fault(bad < text.size() ? bad : 0, quoted(text) + " is not a network interface",
                 R"(write its name on the gateway: "eth1")");
  }
  return std::string(text);
}

Value read_address(std::string_view text) {
  auto address = canonical_address(text);
  if (address.has_value()) return *std::move(address);
  return fault(0, quoted(text) + " is not an IPv4 or IPv6 address",
               R"(write the address alone, without port or mask: "192.0.2.7")");
}

}  // namespace interlock::policy
