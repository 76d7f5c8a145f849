// Makes keys, certificates and revocation lists for tests, good ones by default and each broken in
// one place on request. Everything comes out as DER or PEM.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hex.h"
#include "base/time.h"

struct evp_pkey_st;

namespace interlock::test {

using Der = std::vector<std::uint8_t>;

// The moment at which test certificates are judged: 2026-11-23T00:00:00Z.
constexpr WallTime kNow{1'795'392'000'000};
constexpr Millis kHour{3'600'000};
constexpr Millis kDay{24 * 3'600'000};

enum class KeyType { kP224, kP256, kP384, kP521, kEd25519, kRsa1024, kRsa2048 };

class Key {
 public:
  // make generates a new key.
  static Key make(KeyType type = KeyType::kP256);
  // rsa_public_only makes an RSA public key of `bits` that nobody can sign with, at once.
  static Key rsa_public_only(unsigned bits);

  std::string pem() const;  // PKCS#8, unencrypted.
  evp_pkey_st* get() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

enum class SignHash { kSha1, kSha256, kSha384, kSha512, kPssSha1, kPssSha256 };

// An extension as it goes into the certificate: OID as text, contents of the OCTET STRING.
struct RawExtension {
  std::string oid;
  bool critical = false;
  Der value;
};

// CertSpec describes a certificate. As it is: a P-256 client leaf, valid from a day before kNow to
// a month after it.
struct CertSpec {
  std::string common_name = "device";                        // Empty: an empty subject.
  std::vector<std::pair<std::string, std::string>> subject;  // More attributes: name or OID, value.
  std::string serial;  // Hexadecimal; "" counts upwards, "-.." is negative.
  WallTime not_before = kNow + Millis{-86'400'000};
  WallTime not_after = kNow + Millis{30LL * 86'400'000};
  bool ca = false;
  std::optional<long> path_len;
  bool basic_constraints = true;
  std::vector<unsigned> key_usage = {0};  // Bits; empty: no extension. CAs: {5, 6}.
  std::vector<std::string> extended_key_usage = {"1.3.6.1.5.5.7.3.2"};
  std::vector<std::string> dns;
  std::vector<std::string> addresses;  // Their octets.
  std::vector<std::string> uris;
  std::vector<std::string> emails;
  std::vector<std::pair<std::string, std::string>> hw_modules;  // OID, serial number's octets.
  bool key_ids = true;  // Subject and authority key identifiers.
  std::vector<RawExtension> extensions;
  SignHash hash = SignHash::kSha256;  // Not asked for Ed25519.
  long version = 2;                   // 2 means v3.
};

// ca_spec is a CA: keyCertSign and cRLSign, no EKU, ten years.
CertSpec ca_spec(std::string common_name);

// Issued is a certificate with its key.
struct Issued {
  Der der;
  Key key;

  Bytes bytes() const { return der; }
  std::string pem() const;
};

// self_signed and issue make a certificate. `issue` signs with the issuer's key and name.
Issued self_signed(const CertSpec& spec, Key key = Key::make());
Issued issue(const Issued& issuer, const CertSpec& spec, Key key = Key::make());

struct CrlEntry {
  std::string serial;         // Hexadecimal.
  std::optional<int> reason;  // CRLReason.
  std::vector<RawExtension> extensions;
};

struct CrlSpec {
  WallTime this_update = kNow + Millis{-3'600'000};
  std::optional<WallTime> next_update = kNow + Millis{86'400'000};
  std::optional<long> number = 1;
  std::vector<CrlEntry> entries;
  std::vector<RawExtension> extensions;
  SignHash hash = SignHash::kSha256;
};

Der make_crl(const Issued& issuer, const CrlSpec& spec = {});

std::string to_pem(std::string_view label, Bytes der);
inline std::string text_of(const Der& der) { return {der.begin(), der.end()}; }

// serial_of returns the serial number of a certificate, as CrlEntry wants it.
std::string serial_of(const Issued& issued);

}  // namespace interlock::test
