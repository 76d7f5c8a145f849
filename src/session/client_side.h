// The client's end of a session, as the session and its exchange share it.
#pragma once

#include <algorithm>
#include <memory>
#include <span>

#include "base/limits.h"
#include "port/secure_stream.h"
#include "session/byte_queue.h"
#include "session/context.h"
#include "wire/http1/request_decoder.h"

namespace interlock::session {

struct ClientSide {
  std::unique_ptr<port::SecureStream> stream;
  ByteQueue in{limits::kClientInBytesMax};
  ByteQueue out{limits::kClientOutBytesMax};
  http1::RequestDecoder decoder;
  std::uint64_t received = 0;  // Bytes in all, and those of sent answers that left the gateway ...
  std::uint64_t taken = 0;     // ... after it had to wait for the client.
  bool eof = false;            // The client sends no more ...
  bool broken = false;         // ... and has not said so: it is gone, or somebody cut it off.
  bool closing = false;        // The connection ends after the answer that is being written.
  bool full = false;           // It had sent as much as `in` takes when it was last read from.

  // fill reads what there is room for; false where nothing has come yet. The end of the stream, in
  // whatever way, is something that has come: `eof`.
  bool fill(Context& context) {
    const std::span<std::uint8_t> scratch(context.scratch);
    const port::IoResult got = stream->read(scratch.first(std::min(in.room(), scratch.size())));
    if (got.state == port::IoState::kBlocked) return false;
    eof = got.state != port::IoState::kProgress;
    broken = got.state == port::IoState::kFailed;
    context.meter.client_received_bytes.add(got.bytes);
    in.append(as_text(scratch.first(got.bytes)));
    received += got.bytes;
    full = in.room() == 0;
    return true;
  }
};

}  // namespace interlock::session
