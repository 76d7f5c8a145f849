#include "wire/http1/response_decoder.h"

#include <utility>

#include "base/text.h"
#include "wire/http1/grammar.h"

namespace interlock::http1 {
namespace {

Error to_error(const Refusal& refusal) {
  Errc code = Errc::kMalformed;
  if (refusal.reason == Reason::too_large) code = Errc::kLimit;
  if (refusal.status == 501 || refusal.status == 505) code = Errc::kUnsupported;
  return {code, Origin::kService, refusal.what};
}

constexpr Error kNotAsked{Errc::kMalformed, Origin::kService,
                          "The service sent bytes that nobody asked for"};
constexpr Error kClosedEarly{Errc::kClosed, Origin::kService,
                             "The service closed the connection before it answered"};
constexpr Error kEndedEarly{Errc::kTruncated, Origin::kService,
                            "The service closed the connection in the middle of its answer"};

// parse_status reads three digits from 100 to 599 (RFC 9110, section 15); -1 for anything else.
int parse_status(std::string_view text) {
  if (text.size() < 3 || text[0] < '1' || text[0] > '5') return -1;
  const auto number = parse_decimal(text.substr(0, 3));
  return number ? static_cast<int>(*number) : -1;
}

}  // namespace

void ResponseDecoder::expect(std::string_view request_method, std::string_view upgrade) {
  IL_ASSERT(state_ == State::kIdle);
  state_ = State::kHead;
  head_request_ = request_method == "HEAD";
  upgrade_ = upgrade;
  answer_begun_ = has_status_line_ = false;
  head_.reset();
}

void ResponseDecoder::reset() {
  HeadReader head = std::move(head_);
  *this = ResponseDecoder();
  head_ = std::move(head);
  head_.reset();
}

Result<Decoded<ResponseEvent>> ResponseDecoder::decode(std::string_view input, bool eof) {
  if (!error_ && state_ == State::kIdle) {
    if (input.empty()) return Decoded<ResponseEvent>{NeedMore{}, 0};
    error_ = kNotAsked;
  }
  if (error_) return tl::make_unexpected(*error_);
  answer_begun_ = answer_begun_ || !input.empty();
  auto event = state_ == State::kBody ? decode_body(input, eof) : decode_head(input);
  if (!event) {
    error_ = to_error(event.error());
  } else if (eof && std::holds_alternative<NeedMore>(event->event)) {
    error_ = answer_begun_ ? kEndedEarly : kClosedEarly;
  }
  if (error_) return tl::make_unexpected(*error_);
  return *event;
}

Parsed<Decoded<ResponseEvent>> ResponseDecoder::decode_head(std::string_view input) {
  for (;;) {
    const auto line = head_.next_line(input);
    IL_TRY(line);
    if (!*line) return Decoded<ResponseEvent>{NeedMore{}, 0};
    if (!has_status_line_) {
      IL_TRY(read_status_line(**line, input));
      has_status_line_ = true;
    } else if (!(*line)->empty()) {
      IL_TRY(head_.add_field(**line, input));
    } else {
      const auto complete = finish_head(input);
      IL_TRY(complete);
      const Decoded<ResponseEvent> event{*complete, head_.size()};
      has_status_line_ = false;
      head_.reset();
      if (!complete->interim) {
        body_.start(complete->framing, complete->content_length.value_or(0));
        state_ = State::kBody;
      }
      return event;
    }
  }
}

Parsed<Decoded<ResponseEvent>> ResponseDecoder::decode_body(std::string_view input, bool eof) {
  const auto piece = body_.next(input, eof);
  IL_TRY(piece);
  if (std::holds_alternative<MessageEnd>(piece->event)) state_ = State::kIdle;
  return std::visit(
      [&](auto event) {
        return Decoded<ResponseEvent>{event, piece->consumed};
      },
      piece->event);
}

// RFC 9112, section 4: HTTP-version SP status-code SP [reason-phrase]. The last space is left out
// by enough embedded servers to be let pass: there is still one reading.
Parsed<Ok> ResponseDecoder::read_status_line(std::string_view line, std::string_view input) {
  if (line.starts_with("HTTP/1.1 ")) {
    minor_version_ = 1;
  } else if (line.starts_with("HTTP/1.0 ")) {
    minor_version_ = 0;
  } else if (line.starts_with("HTTP/")) {
    return malformed("The service answers in another version of HTTP", 505);
  } else {
    return malformed("The service's answer does not begin with a status line");
  }
  const std::string_view rest = line.substr(9);
  status_ = parse_status(rest);
  if (status_ < 0 || (rest.size() > 3 && rest[3] != ' ')) {
    return malformed("The status line has no status from 100 to 599");
  }
  if (status_ == 101 && upgrade_.empty()) {
    return malformed("The service switches protocols unasked", 501);
  }
  reason_ = Slice::of(rest.substr(rest.size() > 3 ? 4 : 3), input);
  return Ok{};
}

// Answers that end with their head, whatever it announces (RFC 9112, section 6.3, items 1 and 2).
bool ResponseDecoder::body_is_impossible() const {
  return head_request_ || status_ < 200 || status_ == 204 || status_ == 304;
}

Parsed<ResponseHead> ResponseDecoder::finish_head(std::string_view input) {
  const std::span<const Field> fields = head_.fields(input);
  const auto facts = read_facts(fields, minor_version_);
  IL_TRY(facts);
  ResponseHead head{.status = status_, .reason = reason_.in(input), .fields = fields};
  head.interim = status_ < 200 && status_ != 101;
  head.keep_alive = facts->keep_alive && status_ != 101;
  head.content_length = facts->content_length;
  // RFC 9110, section 8.6, forbids a length here. Zero is a common and harmless mistake; anything
  // else announces a body that a lenient reader would wait for.
  if (status_ < 200 || status_ == 204) {
    if (facts->chunked || facts->content_length.value_or(0) > 0) {
      return ambiguous("An answer that cannot have a body announces one");
    }
    head.content_length.reset();
  }
  if (status_ == 101) {
    if (!equals_ignoring_case(facts->upgrade, upgrade_)) {
      return malformed("The service goes on in another protocol than it was asked for");
    }
    head.upgrade = facts->upgrade;
  }
  if (body_is_impossible()) return head;
  if (facts->chunked) {
    head.framing = Framing::kChunked;
  } else if (facts->content_length) {
    head.framing = Framing::kLength;
  } else {
    head.framing = Framing::kUntilClose;
    head.keep_alive = false;
  }
  return head;
}

}  // namespace interlock::http1
