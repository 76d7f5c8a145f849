// The gateway's own answers over HTTP: problem details (RFC 9457) with the denial id.
#pragma once

#include <string>
#include <string_view>

#include "interlock/reason.h"
#include "wire/http1/encoder.h"

namespace interlock::session {

// http_status returns the status code a refusal for `reason` has on an established connection.
int http_status(Reason reason);

// encode_problem appends a whole answer with an `application/problem+json` body. `denial_id` may be
// empty (a service that failed was no denial).
void encode_problem(std::string& out, int status, Reason reason, std::string_view detail,
                    std::string_view denial_id, const http1::RequestContext& request);

}  // namespace interlock::session
