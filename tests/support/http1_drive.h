// Drives the HTTP/1.1 decoders as a session would, and writes down what they say. Used by the
// vectors, the properties and the fuzzers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wire/http1/grammar.h"
#include "wire/http1/request_decoder.h"
#include "wire/http1/response_decoder.h"

namespace interlock::http1::testing {

// Transcript is a line of text per event; neighbouring pieces of a body make one line.
struct Transcript {
  std::vector<std::string> lines;
  std::size_t consumed = 0;  // Of everything that was fed; 0 after a failure.

  bool operator==(const Transcript&) const = default;
};

// escape writes bytes so that they can stand in a line; unescape is its inverse.
std::string escape(std::string_view bytes);
std::string unescape(std::string_view text);

// ResponseScript is a ResponseDecoder that is told, one by one, which requests were sent.
class ResponseScript {
 public:
  // Each is a method, or a method and the protocol that the request asks to go on in: "GET x".
  explicit ResponseScript(std::vector<std::string> methods) : methods_(std::move(methods)) {
    expect_next();
  }
  Result<Decoded<ResponseEvent>> decode(std::string_view input, bool eof) {
    const bool ended = std::exchange(ended_, false);
    if (ended) expect_next();
    auto event = decoder_.decode(input, eof);
    ended_ = event && std::holds_alternative<MessageEnd>(event->event);
    return event;
  }

 private:
  void expect_next() {
    if (next_ == methods_.size()) return;
    const std::string_view request = methods_[next_++];
    const std::size_t space = std::min(request.find(' '), request.size());
    decoder_.expect(request.substr(0, space), trim_ows(request.substr(space)));
  }
  ResponseDecoder decoder_;
  std::vector<std::string> methods_;
  std::size_t next_ = 0;
  bool ended_ = false;
};

// drive feeds the pieces one after another, with end of input behind the last if `eof`. Each call
// of the decoder sees a buffer of its own of exactly the right size, so that a sanitizer sees every
// byte read beyond it and every view kept from before.
Transcript drive(RequestDecoder& decoder, std::span<const std::string_view> pieces, bool eof);
Transcript drive(ResponseScript& decoder, std::span<const std::string_view> pieces, bool eof);

// in_bytes and split_at cut input into pieces; views of `input`.
std::vector<std::string_view> in_bytes(std::string_view input);
std::vector<std::string_view> split_at(std::string_view input, std::size_t at);

}  // namespace interlock::http1::testing
