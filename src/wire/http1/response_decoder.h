// Responses from a service: as strict as requests. A service that answers ambiguously is not
// repaired; its connection is dropped and the client gets 502.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "interlock/codec.h"
#include "wire/http1/body.h"
#include "wire/http1/head.h"
#include "wire/http1/message.h"
#include "wire/http1/refusal.h"

namespace interlock::http1 {

using ResponseEvent = std::variant<NeedMore, ResponseHead, BodyBytes, MessageEnd>;

// ResponseDecoder yields the answer to one request at a time: any number of interim ResponseHeads
// (the caller counts them), the final one, its BodyBytes, its MessageEnd. Bytes beyond the
// MessageEnd are not consumed: to the caller they say that the connection must not be used again.
//
// Errors have Origin::kService: kMalformed, kUnsupported (another version, 101 unasked), kLimit,
// kTruncated (the connection ended within the answer) and kClosed (it ended before the answer's
// first byte).
class ResponseDecoder {
 public:
  // expect announces the request that was just sent, and the protocol it asks to go on in. Without
  // it no byte may come. Never called between a request and the MessageEnd of its answer, nor after
  // that of an answer with 101: what follows is not HTTP.
  void expect(std::string_view request_method, std::string_view upgrade = {});

  Result<Decoded<ResponseEvent>> decode(std::string_view input, bool eof);

  // reset begins anew, for another connection, whatever came before; memory is kept.
  void reset();

  // rest gives back what the next answer may need again. Only while none is expected.
  void rest() { head_.rest(); }

 private:
  enum class State { kIdle, kHead, kBody };

  Parsed<Decoded<ResponseEvent>> decode_head(std::string_view input);
  Parsed<Decoded<ResponseEvent>> decode_body(std::string_view input, bool eof);
  Parsed<Ok> read_status_line(std::string_view line, std::string_view input);
  Parsed<ResponseHead> finish_head(std::string_view input);
  [[nodiscard]] bool body_is_impossible() const;

  HeadReader head_;
  BodyReader body_;
  State state_ = State::kIdle;
  bool head_request_ = false;
  std::string upgrade_;
  bool answer_begun_ = false;
  bool has_status_line_ = false;
  int minor_version_ = 1;
  int status_ = 0;
  Slice reason_;
  std::optional<Error> error_;  // Once failed, for ever.
};

}  // namespace interlock::http1
