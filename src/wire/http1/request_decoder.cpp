#include "wire/http1/request_decoder.h"

#include <string>

#include "base/limits.h"
#include "base/text.h"
#include "wire/http1/grammar.h"

namespace interlock::http1 {
namespace {

constexpr Refusal kEndedEarly{Reason::malformed, 400,
                              "The connection ended in the middle of a request"};

// take_authority cuts "http://authority" off an absolute-form target (RFC 9112, section 3.2.2), and
// leaves what follows. Nothing where the target has no such beginning.
std::optional<std::string_view> take_authority(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::string_view authority = target.substr(0, target.find_first_of("/?#"));
    target.remove_prefix(authority.size());
    return authority;
  }
  return {};
}

Parsed<int> parse_version(std::string_view text) {
  if (text == "HTTP/1.1") return 1;
  if (text == "HTTP/1.0") return 0;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
      is_digit(text[7])) {
    return malformed("This version of HTTP is not spoken here", 505);
  }
  return malformed("The request line does not end in \"HTTP/1.1\" or \"HTTP/1.0\"");
}

Parsed<Ok> check_method(std::string_view method) {
  if (!is_token(method)) return malformed("The request line does not begin with a method");
  if (method.size() > limits::kHttpMethodBytesMax) return malformed("The method is too long", 501);
  if (method == "CONNECT" || method == "TRACE") {
    return malformed("CONNECT and TRACE are not served", 501);
  }
  return Ok{};
}

// Methods whose request without a length has no known end in HTTP/1.0.
bool anticipates_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

Parsed<Decoded<RequestEvent>> RequestDecoder::decode(std::string_view input, bool eof) {
  if (refusal_) return tl::make_unexpected(*refusal_);
  auto event = in_body_ ? decode_body(input) : decode_head(input);
  if (event && eof && !idle() && std::holds_alternative<NeedMore>(event->event)) {
    event = tl::make_unexpected(kEndedEarly);
  }
  if (!event) refusal_ = event.error();
  return event;
}

Parsed<Decoded<RequestEvent>> RequestDecoder::decode_head(std::string_view input) {
  std::size_t skipped = 0;
  for (;;) {
    const std::string_view head = input.substr(skipped);
    in_head_ = !head.empty();
    const auto line = head_.next_line(head);
    IL_TRY(line);
    if (!*line) return Decoded<RequestEvent>{NeedMore{}, skipped};
    if (!has_request_line_ && (*line)->empty() && !blank_line_skipped_) {
      // RFC 9112, section 2.2: one empty line before a request is an old client's habit.
      blank_line_skipped_ = true;
      skipped = head_.size();
      head_.reset();
    } else if (!has_request_line_) {
      IL_TRY(read_request_line(**line, head));
      has_request_line_ = true;
    } else if (!(*line)->empty()) {
      IL_TRY(head_.add_field(**line, head));
    } else {
      const auto complete = finish_head(head);
      IL_TRY(complete);
      body_.start(complete->framing, complete->content_length);
      in_body_ = true;
      return Decoded<RequestEvent>{*complete, skipped + head_.size()};
    }
  }
}

Parsed<Decoded<RequestEvent>> RequestDecoder::decode_body(std::string_view input) {
  const auto piece = body_.next(input, false);
  IL_TRY(piece);
  if (std::holds_alternative<MessageEnd>(piece->event)) {
    in_head_ = has_request_line_ = blank_line_skipped_ = in_body_ = false;
    head_.reset();
  }
  return std::visit(
      [&](auto event) {
        return Decoded<RequestEvent>{event, piece->consumed};
      },
      piece->event);
}

// RFC 9112, section 3: method SP request-target SP HTTP-version, with single spaces alone.
Parsed<Ok> RequestDecoder::read_request_line(std::string_view line, std::string_view input) {
  if (line == "PRI * HTTP/2.0") return malformed("HTTP/2 is not spoken on this listener", 505);
  const std::size_t method_end = line.find(' ');
  const std::string_view method = line.substr(0, method_end);
  IL_TRY(check_method(method));
  if (method_end == std::string_view::npos) return malformed("The request line has no target");
  const std::string_view rest = line.substr(method_end + 1);
  const std::size_t target_end = rest.find(' ');
  const std::string_view target = rest.substr(0, target_end);
  if (target.empty()) return malformed("The request line has no target, or more than one space");
  if (target_end == std::string_view::npos) return malformed("The request line has no version");
  const auto version = parse_version(rest.substr(target_end + 1));
  IL_TRY(version);
  minor_version_ = *version;
  method_ = Slice::of(method, input);
  if (target == "*") {
    return method == "OPTIONS" ? malformed("OPTIONS * is not served", 501)
                               : malformed("The request target \"*\" belongs to OPTIONS alone");
  }
  return read_target(target, input);
}

Parsed<Ok> RequestDecoder::read_target(std::string_view raw, std::string_view input) {
  authority_ = {};
  if (raw.size() > limits::kHttpTargetBytesMax) {
    return too_large("The request target is too long", 414);
  }
  if (raw[0] == '/') return parse_target_into(raw, target_);
  const auto authority = take_authority(raw);
  if (!authority) return malformed("The request target is neither a path nor an http URI");
  if (!is_authority(*authority)) return malformed("The request target names no valid host");
  authority_ = Slice::of(*authority, input);
  // RFC 3986, section 6.2.3: an empty path of an http URI is "/".
  return raw.substr(0, 1) == "/" ? parse_target_into(raw, target_)
                                 : parse_target_into(std::string("/").append(raw), target_);
}

Parsed<RequestHead> RequestDecoder::finish_head(std::string_view input) {
  const std::span<const Field> fields = head_.fields(input);
  const auto facts = read_facts(fields, minor_version_);
  IL_TRY(facts);
  RequestHead head{.method = method_.in(input), .path = target_.path};
  head.query = target_.query;
  head.has_query = target_.has_query;
  head.fields = fields;
  head.minor_version = minor_version_;
  head.keep_alive = facts->keep_alive;
  head.content_type = facts->content_type.value_or("");
  head.upgrade = facts->upgrade;

  const std::string_view authority = authority_.in(input);
  if (!facts->host && minor_version_ == 1) return malformed("There is no Host field");
  if (facts->host && !is_authority(*facts->host)) return malformed("Host is not a valid host");
  if (facts->host && !authority.empty() && !equals_ignoring_case(*facts->host, authority)) {
    return ambiguous("Host and the request target name different hosts");
  }
  head.host = facts->host.value_or(authority);

  // RFC 9110, section 7.6.2: who forwards it must count it down, and answer for the service at
  // zero.
  if (facts->max_forwards && head.method == "OPTIONS") {
    return malformed("OPTIONS with Max-Forwards is not served", 501);
  }

  if (facts->chunked) head.framing = Framing::kChunked;
  if (facts->content_length) head.framing = Framing::kLength;
  head.content_length = facts->content_length.value_or(0);
  if (head.framing == Framing::kNone && minor_version_ == 0 && anticipates_body(head.method)) {
    return ambiguous("An HTTP/1.0 request that may have a body has no Content-Length", 411);
  }

  if (facts->expect && minor_version_ == 1) {  // RFC 9110, section 10.1.1: not in HTTP/1.0.
    if (!equals_ignoring_case(*facts->expect, "100-continue")) {
      return malformed("Expect asks for something other than 100-continue", 417);
    }
    head.expect_continue = facts->chunked || head.content_length > 0;
  }
  return head;
}

}  // namespace interlock::http1
