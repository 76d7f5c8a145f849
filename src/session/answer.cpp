#include "session/answer.h"

#include <fmt/format.h>

#include "base/json.h"

namespace interlock::session {

int http_status(Reason reason) {
  switch (reason) {
    case Reason::malformed:
    case Reason::ambiguous_request:
      return 400;
    case Reason::too_large:
      return 413;
    case Reason::content_type_not_permitted:
      return 415;
    case Reason::rate_limited:
      return 429;
    case Reason::service_unavailable:
      return 502;
    case Reason::audit_unavailable:
    case Reason::state_unavailable:
    case Reason::clock_untrusted:
    case Reason::overloaded:
    case Reason::service_busy:
      return 503;
    default:
      return 403;  // open set: every other reason is a plain refusal.
  }
}

void encode_problem(std::string& out, int status, Reason reason, std::string_view detail,
                    std::string_view denial_id, const http1::RequestContext& request,
                    std::int64_t retry_after_s) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("type", "about:blank").member("title", http1::status_phrase(status));
  json.member("status", status).member("detail", detail);
  json.member("reason", to_string(reason));
  if (!denial_id.empty()) json.member("denial_id", denial_id);
  json.end_object();
  body += '\n';
  const std::string retry_after =
      retry_after_s > 0 ? fmt::format("Retry-After: {}\r\n", retry_after_s) : std::string();
  http1::encode_answer(out,
                       {.status = status,
                        .content_type = "application/problem+json",
                        .body = body,
                        .extra_fields = retry_after},
                       request);
}

}  // namespace interlock::session
