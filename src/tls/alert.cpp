#include "tls/alert.h"

#include "tls/boringssl.h"

namespace interlock::tls {

std::uint8_t alert_for(Reason reason) {
  switch (reason) {
    case Reason::no_client_certificate:
      return SSL_AD_CERTIFICATE_REQUIRED;
    case Reason::untrusted_chain:
      return SSL_AD_UNKNOWN_CA;
    case Reason::certificate_expired:
      return SSL_AD_CERTIFICATE_EXPIRED;
    case Reason::certificate_revoked:
      return SSL_AD_CERTIFICATE_REVOKED;
    case Reason::certificate_not_yet_valid:
    case Reason::certificate_purpose:
    case Reason::weak_key:
      return SSL_AD_BAD_CERTIFICATE;
    // The gateway's own want of knowledge is never told as a fault of the certificate.
    case Reason::revocation_stale:
      return SSL_AD_CERTIFICATE_UNKNOWN;
    case Reason::malformed:
      return SSL_AD_DECODE_ERROR;
    case Reason::overloaded:
    case Reason::audit_unavailable:
    case Reason::state_unavailable:
    case Reason::clock_untrusted:
      return SSL_AD_INTERNAL_ERROR;
    default:
      return SSL_AD_ACCESS_DENIED;  // open set: the certificate is good, its holder may not.
  }
}

}  // namespace interlock::tls
