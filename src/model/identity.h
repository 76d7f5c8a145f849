// By which of its names a certificate is recognised as a device: the words of the inventory's
// `identity_type` column, and what a credential is matched by.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace interlock {

// Assurance is how well a caller's identity is proved: 0 shared, by asset alone or not at all; 1 a
// unique key in software; 2 vendor identity or attested firmware; 3 attested, and the TLS key is
// proved to be held in hardware. kUniqueKeyAssurance is what a certificate that admits is worth:
// all that can be proved until there is attestation.
constexpr int kUniqueKeyAssurance = 1;
constexpr int kHighestAssurance = 3;

enum class IdentityKind : std::uint8_t {
  kSpki,      // SHA-256 of the SubjectPublicKeyInfo (RFC 5280, section 4.1), 64 lower-case digits.
  kUri,       // URI subject alternative name, byte for byte; a SPIFFE ID is one.
  kDns,       // DNS subject alternative name, lower case.
  kSerial,    // serialNumber of the subject (IEEE 802.1AR), byte for byte.
  kHwModule,  // hardwareModuleName (RFC 4108, section 5), "OID:hex", lower case.
  kCommonName,  // Common name of the subject, byte for byte; only without any alternative name.
};

inline constexpr std::array kIdentityKinds = {IdentityKind::kSpki,     IdentityKind::kUri,
                                              IdentityKind::kDns,      IdentityKind::kSerial,
                                              IdentityKind::kHwModule, IdentityKind::kCommonName};

// identity_word returns the word people write: "spki", "uri", "dns", "serial", "hwmodule", "cn".
std::string_view identity_word(IdentityKind kind);

// identity_kind returns the kind that `word` names, exactly as identity_word spells it.
std::optional<IdentityKind> identity_kind(std::string_view word);

}  // namespace interlock
