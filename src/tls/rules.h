// What holds for every TLS session of the gateway, whichever end it is. For src/tls only.
#pragma once

#include "policy/snapshot.h"
#include "tls/boringssl.h"

namespace interlock::tls {

// buffer copies bytes into the library's own form.
bssl::UniquePtr<CRYPTO_BUFFER> buffer(Bytes bytes);

// set_rules gives `ctx` versions, ciphers, groups and signature algorithms.
Status set_rules(SSL_CTX* ctx, bool allows_tls_1_2);

// set_certificate gives `ctx` a chain and its key; the error's text is for people.
Status set_certificate(SSL_CTX* ctx, const policy::Certificate& certificate);

}  // namespace interlock::tls
