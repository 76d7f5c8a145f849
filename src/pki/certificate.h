// One X.509 certificate (RFC 5280), read strictly into plain values: what the rest of the program
// knows about a credential. Reading says nothing about trust; that is pki/verify.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hex.h"
#include "base/result.h"
#include "base/time.h"
#include "pki/digest.h"

namespace interlock::pki {

enum class KeyKind : std::uint8_t { kRsa, kP256, kP384, kEd25519, kOther };

// SignatureHash is the hash under a signature. kNone: Ed25519, which brings its own. kWeak: SHA-1,
// MD5 and every algorithm that is not accepted.
enum class SignatureHash : std::uint8_t { kSha256, kSha384, kSha512, kNone, kWeak };

// Purpose is what the extended key usage says about TLS clients: kClient for clientAuth or
// anyExtendedKeyUsage, kOther where it lists other uses only, kUnstated where there is none.
enum class Purpose : std::uint8_t { kUnstated, kClient, kOther };

// Serial is a certificate's serial number: 20 octets, big-endian, padded with zeros in front. Equal
// numbers are equal values.
using Serial = std::array<std::uint8_t, 20>;

// Names are what may identify a device. Every text is UTF-8 without NUL.
struct Names {
  std::vector<std::string> common_names;    // Subject CN, in the order of the certificate.
  std::vector<std::string> serial_numbers;  // Subject attribute serialNumber (IEEE 802.1AR, 8.6).
  std::vector<std::string> dns;             // SAN dNSName, lower case; see read_certificate.
  std::vector<std::string> uris;            // SAN URI, as written; ask has_uri().
  std::vector<std::string> hw_modules;      // SAN hardwareModuleName (RFC 4108), "OID:hex".
  std::vector<std::string> addresses;       // SAN iPAddress, as inet_ntop writes it.
  bool has_san = false;                     // Whatever is in it; see common_name_counts().
};

struct Certificate {
  std::vector<std::uint8_t> der;
  Sha256 fingerprint{};  // SHA-256 of `der`.
  Sha256 spki_sha256{};  // SHA-256 of the SubjectPublicKeyInfo: names the key.

  Serial serial{};
  std::string serial_hex;  // Two lower-case digits for each octet, without leading zero octets.
  std::string subject;     // RFC 4514 text, escaped; "" where the name is empty.
  std::string issuer;
  std::vector<std::uint8_t> subject_der;  // The whole Name element.
  std::vector<std::uint8_t> issuer_der;
  bool self_signed = false;  // Issuer and subject are the same name.

  WallTime not_before;  // Valid from here to `not_after`, both included.
  WallTime not_after;

  KeyKind key_kind = KeyKind::kOther;
  unsigned key_bits = 0;  // RSA: length of the modulus; 0 for kOther.
  SignatureHash signature_hash = SignatureHash::kWeak;

  Purpose purpose = Purpose::kUnstated;
  bool for_servers = false;  // The extended key usage lists serverAuth or anyExtendedKeyUsage.
  bool is_ca = false;        // basicConstraints says CA.
  // How many intermediates may follow below (pathLenConstraint); nothing: any number.
  std::optional<std::uint64_t> path_len;
  bool may_sign_data = true;           // keyUsage is absent, or has digitalSignature.
  bool may_sign_certificates = false;  // is_ca, and keyUsage is absent or has keyCertSign.
  bool may_sign_crls = false;          // is_ca, and keyUsage is absent or has cRLSign.

  Names names;
  // The one SAN URI, where it is a valid SPIFFE ID; "" otherwise, so also where several URIs make
  // the SVID invalid (X509-SVID, section 2).
  std::string spiffe_id;
};

// read_certificate reads one DER certificate of at most limits::kCertificateBytesMax. Refused:
// anything after it, BER, versions other than 3, a serial number that is not positive or longer
// than 20 octets, an extension that occurs twice, more than limits::kExtensionsMax of them, a NUL
// in any name, names that are no text. A key of an unknown kind is no error (kOther). A dNSName
// that is no plain host name (a wildcard, an address, an empty label) is no error, since devices
// carry them, but it is left out: it can never identify one.
Result<Certificate> read_certificate(Bytes der);

// has_uri is true where `uri` identifies the owner of `certificate`: it is one of its URIs, and a
// SPIFFE ID only where it is the certificate's valid one.
bool has_uri(const Certificate& certificate, std::string_view uri);

// common_name_counts is true where the common name may identify the owner: never beside a subject
// alternative name, of whatever kind (RFC 6125, section 6.4.4). An authority checks those, and
// often lets the applicant choose the common name.
bool common_name_counts(const Certificate& certificate);

// strong_key: RSA of 2048 to 8192 bits, P-256, P-384, Ed25519. RSA below is weak, and above makes
// each signature check a weapon.
bool strong_key(const Certificate& certificate);

// describe_key returns "RSA 1024", "P-256" or "an unknown kind", for messages.
std::string describe_key(const Certificate& certificate);

// quoted puts a name in quotation marks for a sentence, cut to limits::kNameInSentenceBytesMax.
std::string quoted(std::string_view name);

// quoted_subject is the quoted subject, or the serial number where the subject is empty.
std::string quoted_subject(const Certificate& certificate);

// pem_certificates returns the DER of every CERTIFICATE block (RFC 7468) of `pem`, in order, and
// skips everything else. An error where there is none, or where a block is damaged.
Result<std::vector<std::vector<std::uint8_t>>> pem_certificates(std::string_view pem);

// valid_spiffe_id is true for "spiffe://trust-domain/path" as SPIFFE-ID, section 2, has it: at most
// 2048 octets, a lower-case trust domain, no port, user, query, fragment or percent-encoding, no
// empty or dot segment. The path may be missing; it never ends in a slash.
bool valid_spiffe_id(std::string_view id);

}  // namespace interlock::pki
