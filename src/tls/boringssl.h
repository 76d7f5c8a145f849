// The one place where <openssl/ssl.h> comes in: BoringSSL's, or the build stops.
#pragma once

#include <openssl/ssl.h>

#ifndef OPENSSL_IS_BORINGSSL
#error "these are OpenSSL's headers: the target has forgotten boringssl_dep"
#endif
