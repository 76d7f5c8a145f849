// The one door to BoringSSL's libcrypto for src/pki. No other header of this folder that is meant
// for users includes it.
#pragma once

// OpenSSL has this header too, so that the line below is reached and says what is wrong.
#include <openssl/crypto.h>
#ifndef OPENSSL_IS_BORINGSSL
#error "these are the headers of OpenSSL: the target lacks boringssl_dep"
#endif
#include <openssl/base.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>

#include "base/hex.h"

namespace interlock::pki {

// ErrorMark removes from this thread's error queue what was added during its life: a TLS library
// that finds a foreign error there takes it for its own.
class ErrorMark {
 public:
  ErrorMark() { ERR_set_mark(); }
  ~ErrorMark() { ERR_pop_to_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
};

inline CBS cbs_of(Bytes bytes) {
  CBS cbs;
  CBS_init(&cbs, bytes.data(), bytes.size());
  return cbs;
}

inline Bytes bytes_of(const CBS& cbs) { return {CBS_data(&cbs), CBS_len(&cbs)}; }

}  // namespace interlock::pki
