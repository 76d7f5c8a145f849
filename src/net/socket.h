// TCP sockets as ByteStreams: accepting, dialing, moving bytes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "model/endpoint.h"
#include "net/loop.h"
#include "port/byte_stream.h"
#include "port/dialer.h"

namespace interlock::net {

// SocketStream knows from the last event whether the socket can be read or written, and asks the
// kernel only then: a read that came back short has emptied it. The read event is registered once
// and taken back only while the session does not read and bytes are waiting; the write event only
// after a short write.
class SocketStream final : public port::ByteStream {
 public:
  // `connecting`: the socket is on its way to a service.
  SocketStream(Loop& loop, Fd fd, bool connecting);
  ~SocketStream() override;

  port::IoResult read(std::span<std::uint8_t> into) override;
  port::IoResult write(std::span<const std::uint8_t> from) override;
  void shutdown_write() override;
  void want(bool read, bool write) override;
  [[nodiscard]] std::string failure() const override;
  [[nodiscard]] int fd() const { return fd_.get(); }
  // A new user asks the kernel once, whatever the last one has read: something may have come since.
  void observe(port::StreamObserver* observer) override {
    observer_ = observer;
    if (!connecting_) readable_ = true;
  }

 private:
  void on_event(short what);
  bool connected();

  Fd fd_;
  EventPtr read_event_, write_event_;
  port::StreamObserver* observer_ = nullptr;
  bool connecting_;
  int error_ = 0;  // Why it is dead.
  bool readable_ = false;
  bool writable_;
  bool wants_read_ = false;
  bool read_armed_ = false;
  bool write_armed_ = false;
};

class SocketDialer final : public port::Dialer {
 public:
  explicit SocketDialer(Loop& loop) : loop_(loop) {}
  Result<std::unique_ptr<port::ByteStream>> dial(const policy::Service& service,
                                                 const Endpoint& endpoint) override;

 private:
  Loop& loop_;
};

// listen_on binds and listens. With `shared`, several threads each listen on the same address
// (SO_REUSEPORT) and the kernel shares the connections out. The error carries errno.
Result<Fd> listen_on(const Endpoint& endpoint, bool shared);

// bound_port returns the port a listening socket has got.
std::uint16_t bound_port(const Fd& listening);

// Acceptor accepts connections for one listener on one loop. `peer` is "" on a Unix socket.
class Acceptor {
 public:
  using OnAccept = std::function<void(std::unique_ptr<SocketStream>, std::string peer)>;
  // `on_exhausted` is called when accepting begins to rest because no descriptor is free.
  Acceptor(
      Loop& loop, Fd listening, OnAccept on_accept, std::function<void()> on_exhausted = [] {});
  ~Acceptor();

 private:
  void accept_some();
  void pause();

  Loop& loop_;
  Fd listening_;
  OnAccept on_accept_;
  std::function<void()> on_exhausted_;
  EventPtr event_, resume_;
  bool exhausted_ = false;  // Since the last connection that was accepted.
};

}  // namespace interlock::net
