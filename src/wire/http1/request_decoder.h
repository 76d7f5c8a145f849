// Requests from a client: strict, sans-I/O, by the codec contract (interlock/codec.h).
//
// A request is read once. What RFC 9112 lets a recipient repair or guess is refused, so that the
// gateway and the service behind it cannot read two different requests from the same bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

#include "interlock/codec.h"
#include "wire/http1/body.h"
#include "wire/http1/head.h"
#include "wire/http1/message.h"
#include "wire/http1/refusal.h"
#include "wire/http1/target.h"

namespace interlock::http1 {

using RequestEvent = std::variant<NeedMore, RequestHead, BodyBytes, MessageEnd>;

// RequestDecoder yields, for each request of a connection, its RequestHead, its BodyBytes, its
// MessageEnd. The next request is not looked at before the call after MessageEnd, so that a caller
// may finish one before it meets the next (pipelining). The size of a body is the caller's to
// bound; head, chunk lines and trailers are bounded here.
//
// With `eof`, NeedMore means that the connection ended between two requests; anywhere else the end
// is a refusal.
class RequestDecoder {
 public:
  Parsed<Decoded<RequestEvent>> decode(std::string_view input, bool eof);

  // idle says that no byte of a next request has been seen.
  [[nodiscard]] bool idle() const { return !in_body_ && !in_head_; }

  // rest gives back what the next request may need again. Only while idle.
  void rest() { head_.rest(); }

 private:
  Parsed<Decoded<RequestEvent>> decode_head(std::string_view input);
  Parsed<Decoded<RequestEvent>> decode_body(std::string_view input);
  Parsed<Ok> read_request_line(std::string_view line, std::string_view input);
  Parsed<Ok> read_target(std::string_view raw, std::string_view input);
  Parsed<RequestHead> finish_head(std::string_view input);

  HeadReader head_;
  BodyReader body_;
  Target target_;
  Slice method_, authority_;  // The authority of an absolute-form target, else empty.
  int minor_version_ = 1;
  bool in_head_ = false;           // Some of a head has arrived,
  bool has_request_line_ = false;  // and its first line is complete.
  bool blank_line_skipped_ = false;
  bool in_body_ = false;
  std::optional<Refusal> refusal_;  // Once refused, for ever.
};

}  // namespace interlock::http1
