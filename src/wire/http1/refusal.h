// How the HTTP/1.1 codec says no. A Refusal is what a client is answered with and what the record
// says; the response decoder turns it into an Error, because there the service is at fault.
#pragma once

#include <tl/expected.hpp>

#include "interlock/reason.h"

namespace interlock::http1 {

// Refusal names one broken rule. `reason` is malformed, ambiguous_request or too_large, `status`
// the HTTP status that belongs to it, `what` a literal sentence for a site engineer. After a
// refusal the connection is answered and closed: what follows it cannot be told apart.
struct Refusal {
  Reason reason;
  int status;
  const char* what;
};

// Parsed is a value or the rule that the input broke.
template <class T>
class [[nodiscard]] Parsed : public tl::expected<T, Refusal> {
 public:
  using tl::expected<T, Refusal>::expected;
};

inline tl::unexpected<Refusal> malformed(const char* what, int status = 400) {
  return tl::make_unexpected(Refusal{Reason::malformed, status, what});
}
inline tl::unexpected<Refusal> ambiguous(const char* what, int status = 400) {
  return tl::make_unexpected(Refusal{Reason::ambiguous_request, status, what});
}
inline tl::unexpected<Refusal> too_large(const char* what, int status = 431) {
  return tl::make_unexpected(Refusal{Reason::too_large, status, what});
}

}  // namespace interlock::http1
