// The pieces of DER that certificates and revocation lists share (RFC 5280, section 4.1). For
// src/pki only.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "pki/boringssl.h"
#include "pki/certificate.h"

namespace interlock::pki {

inline tl::unexpected<Error> malformed(const char* what) {
  return fail(Errc::kMalformed, Origin::kClient, what);
}

// read_serial takes a positive INTEGER of at most 20 octets off `in`.
Result<Serial> read_serial(CBS& in);

// serial_hex writes a serial number without its leading zero octets.
std::string serial_hex(const Serial& serial);

// read_time takes a UTCTime or GeneralizedTime in the one form that RFC 5280, section 4.1.2.5,
// allows (seconds, Z) off `in`.
Result<WallTime> read_time(CBS& in);

// is_time is true where a time comes next.
bool is_time(const CBS& in);

// Extension is one element of Extensions. Its views live as long as the input.
struct Extension {
  CBS oid;
  bool critical = false;
  CBS value;  // Contents of the OCTET STRING.
};

bool next_extension(CBS& list, Extension& out);

// read_extensions reads all of an Extensions element and refuses duplicates (section 4.2) and more
// than limits::kExtensionsMax.
Result<std::vector<Extension>> read_extensions(CBS element);

// is_oid compares with an OID in DER contents form.
bool is_oid(const CBS& oid, Bytes expected);

// signature_hash says what an AlgorithmIdentifier (contents of its SEQUENCE) signs with.
SignatureHash signature_hash(CBS algorithm);

// name_text writes a Name element as RFC 4514 text. Refused: a NUL, and strings that break their
// own type's rules.
Result<std::string> name_text(Bytes element);

// name_values returns the values of one attribute (BoringSSL's NID) of a Name that name_text()
// accepted, as UTF-8 and in order.
std::vector<std::string> name_values(Bytes element, int nid);

}  // namespace interlock::pki
