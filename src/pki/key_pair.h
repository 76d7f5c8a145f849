// The gateway's own certificate and key, looked at before anything listens with them.
#pragma once

#include <string_view>

#include "base/result.h"
#include "pki/certificate.h"

namespace interlock::pki {

// check_key_pair returns the first certificate of `chain_pem` if `key_pem` holds its private key,
// in PEM and without a password. The error is a sentence for a site engineer.
Result<Certificate> check_key_pair(std::string_view chain_pem, std::string_view key_pem);

}  // namespace interlock::pki
