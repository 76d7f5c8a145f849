// One connection to a server of the control thread, held by both ends of a test; and the fake clock
// and wake-up that such a server stands on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/hex.h"
#include "port/byte_stream.h"
#include "port/clock.h"
#include "port/wakeup.h"

namespace interlock::test {

struct FakeClock final : port::Clock {
  [[nodiscard]] Instant now() const override { return at; }
  [[nodiscard]] WallTime wall() const override { return {}; }
  Instant at;
};

struct FakeWakeup final : port::Wakeup {
  void request() override { requested = true; }
  void notify() override { requested = true; }
  bool requested = false;
};

// Line is a connection as the test holds it, and LineStream the server's end.
struct Line {
  std::string up, down;
  bool ended = false;           // The client has.
  std::size_t room = SIZE_MAX;  // Of what the client takes.
  bool open = true;
  port::StreamObserver* observer = nullptr;
};

class LineStream final : public port::ByteStream {
 public:
  explicit LineStream(Line& line) : line_(line) {}
  ~LineStream() override { line_.open = false; }
  port::IoResult read(std::span<std::uint8_t> into) override {
    if (line_.up.empty()) {
      return {line_.ended ? port::IoState::kEof : port::IoState::kBlocked, 0};
    }
    const std::size_t len = std::min(into.size(), line_.up.size());
    std::copy_n(line_.up.begin(), len, into.begin());
    line_.up.erase(0, len);
    return {port::IoState::kProgress, len};
  }
  port::IoResult write(std::span<const std::uint8_t> from) override {
    const std::size_t len = std::min(from.size(), line_.room);
    if (len == 0) return {port::IoState::kBlocked, 0};
    line_.room -= len;
    line_.down += as_text(from.first(len));
    return {port::IoState::kProgress, len};
  }
  void shutdown_write() override {}
  void want(bool, bool) override {}
  void observe(port::StreamObserver* observer) override { line_.observer = observer; }

 private:
  Line& line_;
};

}  // namespace interlock::test
