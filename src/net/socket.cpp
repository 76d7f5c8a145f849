#include "net/socket.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

namespace interlock::net {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t len = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address address_of(const Endpoint& endpoint) {
  Address address;
  if (endpoint.v6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(endpoint.port);
    IL_ASSERT(inet_pton(AF_INET6, endpoint.host.c_str(), &in6->sin6_addr) == 1);
    address.len = sizeof *in6;
  } else {
    auto* in = reinterpret_cast<sockaddr_in*>(&address.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(endpoint.port);
    IL_ASSERT(inet_pton(AF_INET, endpoint.host.c_str(), &in->sin_addr) == 1);
    address.len = sizeof *in;
  }
  return address;
}

Endpoint endpoint_of(const Address& address) {
  if (address.storage.ss_family == AF_UNIX) return {};
  char text[INET6_ADDRSTRLEN] = "";
  if (address.storage.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
    return {text, ntohs(in6->sin6_port), true};
  }
  const auto* in = reinterpret_cast<const sockaddr_in*>(&address.storage);
  inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
  return {text, ntohs(in->sin_port), false};
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

// Accepted at one wake-up, so that a flood of connections cannot starve the open ones.
constexpr int kAcceptsPerWakeup = 64;
constexpr int kListenBacklog = 1024;
// How long accepting rests when no descriptor is free.
constexpr timeval kAcceptPause{0, 200'000};

}  // namespace

SocketStream::SocketStream(Loop& loop, Fd fd, bool connecting)
    : fd_(std::move(fd)), connecting_(connecting), writable_(!connecting) {
  const auto run = [](evutil_socket_t, short what, void* self) {
    static_cast<SocketStream*>(self)->on_event(what);
  };
  read_event_.reset(event_new(loop.base(), fd_.get(), EV_READ | EV_PERSIST, run, this));
  write_event_.reset(event_new(loop.base(), fd_.get(), EV_WRITE, run, this));
  IL_ASSERT(read_event_ != nullptr && write_event_ != nullptr);
  event_add(read_event_.get(), nullptr);
  read_armed_ = true;
  if (connecting_) want(true, true);
}

SocketStream::~SocketStream() = default;

void SocketStream::on_event(short what) {
  if ((what & EV_READ) != 0) readable_ = true;
  if ((what & EV_WRITE) != 0) {
    writable_ = true;
    write_armed_ = false;
  }
  if (readable_ && !wants_read_ && (what & EV_READ) != 0) {
    event_del(read_event_.get());
    read_armed_ = false;
    if ((what & EV_WRITE) == 0) return;
  }
  if (observer_ != nullptr) observer_->on_stream_ready();
}

bool SocketStream::connected() {
  if (connecting_) {
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &len);
    connecting_ = false;
    error_ = error;  // The kernel tells it once, and then makes it an end-of-stream.
  }
  return error_ == 0;
}

port::IoResult SocketStream::read(std::span<std::uint8_t> into) {
  if (!readable_) return {port::IoState::kBlocked, 0};
  if (!connected()) return {port::IoState::kFailed, 0};
  if (into.empty()) return {port::IoState::kBlocked, 0};
  for (;;) {
    const ssize_t got = recv(fd_.get(), into.data(), into.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      readable_ = false;
      return {port::IoState::kBlocked, 0};
    }
    if (got < 0) {
      error_ = errno;
      return {port::IoState::kFailed, 0};
    }
    if (got == 0) return {port::IoState::kEof, 0};
    if (static_cast<std::size_t>(got) < into.size()) readable_ = false;
    return {port::IoState::kProgress, static_cast<std::size_t>(got)};
  }
}

port::IoResult SocketStream::write(std::span<const std::uint8_t> from) {
  if (!writable_) return {port::IoState::kBlocked, 0};
  if (!connected()) return {port::IoState::kFailed, 0};
  for (;;) {
    const ssize_t sent = send(fd_.get(), from.data(), from.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      writable_ = false;
      return {port::IoState::kBlocked, 0};
    }
    if (sent < 0) {
      error_ = errno;
      return {port::IoState::kFailed, 0};
    }
    return {port::IoState::kProgress, static_cast<std::size_t>(sent)};
  }
}

std::string SocketStream::failure() const {
  return error_ != 0 ? std::string(errno_text(error_)) : std::string();
}

void SocketStream::shutdown_write() { shutdown(fd_.get(), SHUT_WR); }

void SocketStream::want(bool read, bool write) {
  wants_read_ = read;
  if (read && !read_armed_) {
    event_add(read_event_.get(), nullptr);
    read_armed_ = true;
  }
  if (write && !write_armed_) {
    event_add(write_event_.get(), nullptr);
    write_armed_ = true;
  }
}

Result<std::unique_ptr<port::ByteStream>> SocketDialer::dial(const policy::Service& /*service*/,
                                                             const Endpoint& endpoint) {
  const Address address = address_of(endpoint);
  Fd fd(socket(address.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail(Errc::kLimit, Origin::kOwn, "no socket can be had", errno);
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  const int result = connect(fd.get(), address.get(), address.len);
  if (result != 0 && errno != EINPROGRESS) {
    // EAGAIN and EADDRNOTAVAIL: every local port is taken.
    const bool own = errno == EAGAIN || errno == EADDRNOTAVAIL || errno == ENOBUFS;
    return fail(own ? Errc::kLimit : Errc::kIo, own ? Origin::kOwn : Origin::kService,
                "cannot connect", errno);
  }
  return std::make_unique<SocketStream>(loop_, std::move(fd), result != 0);
}

Result<Fd> listen_on(const Endpoint& endpoint, bool shared) {
  const Address address = address_of(endpoint);
  Fd fd(socket(address.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail(Errc::kIo, Origin::kEnvironment, "cannot open a socket", errno);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (shared) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  if (endpoint.v6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (bind(fd.get(), address.get(), address.len) != 0) {
    return fail(Errc::kIo, Origin::kEnvironment, "cannot bind the address", errno);
  }
  if (listen(fd.get(), kListenBacklog) != 0) {
    return fail(Errc::kIo, Origin::kEnvironment, "cannot listen on the address", errno);
  }
  return fd;
}

std::uint16_t bound_port(const Fd& listening) {
  Address address;
  address.len = sizeof address.storage;
  getsockname(listening.get(), address.get(), &address.len);
  return endpoint_of(address).port;
}

Acceptor::Acceptor(Loop& loop, Fd listening, OnAccept on_accept, std::function<void()> on_exhausted)
    : loop_(loop),
      listening_(std::move(listening)),
      on_accept_(std::move(on_accept)),
      on_exhausted_(std::move(on_exhausted)) {
  const auto run = [](evutil_socket_t, short, void* self) {
    static_cast<Acceptor*>(self)->accept_some();
  };
  const auto run_resume = [](evutil_socket_t, short, void* self) {
    event_add(static_cast<Acceptor*>(self)->event_.get(), nullptr);
  };
  event_.reset(event_new(loop.base(), listening_.get(), EV_READ | EV_PERSIST, run, this));
  resume_.reset(event_new(loop.base(), -1, 0, run_resume, this));
  event_add(event_.get(), nullptr);
}

Acceptor::~Acceptor() = default;

// The listening socket stays readable while nothing can be accepted: waiting for it would spin.
void Acceptor::pause() {
  event_del(event_.get());
  event_add(resume_.get(), &kAcceptPause);
  if (!std::exchange(exhausted_, true)) on_exhausted_();
}

void Acceptor::accept_some() {
  for (int i = 0; i < kAcceptsPerWakeup; ++i) {
    Address address;
    address.len = sizeof address.storage;
    Fd fd(accept4(listening_.get(), address.get(), &address.len, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause();
      return;
    }
    exhausted_ = false;
    set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY);
    on_accept_(std::make_unique<SocketStream>(loop_, std::move(fd), /*connecting=*/false),
               endpoint_of(address).to_string());
  }
}

}  // namespace interlock::net
