// The body of a message, by its framing (RFC 9112, sections 6.3 and 7.1): by length, in chunks, or
// until the connection closes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/limits.h"
#include "interlock/codec.h"
#include "wire/http1/lines.h"
#include "wire/http1/message.h"
#include "wire/http1/refusal.h"

namespace interlock::http1 {

// BodyReader follows the codec contract between a head and the end of its message. Chunk extensions
// and trailers are checked and dropped: what they say never reaches the other side.
//
//   kLength ──▶ kEnd        kChunkLine ─▶ kChunkData ─▶ kChunkEnd ─┐     kUntilClose ──▶ kEnd
//                               ▲ └(0)─▶ kTrailers ──▶ kEnd        │
//                               └──────────────────────────────────┘
class BodyReader {
 public:
  using Event = std::variant<NeedMore, BodyBytes, MessageEnd>;

  // start begins the body of a message. `content_length` counts with kLength alone.
  void start(Framing framing, std::uint64_t content_length);

  // next returns a piece of the body as large as the input allows, or the end. `eof` ends a
  // kUntilClose body; elsewhere it is the caller's to see that NeedMore will not be met.
  Parsed<Decoded<Event>> next(std::string_view input, bool eof);

 private:
  enum class State : std::uint8_t {
    kLength,
    kChunkLine,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kUntilClose,
    kEnd,
  };
  static State first_state(Framing framing);

  Parsed<Decoded<Event>> next_framed(std::string_view input);
  Parsed<bool> read_framing_line(std::string_view input);
  Parsed<bool> read_chunk_line(std::string_view input);
  Parsed<bool> read_chunk_end(std::string_view input);
  Parsed<bool> read_trailer(std::string_view input);
  Decoded<Event> take_bytes(std::string_view input, State after);

  State state_ = State::kEnd;
  std::uint64_t remaining_ = 0;  // Of the body, or of the chunk.
  std::size_t extension_budget_ = 0;
  std::size_t trailer_budget_ = 0;
  LineReader line_;
};

}  // namespace interlock::http1
