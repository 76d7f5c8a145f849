// Tells services who is calling, in header lines that a client can never forge: whatever the client
// sent under these names has been removed before.
#pragma once

#include <string>
#include <string_view>

#include "policy/admit.h"

namespace interlock::session {

// identity_fields returns ready lines, each ending in CRLF: Client-Cert (RFC 9440; left out
// above limits::kClientCertBytesMax), one
// X-Forwarded-Client-Cert element, Forwarded (RFC 7239), and Interlock-Device, -Function,
// -Assurance and -Via. `admission` must be good, `leaf`
// the DER of its certificate; `peer` is "192.0.2.7:40112" or
// "[2001:db8::7]:40112".
std::string identity_fields(const policy::Admission& admission, Bytes leaf, std::string_view peer);

}  // namespace interlock::session
