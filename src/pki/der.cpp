#include "pki/der.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include <openssl/bio.h>
#include <openssl/mem.h>
#include <openssl/x509.h>

#include "base/limits.h"

namespace interlock::pki {
namespace {

// OIDs of signature algorithms, DER contents (RFC 8017, RFC 5758, RFC 8410).
constexpr std::uint8_t kSha256WithRsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b};
constexpr std::uint8_t kSha384WithRsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c};
constexpr std::uint8_t kSha512WithRsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d};
constexpr std::uint8_t kRsaPss[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a};
constexpr std::uint8_t kEcdsaWithSha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
constexpr std::uint8_t kEcdsaWithSha384[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
constexpr std::uint8_t kEcdsaWithSha512[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04};
constexpr std::uint8_t kEd25519[] = {0x2b, 0x65, 0x70};
constexpr std::uint8_t kSha256[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
constexpr std::uint8_t kSha384[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
constexpr std::uint8_t kSha512[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03};

struct HashOfOid {
  Bytes oid;
  SignatureHash hash;
};
constexpr HashOfOid kSignatures[] = {{kSha256WithRsa, SignatureHash::kSha256},
                                     {kSha384WithRsa, SignatureHash::kSha384},
                                     {kSha512WithRsa, SignatureHash::kSha512},
                                     {kEcdsaWithSha256, SignatureHash::kSha256},
                                     {kEcdsaWithSha384, SignatureHash::kSha384},
                                     {kEcdsaWithSha512, SignatureHash::kSha512},
                                     {kEd25519, SignatureHash::kNone}};
constexpr HashOfOid kHashes[] = {{kSha256, SignatureHash::kSha256},
                                 {kSha384, SignatureHash::kSha384},
                                 {kSha512, SignatureHash::kSha512}};

SignatureHash find_hash(std::span<const HashOfOid> table, const CBS& oid) {
  for (const HashOfOid& row : table) {
    if (is_oid(oid, row.oid)) return row.hash;
  }
  return SignatureHash::kWeak;
}

// RSASSA-PSS-params name their hash in [0]; without it they mean SHA-1 (RFC 8017, A.2.3).
SignatureHash pss_hash(CBS parameters) {
  CBS params, tagged, hash, oid;
  constexpr auto kHashTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
  if (!CBS_get_asn1(&parameters, &params, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&params, &tagged, kHashTag) ||
      !CBS_get_asn1(&tagged, &hash, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&hash, &oid, CBS_ASN1_OBJECT)) {
    return SignatureHash::kWeak;
  }
  return find_hash(kHashes, oid);
}

bool is_text_type(int type) {
  return type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING || type == V_ASN1_IA5STRING ||
         type == V_ASN1_T61STRING || type == V_ASN1_BMPSTRING || type == V_ASN1_UNIVERSALSTRING ||
         type == V_ASN1_VISIBLESTRING || type == V_ASN1_NUMERICSTRING;
}

// Nothing where the string breaks its type's rules or contains a NUL.
std::optional<std::string> utf8_of(const ASN1_STRING* value) {
  std::uint8_t* data = nullptr;
  const int len = ASN1_STRING_to_UTF8(&data, const_cast<ASN1_STRING*>(value));
  if (len < 0) return std::nullopt;
  const bssl::UniquePtr<std::uint8_t> owned(data);
  std::string text(as_text({data, static_cast<std::size_t>(len)}));
  if (text.find('\0') != std::string::npos) return std::nullopt;
  return text;
}

bssl::UniquePtr<X509_NAME> parse_name(Bytes element) {
  const std::uint8_t* data = element.data();
  bssl::UniquePtr<X509_NAME> name(d2i_X509_NAME(nullptr, &data, static_cast<long>(element.size())));
  if (data != element.data() + element.size()) name.reset();
  return name;
}

}  // namespace

Result<Serial> read_serial(CBS& in) {
  CBS number;
  int negative = 0;
  if (!CBS_get_asn1(&in, &number, CBS_ASN1_INTEGER) ||
      !CBS_is_valid_asn1_integer(&number, &negative)) {
    return malformed("a serial number is no DER integer");
  }
  Serial serial{};
  const Bytes octets = bytes_of(number);
  if (octets.size() > serial.size()) return malformed("a serial number is longer than 20 octets");
  std::copy_backward(octets.begin(), octets.end(), serial.end());
  if (negative != 0 || serial == Serial{}) return malformed("a serial number is not positive");
  return serial;
}

std::string serial_hex(const Serial& serial) {
  const auto first = std::find_if(serial.begin(), serial.end(), [](auto c) { return c != 0; });
  return to_hex({first, serial.end()});
}

bool is_time(const CBS& in) {
  return CBS_peek_asn1_tag(&in, CBS_ASN1_UTCTIME) != 0 ||
         CBS_peek_asn1_tag(&in, CBS_ASN1_GENERALIZEDTIME) != 0;
}

Result<WallTime> read_time(CBS& in) {
  const bool short_year = CBS_peek_asn1_tag(&in, CBS_ASN1_UTCTIME) != 0;
  CBS contents;
  if (!CBS_get_asn1(&in, &contents, short_year ? CBS_ASN1_UTCTIME : CBS_ASN1_GENERALIZEDTIME)) {
    return malformed("a time is missing");
  }
  const std::string_view text = as_text(bytes_of(contents));
  const std::size_t year_len = short_year ? 2 : 4;
  if (text.size() != year_len + 11 || text.back() != 'Z' ||
      !std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= '0' && c <= '9'; })) {
    return malformed("a time is not of the form that certificates use");
  }
  const auto number = [&](std::size_t at, std::size_t len) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + len, value);
    return value;
  };
  int year = number(0, year_len);
  if (short_year) year += year < 50 ? 2000 : 1900;
  const std::chrono::year_month_day day(std::chrono::year(year),
                                        std::chrono::month(unsigned(number(year_len, 2))),
                                        std::chrono::day(unsigned(number(year_len + 2, 2))));
  const int hour = number(year_len + 4, 2);
  const int minute = number(year_len + 6, 2);
  const int second = number(year_len + 8, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) {
    return malformed("a time is not in the calendar");
  }
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return WallTime{((days * 24 + hour) * 60 + minute) * 60'000 + second * 1000};
}

bool next_extension(CBS& list, Extension& out) {
  CBS extension;
  if (!CBS_get_asn1(&list, &extension, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&extension, &out.oid, CBS_ASN1_OBJECT)) {
    return false;
  }
  // An explicit FALSE is not DER, but common.
  int critical = 0;
  if (CBS_peek_asn1_tag(&extension, CBS_ASN1_BOOLEAN) &&
      !CBS_get_asn1_bool(&extension, &critical)) {
    return false;
  }
  out.critical = critical != 0;
  return CBS_get_asn1(&extension, &out.value, CBS_ASN1_OCTETSTRING) && CBS_len(&extension) == 0;
}

Result<std::vector<Extension>> read_extensions(CBS element) {
  CBS list;
  if (!CBS_get_asn1(&element, &list, CBS_ASN1_SEQUENCE) || CBS_len(&element) != 0) {
    return malformed("the extensions are damaged");
  }
  std::vector<Extension> found;
  while (CBS_len(&list) != 0) {
    Extension extension;
    if (!next_extension(list, extension)) return malformed("an extension is damaged");
    if (found.size() == limits::kExtensionsMax) {
      return fail(Errc::kLimit, Origin::kClient, "there are too many extensions");
    }
    for (const Extension& other : found) {
      if (is_oid(other.oid, bytes_of(extension.oid))) {
        return malformed("an extension occurs twice");
      }
    }
    found.push_back(extension);
  }
  return found;
}

bool is_oid(const CBS& oid, Bytes expected) {
  return CBS_mem_equal(&oid, expected.data(), expected.size()) != 0;
}

SignatureHash signature_hash(CBS algorithm) {
  CBS oid;
  if (!CBS_get_asn1(&algorithm, &oid, CBS_ASN1_OBJECT)) return SignatureHash::kWeak;
  return is_oid(oid, kRsaPss) ? pss_hash(algorithm) : find_hash(kSignatures, oid);
}

Result<std::string> name_text(Bytes element) {
  const ErrorMark mark;
  const bssl::UniquePtr<X509_NAME> name = parse_name(element);
  if (name == nullptr) return malformed("a name is damaged");
  for (int i = 0; i < X509_NAME_entry_count(name.get()); ++i) {
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name.get(), i));
    if (is_text_type(ASN1_STRING_type(value)) && !utf8_of(value).has_value()) {
      return malformed("a name contains a NUL or is no text");
    }
  }
  const bssl::UniquePtr<BIO> out(BIO_new(BIO_s_mem()));
  const std::uint8_t* data = nullptr;
  std::size_t len = 0;
  // RFC 2253 is what RFC 4514 became; other than BoringSSL's default, UTF-8 stays readable.
  constexpr unsigned long kFlags =
      XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (X509_NAME_print_ex(out.get(), name.get(), 0, kFlags) < 0 ||
      !BIO_mem_contents(out.get(), &data, &len)) {
    return malformed("a name cannot be written down");
  }
  return std::string(as_text({data, len}));
}

std::vector<std::string> name_values(Bytes element, int nid) {
  const ErrorMark mark;
  std::vector<std::string> values;
  const bssl::UniquePtr<X509_NAME> name = parse_name(element);
  if (name == nullptr) return values;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name.get(), nid, at)) >= 0;) {
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name.get(), at));
    if (auto text = utf8_of(value); text.has_value()) values.push_back(std::move(*text));
  }
  return values;
}

}  // namespace interlock::pki
