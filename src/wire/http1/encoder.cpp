#include "wire/http1/encoder.h"

#include <charconv>
#include <initializer_list>

#include "base/result.h"
#include "wire/http1/fields.h"

namespace interlock::http1 {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};
constexpr Phrase kPhrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

void append(std::string& out, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) out += part;
}

void append_number(std::string& out, std::uint64_t value, int base = 10) {
  char digits[20];  // 2^64 - 1.
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value, base);
  out.append(digits, end.ptr);
}

void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  append(out, {name, ": "});
  append_number(out, value);
  out += "\r\n";
}

void append_forwarded(std::string& out, std::span<const Field> fields) {
  const ForwardedFields forwarded(fields);
  for (const Field& field : fields) {
    if (forwarded.contains(field)) append(out, {field.name, ": ", field.value, "\r\n"});
  }
}

void append_status_line(std::string& out, int status, std::string_view reason) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(status));
  append(out, {" ", reason, "\r\n"});
}

// HTTP/1.1 keeps a connection unless told otherwise, HTTP/1.0 closes it.
void append_connection(std::string& out, const RequestContext& request, bool close) {
  if (close) {
    out += "Connection: close\r\n";
  } else if (request.minor_version == 0) {
    out += "Connection: keep-alive\r\n";
  }
}

void append_upgrade(std::string& out, std::string_view protocol) {
  if (!protocol.empty()) append(out, {"Connection: Upgrade\r\nUpgrade: ", protocol, "\r\n"});
}

}  // namespace

void encode_request(std::string& out, const RequestHead& head, std::string_view service_authority,
                    std::string_view identity_fields) {
  IL_ASSERT(head.framing != Framing::kUntilClose);
  IL_ASSERT(identity_fields.empty() || identity_fields.ends_with("\r\n"));
  append(out, {head.method, " ", head.path, head.has_query ? "?" : "", head.query,
               " HTTP/1.1\r\nHost: ", service_authority, "\r\n"});
  append_forwarded(out, head.fields);
  out += identity_fields;
  out += head.minor_version == 0 ? "Via: 1.0 interlock\r\n" : "Via: 1.1 interlock\r\n";
  switch (head.framing) {
    case Framing::kLength:
      append_field(out, "Content-Length", head.content_length);
      break;
    case Framing::kChunked:
      out += "Transfer-Encoding: chunked\r\n";
      break;
    case Framing::kNone:
    case Framing::kUntilClose:
      break;
  }
  append_upgrade(out, head.upgrade);
  out += "\r\n";
}

ResponsePlan encode_response(std::string& out, const ResponseHead& head,
                             const RequestContext& request) {
  ResponsePlan plan{BodyForm::kNone, !request.keep_alive};
  if (head.interim && request.minor_version == 0) return {BodyForm::kNone, false};
  append_status_line(out, head.status, head.reason);
  append_forwarded(out, head.fields);
  if (head.interim || head.status == 101) {
    append_upgrade(out, head.upgrade);
    out += "\r\n";
    return {BodyForm::kNone, false};
  }
  switch (head.framing) {
    case Framing::kNone:
      break;
    case Framing::kLength:
      plan.body = BodyForm::kRaw;
      break;
    case Framing::kChunked:
    case Framing::kUntilClose:
      plan.body = request.minor_version == 0 ? BodyForm::kRaw : BodyForm::kChunked;
      plan.close = plan.close || request.minor_version == 0;
      break;
  }
  if (plan.body == BodyForm::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (head.content_length) {
    append_field(out, "Content-Length", *head.content_length);
  }
  append_connection(out, request, plan.close);
  out += "\r\n";
  return plan;
}

void encode_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  append_number(out, bytes.size(), 16);
  append(out, {"\r\n", bytes, "\r\n"});
}

void encode_last_chunk(std::string& out) { out += "0\r\n\r\n"; }

void encode_answer(std::string& out, const Answer& answer, const RequestContext& request) {
  IL_ASSERT(answer.extra_fields.empty() || answer.extra_fields.ends_with("\r\n"));
  append_status_line(out, answer.status, status_phrase(answer.status));
  if (!answer.content_type.empty()) append(out, {"Content-Type: ", answer.content_type, "\r\n"});
  // RFC 9110, section 8.6: not in 204, where zero would be no help either.
  if (answer.status != 204) append_field(out, "Content-Length", answer.body.size());
  append(out, {"Cache-Control: no-store\r\n", answer.extra_fields});
  append_connection(out, request, !request.keep_alive);
  out += "\r\n";
  if (request.method != "HEAD") out += answer.body;
}

void encode_continue(std::string& out) { out += "HTTP/1.1 100 Continue\r\n\r\n"; }

std::string_view status_phrase(int status) {
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "";
}

}  // namespace interlock::http1
