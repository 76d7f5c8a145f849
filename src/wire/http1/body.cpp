#include "wire/http1/body.h"

#include <algorithm>

#include "base/result.h"
#include "wire/http1/grammar.h"

namespace interlock::http1 {
namespace {

constexpr Refusal kChunkLineTooLong{Reason::too_large, 413, "A chunk-size line is too long"};
constexpr Refusal kTrailersTooLarge{Reason::too_large, 431, "The trailers are too large"};

// parse_chunk_size reads 1 to 16 hexadecimal digits below 2^63 at the start of a line, and nothing
// else before the end of the line or a ";". Returns the size; `digits` becomes their count.
Parsed<std::uint64_t> parse_chunk_size(std::string_view line, std::size_t& digits) {
  std::uint64_t size = 0;
  for (digits = 0; digits < line.size() && hex_value(line[digits]) >= 0; ++digits) {
    if (size >> 59 != 0) return malformed("A chunk size is too large");
    size = size * 16 + static_cast<std::uint64_t>(hex_value(line[digits]));
  }
  const bool ends_well = digits == line.size() || line[digits] == ';';
  if (digits == 0 || digits > 16 || !ends_well) {
    return ambiguous("A chunk size is not one plain hexadecimal number");
  }
  return size;
}

}  // namespace

BodyReader::State BodyReader::first_state(Framing framing) {
  switch (framing) {
    case Framing::kNone:
      return State::kEnd;
    case Framing::kLength:
      return State::kLength;
    case Framing::kChunked:
      return State::kChunkLine;
    case Framing::kUntilClose:
      return State::kUntilClose;
  }
  return State::kEnd;  // Not reached: the switch is complete.
}

void BodyReader::start(Framing framing, std::uint64_t content_length) {
  state_ = first_state(framing);
  remaining_ = framing == Framing::kLength ? content_length : 0;
  if (state_ == State::kLength && remaining_ == 0) state_ = State::kEnd;
  extension_budget_ = limits::kHttpChunkExtensionBytesMax;
  trailer_budget_ = limits::kHttpTrailerBytesMax;
  line_.reset();
}

Parsed<Decoded<BodyReader::Event>> BodyReader::next(std::string_view input, bool eof) {
  switch (state_) {
    case State::kEnd:
      return Decoded<Event>{MessageEnd{}, 0};
    case State::kLength:
      return take_bytes(input, State::kEnd);
    case State::kUntilClose:
      if (!input.empty()) return Decoded<Event>{BodyBytes{input}, input.size()};
      if (eof) return Decoded<Event>{MessageEnd{}, 0};
      return Decoded<Event>{NeedMore{}, 0};
    case State::kChunkLine:
    case State::kChunkData:
    case State::kChunkEnd:
    case State::kTrailers:
      return next_framed(input);
  }
  return malformed("The body is in no state");  // Not reached: the switch is complete.
}

// Framing lines yield no event, so several may be read before there is one, or no more input.
Parsed<Decoded<BodyReader::Event>> BodyReader::next_framed(std::string_view input) {
  std::size_t framing_len = 0;
  while (state_ != State::kChunkData && state_ != State::kEnd) {
    const auto complete = read_framing_line(input.substr(framing_len));
    IL_TRY(complete);
    if (!*complete) return Decoded<Event>{NeedMore{}, framing_len};
    framing_len += line_.end();
    line_.reset();
  }
  if (state_ == State::kEnd) return Decoded<Event>{MessageEnd{}, framing_len};
  Decoded<Event> piece = take_bytes(input.substr(framing_len), State::kChunkEnd);
  piece.consumed += framing_len;
  return piece;
}

// Reads the line that the state asks for, and moves on. False while it is incomplete.
Parsed<bool> BodyReader::read_framing_line(std::string_view input) {
  switch (state_) {
    case State::kChunkLine:
      return read_chunk_line(input);
    case State::kChunkEnd:
      return read_chunk_end(input);
    case State::kTrailers:
      return read_trailer(input);
    case State::kLength:
    case State::kChunkData:
    case State::kUntilClose:
    case State::kEnd:
      break;
  }
  return malformed("The body is not at a line");  // Not reached: next_framed asks for lines only.
}

Parsed<bool> BodyReader::read_chunk_line(std::string_view input) {
  const auto line = line_.next(input, limits::kHttpChunkLineBytesMax, kChunkLineTooLong);
  IL_TRY(line);
  if (!*line) return false;
  std::size_t digits = 0;
  const auto size = parse_chunk_size(**line, digits);
  IL_TRY(size);
  const std::size_t extension_len = (*line)->size() - digits;
  if (extension_len > extension_budget_) {
    return too_large("The chunk extensions are too large", 413);
  }
  extension_budget_ -= extension_len;
  remaining_ = *size;
  state_ = remaining_ == 0 ? State::kTrailers : State::kChunkData;
  return true;
}

Parsed<bool> BodyReader::read_chunk_end(std::string_view input) {
  const bool incomplete = input.empty() || input == "\r";
  if (!incomplete && input.substr(0, 2) != "\r\n") {
    return ambiguous("The data of a chunk do not end where its size says");
  }
  const auto line = line_.next(input, 2, kChunkLineTooLong);
  IL_TRY(line);
  if (!*line) return false;
  state_ = State::kChunkLine;
  return true;
}

Parsed<bool> BodyReader::read_trailer(std::string_view input) {
  const auto line = line_.next(input, trailer_budget_, kTrailersTooLarge);
  IL_TRY(line);
  if (!*line) return false;
  if ((*line)->empty()) {
    state_ = State::kEnd;
  } else {
    IL_TRY(parse_field_line(**line));
    trailer_budget_ -= line_.end();
  }
  return true;
}

Decoded<BodyReader::Event> BodyReader::take_bytes(std::string_view input, State after) {
  const auto len = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
  if (len == 0) return {NeedMore{}, 0};
  remaining_ -= len;
  if (remaining_ == 0) state_ = after;
  return {BodyBytes{input.substr(0, len)}, len};
}

}  // namespace interlock::http1
