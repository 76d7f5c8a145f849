// The gateway's own answers over HTTP: problem details (RFC 9457) with the denial id.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "interlock/reason.h"
#include "wire/http1/encoder.h"

namespace interlock::session {

// http_status returns the status code a refusal for `reason` has on an established connection.
int http_status(Reason reason);

// encode_problem appends a whole answer with an `application/problem+json` body. `denial_id` may be
// empty (a service that failed was no denial). `retry_after_s` is said in Retry-After (RFC 9110,
// section 10.2.3) unless it is 0.
void encode_problem(std::string& out, int status, Reason reason, std::string_view detail,
                    std::string_view denial_id, const http1::RequestContext& request,
                    std::int64_t retry_after_s = 0);

}  // namespace interlock::session
