// Which TLS alert a client gets for a reason: one table, the same in TLS 1.2 and 1.3.
#pragma once

#include <cstdint>

#include "interlock/reason.h"

namespace interlock::tls {

// alert_for returns the alert description (RFC 8446, section 6; RFC 5246, section 7.2). A client
// that sent no certificate is told `certificate_required` in TLS 1.3; TLS 1.2 does not know that
// alert, and there the library itself sends `handshake_failure`.
std::uint8_t alert_for(Reason reason);

}  // namespace interlock::tls
