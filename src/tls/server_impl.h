// What a Server holds. For src/tls and its tests only.
#pragma once

#include "tls/boringssl.h"
#include "tls/server.h"

namespace interlock::tls {

struct Server::Impl {
  bssl::UniquePtr<CRYPTO_BUFFER_POOL> pool{CRYPTO_BUFFER_POOL_new()};
  bssl::UniquePtr<SSL_CTX> ctx{SSL_CTX_new(TLS_with_buffers_method())};
};

}  // namespace interlock::tls
