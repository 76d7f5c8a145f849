// The subject alternative name of a certificate (RFC 5280, section 4.2.1.6). For src/pki only.
#pragma once

#include "base/result.h"
#include "pki/boringssl.h"
#include "pki/certificate.h"

namespace interlock::pki {

// read_san fills the SAN part of `names` from the contents of the extension.
Status read_san(CBS value, Names& names);

// is_host_name is true for a lower-case host name. Underscores are no host name's, but devices'
// names have them.
bool is_host_name(std::string_view name);

}  // namespace interlock::pki
