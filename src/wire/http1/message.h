// What HTTP/1.1 messages are made of once they are parsed: the values that decoders yield and
// encoders write. Views point into the decoder's input or into the decoder (interlock/codec.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wire/http1/fields.h"

namespace interlock::http1 {

// Framing says where a body ends (RFC 9112, section 6). kUntilClose is for responses only.
enum class Framing : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

struct RequestHead {
  std::string_view method;
  std::string_view path;        // Canonical: see target.h.
  std::string_view query = {};  // As sent, without the "?".
  bool has_query = false;
  std::string_view host = {};          // Valid authority, as sent; empty in HTTP/1.0 only.
  std::string_view content_type = {};  // As sent; empty where there is none.
  std::span<const Field> fields = {};  // Every field as sent, also those that are never forwarded.
  Framing framing = Framing::kNone;
  std::uint64_t content_length = 0;  // With kLength, else 0. Less than 2^63.
  bool keep_alive = true;            // The client can take another answer after this one.
  // The protocol that the client asks to go on in, as sent; empty: none. No protocol's name where
  // it asks for several.
  std::string_view upgrade = {};
  bool expect_continue = false;  // The client waits for 100 (Continue) before it sends the body.
  int minor_version = 1;         // 0 or 1.
};

struct ResponseHead {
  int status = 0;                // 100 to 599; 101 only where it was asked for.
  std::string_view reason = {};  // The reason phrase, as sent.
  std::span<const Field> fields = {};
  Framing framing = Framing::kNone;
  // As announced: also in answers to HEAD and in 304, where it is no framing.
  std::optional<std::uint64_t> content_length = {};
  bool keep_alive = true;         // The service will take another request on this connection.
  bool interim = false;           // 1xx but 101: another head follows, and no MessageEnd.
  std::string_view upgrade = {};  // With 101: the protocol that follows the MessageEnd.
};

// BodyBytes is a piece of the body, never empty, without its framing.
struct BodyBytes {
  std::string_view bytes;
};

// MessageEnd says that the message is complete; trailers, where there were any, are dropped.
struct MessageEnd {};

}  // namespace interlock::http1
