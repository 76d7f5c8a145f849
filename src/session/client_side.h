// The client's end of a session, as the session and its exchange share it.
#pragma once

#include <memory>
#include <string>

#include "base/limits.h"
#include "port/secure_stream.h"
#include "session/byte_queue.h"
#include "wire/http1/request_decoder.h"

namespace interlock::session {

struct ClientSide {
  std::unique_ptr<port::SecureStream> stream;
  ByteQueue in{limits::kClientInBytesMax};
  ByteQueue out{limits::kClientOutBytesMax};
  http1::RequestDecoder decoder;
  std::string identity_fields;  // What services are told about this client: ready header lines.
  bool eof = false;             // The client has finished sending.
  bool closing = false;         // The connection ends after the answer that is being written.
};

}  // namespace interlock::session
