// One non-blocking, ordered, two-way stream of bytes, and who is told when it can move again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace interlock::port {

enum class IoState : std::uint8_t {
  kProgress,  // `bytes` were moved; there may be more.
  kBlocked,   // Nothing can move now; the observer will be told.
  kEof,       // The other side has finished sending (read only).
  kFailed,    // The stream is dead.
};

struct IoResult {
  IoState state = IoState::kFailed;
  std::size_t bytes = 0;
};

// StreamObserver is told that a stream may move again. The call only says "look": it comes from the
// loop, never from inside a call to the stream.
class StreamObserver {
 public:
  virtual void on_stream_ready() = 0;

 protected:
  ~StreamObserver() = default;
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual IoResult read(std::span<std::uint8_t> into) = 0;
  virtual IoResult write(std::span<const std::uint8_t> from) = 0;
  // flush sends what earlier writes took and could not send at once; kProgress once nothing is
  // left. Who wants to write is told while there is something. A stream that takes only what it
  // sends holds nothing back.
  virtual IoResult flush() { return {IoState::kProgress, 0}; }
  // shutdown_write sends what is in flight and then end-of-stream; reading goes on.
  virtual void shutdown_write() = 0;
  // want says what the observer waits for. Cheap to repeat: it only costs where the answer changes.
  virtual void want(bool read, bool write) = 0;
  // observe names who is told from now on; the stream's user changes when a pool hands it over.
  virtual void observe(StreamObserver* observer) = 0;
  // lasts is true while the stream may be used for something new. One whose other end is not to be
  // believed any more finishes what it is at, and no more.
  [[nodiscard]] virtual bool lasts() const { return true; }
  // failure says in a few words why the stream is dead: "Connection refused". Empty where nothing
  // is known.
  [[nodiscard]] virtual std::string failure() const { return {}; }
};

}  // namespace interlock::port
