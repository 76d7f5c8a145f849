// A pipe in memory whose two ends are ByteStreams, with the troubles of a network on request.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "port/byte_stream.h"

namespace interlock::test {

// Flow is one direction of a pipe: the bytes on their way, and what holds them up.
struct Flow {
  static constexpr std::size_t kNoLimit = SIZE_MAX;

  std::string bytes;                      // Written and not read yet.
  std::size_t room = kNoLimit;            // On their way at most; what is beyond is kBlocked.
  std::size_t allowance = kNoLimit;       // Bytes the reader still gets; then it is kBlocked.
  std::size_t bytes_per_call = kNoLimit;  // What one read or write moves at most.
  bool ended = false;                     // kEof once everything has been read.
  bool cut = false;                       // Both ends are kFailed from now on.
  std::size_t bytes_written = 0;          // Since the beginning.
  std::size_t bytes_read = 0;

  // vanish loses what is on its way and ends the flow: the writer's box has gone.
  void vanish() {
    bytes.clear();
    ended = true;
  }
};

// PipeStream is one end. Its observer is never told: the test moves both ends itself.
class PipeStream final : public port::ByteStream {
 public:
  PipeStream(std::shared_ptr<Flow> in, std::shared_ptr<Flow> out)
      : in_(std::move(in)), out_(std::move(out)) {}

  port::IoResult read(std::span<std::uint8_t> into) override;
  port::IoResult write(std::span<const std::uint8_t> from) override;
  void shutdown_write() override { out_->ended = true; }
  void want(bool read, bool write) override {
    wants_read_ = read;
    wants_write_ = write;
  }
  void observe(port::StreamObserver*) override {}

  bool wants_read() const { return wants_read_; }
  bool wants_write() const { return wants_write_; }

 private:
  std::shared_ptr<Flow> in_, out_;
  bool wants_read_ = false;
  bool wants_write_ = false;
};

// Pipe makes the two ends; `up` leads from the client to the server.
struct Pipe {
  std::shared_ptr<Flow> up = std::make_shared<Flow>();
  std::shared_ptr<Flow> down = std::make_shared<Flow>();

  std::unique_ptr<PipeStream> client() const { return std::make_unique<PipeStream>(down, up); }
  std::unique_ptr<PipeStream> server() const { return std::make_unique<PipeStream>(up, down); }

  // bytes_moved changes with every byte that any end reads or writes.
  std::size_t bytes_moved() const {
    return up->bytes_written + up->bytes_read + down->bytes_written + down->bytes_read;
  }
};

}  // namespace interlock::test
