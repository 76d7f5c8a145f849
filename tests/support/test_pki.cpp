#include "support/test_pki.h"

#include <array>
#include <stdexcept>

#include <openssl/asn1.h>
#include <openssl/base.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/obj.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "pki/boringssl.h"

namespace interlock::test {
namespace {

constexpr unsigned kContext = CBS_ASN1_CONTEXT_SPECIFIC;
constexpr unsigned kContextConstructed = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED;

void check(bool worked) {
  if (!worked) throw std::runtime_error("the test PKI could not make what was asked");
}

// der_of runs `fill` on a CBB and returns what it wrote.
template <class Fill>
Der der_of(Fill fill) {
  bssl::ScopedCBB cbb;
  std::uint8_t* data = nullptr;
  std::size_t len = 0;
  check(CBB_init(cbb.get(), 64) && fill(cbb.get()) && CBB_finish(cbb.get(), &data, &len));
  const bssl::UniquePtr<std::uint8_t> owned(data);
  return {data, data + len};
}

bool add_bytes(CBB* out, std::string_view bytes) {
  return CBB_add_bytes(out, as_bytes(bytes).data(), bytes.size());
}

bool add_oid(CBB* out, const std::string& oid) {
  CBB contents;
  return CBB_add_asn1(out, &contents, CBS_ASN1_OBJECT) &&
         CBB_add_asn1_oid_from_text(&contents, oid.data(), oid.size()) && CBB_flush(out);
}

bssl::UniquePtr<ASN1_TIME> asn1_time(WallTime at) {
  std::string text = format_utc(at).substr(0, 19);
  std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
  const bool utc = text >= "19500101000000" && text < "20500101000000";
  text = (utc ? text.substr(2) : text) + 'Z';
  bssl::UniquePtr<ASN1_TIME> time(
      ASN1_STRING_type_new(utc ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME));
  check(ASN1_STRING_set(time.get(), text.data(), static_cast<int>(text.size())));
  return time;
}

bssl::UniquePtr<ASN1_INTEGER> asn1_integer(const std::string& hex) {
  BIGNUM* number = nullptr;
  check(BN_hex2bn(&number, hex.c_str()) != 0);
  const bssl::UniquePtr<BIGNUM> owned(number);
  bssl::UniquePtr<ASN1_INTEGER> integer(BN_to_ASN1_INTEGER(number, nullptr));
  check(integer != nullptr);
  return integer;
}

bssl::UniquePtr<X509_EXTENSION> x509_extension(const RawExtension& raw) {
  const bssl::UniquePtr<ASN1_OBJECT> oid(OBJ_txt2obj(raw.oid.c_str(), 1));
  const bssl::UniquePtr<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
  check(oid != nullptr &&
        ASN1_STRING_set(value.get(), raw.value.data(), static_cast<int>(raw.value.size())));
  bssl::UniquePtr<X509_EXTENSION> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), raw.critical ? 1 : 0, value.get()));
  check(extension != nullptr);
  return extension;
}

const EVP_MD* digest_of(SignHash hash, EVP_PKEY* key) {
  if (EVP_PKEY_id(key) == EVP_PKEY_ED25519) return nullptr;
  switch (hash) {
    case SignHash::kSha1:
    case SignHash::kPssSha1:
      return EVP_sha1();
    case SignHash::kSha256:
    case SignHash::kPssSha256:
      return EVP_sha256();
    case SignHash::kSha384:
      return EVP_sha384();
    case SignHash::kSha512:
      return EVP_sha512();
  }
  return nullptr;
}

bool is_pss(SignHash hash) { return hash == SignHash::kPssSha1 || hash == SignHash::kPssSha256; }

template <class Object, class Sign>
void sign(Object* object, SignHash hash, EVP_PKEY* key, Sign sign_ctx) {
  bssl::ScopedEVP_MD_CTX context;
  EVP_PKEY_CTX* options = nullptr;
  check(EVP_DigestSignInit(context.get(), &options, digest_of(hash, key), nullptr, key));
  if (is_pss(hash)) {
    check(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(options, -1));
  }
  check(sign_ctx(object, context.get()) != 0);
}

// key_id is a subject key identifier: any value that depends on the key alone.
Der key_id(EVP_PKEY* key) {
  const Der spki = der_of([&](CBB* out) { return EVP_marshal_public_key(out, key); });
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned len = 0;
  check(EVP_Digest(spki.data(), spki.size(), digest.data(), &len, EVP_sha256(), nullptr));
  return {digest.begin(), digest.begin() + 20};
}

bssl::UniquePtr<X509_NAME> name_of(const CertSpec& spec) {
  bssl::UniquePtr<X509_NAME> name(X509_NAME_new());
  auto attributes = spec.subject;
  if (!spec.common_name.empty()) attributes.emplace_back("CN", spec.common_name);
  for (const auto& [attribute, value] : attributes) {
    check(X509_NAME_add_entry_by_txt(name.get(), attribute.c_str(), V_ASN1_UTF8STRING,
                                     as_bytes(value).data(), static_cast<int>(value.size()), -1,
                                     0));
  }
  return name;
}

Der san_of(const CertSpec& spec) {
  return der_of([&](CBB* out) {
    CBB list, name, value, module, octets;
    bool good = CBB_add_asn1(out, &list, CBS_ASN1_SEQUENCE);
    const auto add = [&](unsigned tag, const std::string& text) {
      good = good && CBB_add_asn1(&list, &name, kContext | tag) && add_bytes(&name, text) &&
             CBB_flush(&list);
    };
    for (const auto& email : spec.emails) add(1, email);
    for (const auto& host : spec.dns) add(2, host);
    for (const auto& uri : spec.uris) add(6, uri);
    for (const auto& address : spec.addresses) add(7, address);
    for (const auto& [oid, serial] : spec.hw_modules) {
      good = good && CBB_add_asn1(&list, &name, kContextConstructed | 0) &&
             add_oid(&name, "1.3.6.1.5.5.7.8.4") &&
             CBB_add_asn1(&name, &value, kContextConstructed | 0) &&
             CBB_add_asn1(&value, &module, CBS_ASN1_SEQUENCE) && add_oid(&module, oid) &&
             CBB_add_asn1(&module, &octets, CBS_ASN1_OCTETSTRING) && add_bytes(&octets, serial) &&
             CBB_flush(&list);
    }
    return good && CBB_flush(out);
  });
}

Der basic_constraints_of(const CertSpec& spec) {
  return der_of([&](CBB* out) {
    CBB list;
    return CBB_add_asn1(out, &list, CBS_ASN1_SEQUENCE) &&
           (!spec.ca || CBB_add_asn1_bool(&list, 1)) &&
           (!spec.path_len.has_value() ||
            CBB_add_asn1_uint64(&list, static_cast<std::uint64_t>(*spec.path_len))) &&
           CBB_flush(out);
  });
}

Der key_usage_of(const std::vector<unsigned>& bits) {
  std::uint8_t octet = 0;
  for (const unsigned bit : bits) octet = static_cast<std::uint8_t>(octet | (0x80U >> bit));
  std::uint8_t unused = 0;
  while (unused < 7 && (octet >> unused & 1) == 0) ++unused;
  return {0x03, 0x02, unused, octet};
}

Der extended_key_usage_of(const std::vector<std::string>& usages) {
  return der_of([&](CBB* out) {
    CBB list;
    bool good = CBB_add_asn1(out, &list, CBS_ASN1_SEQUENCE);
    for (const std::string& usage : usages) good = good && add_oid(&list, usage);
    return good && CBB_flush(out);
  });
}

Der authority_key_id_of(EVP_PKEY* key) {
  const Der id = key_id(key);
  return der_of([&](CBB* out) {
    CBB list, value;
    return CBB_add_asn1(out, &list, CBS_ASN1_SEQUENCE) && CBB_add_asn1(&list, &value, kContext) &&
           CBB_add_bytes(&value, id.data(), id.size()) && CBB_flush(out);
  });
}

Der octet_string_of(const Der& value) {
  return der_of(
      [&](CBB* out) { return CBB_add_asn1_octet_string(out, value.data(), value.size()); });
}

std::vector<RawExtension> extensions_of(const CertSpec& spec, EVP_PKEY* key, EVP_PKEY* signer) {
  std::vector<RawExtension> all;
  if (spec.basic_constraints) all.push_back({"2.5.29.19", true, basic_constraints_of(spec)});
  if (!spec.key_usage.empty()) all.push_back({"2.5.29.15", true, key_usage_of(spec.key_usage)});
  if (!spec.extended_key_usage.empty()) {
    all.push_back({"2.5.29.37", false, extended_key_usage_of(spec.extended_key_usage)});
  }
  const bool has_san = !spec.dns.empty() || !spec.addresses.empty() || !spec.uris.empty() ||
                       !spec.emails.empty() || !spec.hw_modules.empty();
  if (has_san) all.push_back({"2.5.29.17", spec.common_name.empty(), san_of(spec)});
  if (spec.key_ids) {
    all.push_back({"2.5.29.14", false, octet_string_of(key_id(key))});
    all.push_back({"2.5.29.35", false, authority_key_id_of(signer)});
  }
  all.insert(all.end(), spec.extensions.begin(), spec.extensions.end());
  return all;
}

// A counter: certificates of one test program never share a serial number by accident.
std::string next_serial() {
  static std::uint32_t last = 0x10000;
  const std::uint32_t serial = ++last;
  return to_hex(Der{static_cast<std::uint8_t>(serial >> 16), static_cast<std::uint8_t>(serial >> 8),
                    static_cast<std::uint8_t>(serial)});
}

bssl::UniquePtr<X509> parse(const Issued& issued) {
  const std::uint8_t* data = issued.der.data();
  bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &data, static_cast<long>(issued.der.size())));
  check(x509 != nullptr);
  return x509;
}

Issued make(const CertSpec& spec, const Key& key, EVP_PKEY* signer, X509_NAME* issuer_name) {
  const bssl::UniquePtr<X509> x509(X509_new());
  const bssl::UniquePtr<X509_NAME> subject = name_of(spec);
  check(X509_set_version(x509.get(), spec.version) &&
        X509_set_serialNumber(
            x509.get(), asn1_integer(spec.serial.empty() ? next_serial() : spec.serial).get()) &&
        X509_set_subject_name(x509.get(), subject.get()) &&
        X509_set_issuer_name(x509.get(), issuer_name != nullptr ? issuer_name : subject.get()) &&
        X509_set1_notBefore(x509.get(), asn1_time(spec.not_before).get()) &&
        X509_set1_notAfter(x509.get(), asn1_time(spec.not_after).get()) &&
        X509_set_pubkey(x509.get(), key.get()));
  if (spec.version == 2) {
    for (const RawExtension& raw : extensions_of(spec, key.get(), signer)) {
      check(X509_add_ext(x509.get(), x509_extension(raw).get(), -1));
    }
  }
  sign(x509.get(), spec.hash, signer, X509_sign_ctx);
  std::uint8_t* data = nullptr;
  const int len = i2d_X509(x509.get(), &data);
  check(len > 0);
  const bssl::UniquePtr<std::uint8_t> owned(data);
  return {Der(data, data + len), key};
}

}  // namespace

CertSpec ca_spec(std::string common_name) {
  CertSpec spec;
  spec.common_name = std::move(common_name);
  spec.ca = true;
  spec.key_usage = {5, 6};
  spec.extended_key_usage = {};
  spec.not_before = kNow + Millis{-365 * kDay.ms};
  spec.not_after = kNow + Millis{3650 * kDay.ms};
  return spec;
}

std::string Issued::pem() const { return to_pem("CERTIFICATE", der); }

Issued self_signed(const CertSpec& spec, Key key) { return make(spec, key, key.get(), nullptr); }

Issued issue(const Issued& issuer, const CertSpec& spec, Key key) {
  return make(spec, key, issuer.key.get(), X509_get_subject_name(parse(issuer).get()));
}

Der make_crl(const Issued& issuer, const CrlSpec& spec) {
  const bssl::UniquePtr<X509_CRL> crl(X509_CRL_new());
  const bssl::UniquePtr<X509> issuer_x509 = parse(issuer);
  const bool has_extensions = spec.number.has_value() || !spec.extensions.empty();
  check(X509_CRL_set_version(crl.get(), has_extensions ? 1 : 0) &&
        X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer_x509.get())) &&
        X509_CRL_set1_lastUpdate(crl.get(), asn1_time(spec.this_update).get()));
  if (spec.next_update.has_value()) {
    check(X509_CRL_set1_nextUpdate(crl.get(), asn1_time(*spec.next_update).get()));
  }
  for (const CrlEntry& entry : spec.entries) {
    bssl::UniquePtr<X509_REVOKED> revoked(X509_REVOKED_new());
    check(X509_REVOKED_set_serialNumber(revoked.get(), asn1_integer(entry.serial).get()) &&
          X509_REVOKED_set_revocationDate(revoked.get(), asn1_time(spec.this_update).get()));
    std::vector<RawExtension> extensions = entry.extensions;
    if (entry.reason.has_value()) {
      extensions.push_back(
          {"2.5.29.21", false, {0x0a, 0x01, static_cast<std::uint8_t>(*entry.reason)}});
    }
    for (const RawExtension& raw : extensions) {
      check(X509_REVOKED_add_ext(revoked.get(), x509_extension(raw).get(), -1));
    }
    check(X509_CRL_add0_revoked(crl.get(), revoked.release()));
  }
  std::vector<RawExtension> extensions = spec.extensions;
  if (spec.number.has_value()) {
    extensions.push_back({"2.5.29.20", false, der_of([&](CBB* out) {
                            return CBB_add_asn1_uint64(out,
                                                       static_cast<std::uint64_t>(*spec.number));
                          })});
  }
  for (const RawExtension& raw : extensions) {
    check(X509_CRL_add_ext(crl.get(), x509_extension(raw).get(), -1));
  }
  sign(crl.get(), spec.hash, issuer.key.get(), X509_CRL_sign_ctx);
  std::uint8_t* data = nullptr;
  const int len = i2d_X509_CRL(crl.get(), &data);
  check(len > 0);
  const bssl::UniquePtr<std::uint8_t> owned(data);
  return {data, data + len};
}

std::string to_pem(std::string_view label, Bytes der) {
  const bssl::UniquePtr<BIO> out(BIO_new(BIO_s_mem()));
  const std::uint8_t* data = nullptr;
  std::size_t len = 0;
  check(PEM_write_bio(out.get(), std::string(label).c_str(), "", der.data(),
                      static_cast<long>(der.size())) &&
        BIO_mem_contents(out.get(), &data, &len));
  return std::string(as_text({data, len}));
}

std::string serial_of(const Issued& issued) {
  const bssl::UniquePtr<X509> x509 = parse(issued);
  const bssl::UniquePtr<BIGNUM> number(
      ASN1_INTEGER_to_BN(X509_get_serialNumber(x509.get()), nullptr));
  const bssl::UniquePtr<char> hex(BN_bn2hex(number.get()));
  check(hex != nullptr);
  return hex.get();
}

}  // namespace interlock::test
