// Writes messages from parsed values alone, never from received bytes: what was decided is what is
// sent. Everything appends to `out`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/http1/message.h"

namespace interlock::http1 {

// RequestContext is what an answer must know of its request.
struct RequestContext {
  std::string_view method = {};
  int minor_version = 1;
  bool keep_alive = false;  // As decoded, and as the gateway wants it.
};

// BodyForm says how the body that belongs to a head must be written.
enum class BodyForm : std::uint8_t {
  kNone,     // There is none, whatever arrives.
  kRaw,      // Its bytes alone.
  kChunked,  // encode_chunk for each piece, encode_last_chunk at the end.
};

// ResponsePlan is what remains to be done after a response head. With `close`, the connection to
// the client ends after the body: the head said so, or the body has no other end.
struct ResponsePlan {
  BodyForm body;
  bool close;
};

// Answer is one of the gateway's own. `extra_fields` are ready lines, each ending in CRLF.
struct Answer {
  int status;
  std::string_view content_type;
  std::string_view body;
  std::string_view extra_fields = {};
};

// encode_request writes a request to a service: always HTTP/1.1, the canonical path, Host with the
// service's own authority, the client's end-to-end fields, the gateway's `identity_fields` (ready
// lines, each ending in CRLF), `Via`, and what it asks to go on in (the caller has judged it).
// Dropped are fields of one hop, those that Connection names and all that only the gateway may say
// (fields.h). The body is to be written by `head.framing`: raw with kLength, chunked with kChunked.
void encode_request(std::string& out, const RequestHead& head, std::string_view service_authority,
                    std::string_view identity_fields);

// encode_response writes a service's answer to a client. A body of unknown length becomes chunked,
// and goes until the connection closes for an HTTP/1.0 client. Interim answers have no body and
// leave the connection as it is; HTTP/1.0 has none, so then nothing is written. After one with 101
// the connection belongs to the other protocol.
ResponsePlan encode_response(std::string& out, const ResponseHead& head,
                             const RequestContext& request);

// encode_chunk writes one chunk; nothing for no bytes, because an empty chunk ends the body.
void encode_chunk(std::string& out, std::string_view bytes);
void encode_last_chunk(std::string& out);

// encode_answer writes a whole answer: Content-Type and Content-Length where there is a body (which
// itself is left out for HEAD), `Cache-Control: no-store`, no Date. The caller closes the
// connection unless `request.keep_alive`.
void encode_answer(std::string& out, const Answer& answer, const RequestContext& request);

// encode_continue writes the interim answer that `expect_continue` waits for.
void encode_continue(std::string& out);

// status_phrase returns the reason phrase of RFC 9110, or "" for a status it does not know.
std::string_view status_phrase(int status);

}  // namespace interlock::http1
