#include "bench/load_connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace interlock::bench {
namespace {

std::array<char, 65536> scratch;
const std::array<char, 16384> body_block{};

constexpr int kSilenceMsMax = 60'000;

int keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<Connection*>(SSL_get_app_data(ssl))->keep(session);
  return 1;  // It is ours now.
}

// The library drops tickets that come after the client's own end, but shows them first.
void look_for_ticket(int is_write, int, int content_type, const void* message, std::size_t len,
                     SSL* ssl, void*) {
  if (is_write != 0 || content_type != SSL3_RT_HANDSHAKE || len == 0) return;
  if (*static_cast<const std::uint8_t*>(message) == SSL3_MT_NEW_SESSION_TICKET) {
    static_cast<Connection*>(SSL_get_app_data(ssl))->ticket_came();
  }
}

// The load is made on loopback, and who the server is was never in question.
ssl_verify_result_t trust_anybody(SSL*, std::uint8_t*) { return ssl_verify_ok; }

bssl::UniquePtr<SSL_CTX> make_context() {
  bssl::UniquePtr<SSL_CTX> ctx(SSL_CTX_new(TLS_with_buffers_method()));
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_3_VERSION);
  SSL_CTX_set1_curves_list(ctx.get(), "X25519");
  SSL_CTX_set_custom_verify(ctx.get(), SSL_VERIFY_PEER, trust_anybody);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx.get(), keep_session);
  SSL_CTX_set_msg_callback(ctx.get(), look_for_ticket);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return ctx;
}

}  // namespace

Loop::Loop(Run& run) : run_(run), ctx_(make_context()), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

void Loop::go(const bool& done) {
  std::array<epoll_event, 256> events;
  int silent_ms = 0;
  while (!done) {
    const int wait = run_.on_pass();
    if (done) return;
    const int most = wait < 0 ? kSilenceMsMax : std::min(wait, kSilenceMsMax);
    const int num = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), most);
    silent_ms = num > 0 ? 0 : silent_ms + most;
    if (silent_ms >= kSilenceMsMax) throw std::runtime_error("nothing has happened for a minute");
    for (int i = 0; i < num; ++i) {
      static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr)->pump();
    }
  }
}

void Connection::open(in_addr_t source, std::uint16_t port, const Device& device,
                      CRYPTO_BUFFER* intermediate, bool resume) {
  fd_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  if (source != 0) {
    at.sin_addr.s_addr = htonl(source);
    setsockopt(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at);
  }
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  if (!fd_.valid() || (connect(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 &&
                       errno != EINPROGRESS)) {
    throw std::runtime_error("cannot dial: too few descriptors (ulimit -n), or nobody listens");
  }
  ssl_.reset(SSL_new(loop_.ctx()));
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_fd(ssl_.get(), fd_.get());
  SSL_set_connect_state(ssl_.get());
  CRYPTO_BUFFER* chain[] = {device.leaf.get(), intermediate};
  SSL_set_chain_and_key(ssl_.get(), chain, std::size(chain), device.key.get(), nullptr);
  if (resume && session_) SSL_set_session(ssl_.get(), session_.get());
  open_ = finished_ = has_ticket_ = false;
  status_ = 0;
  out_.clear();
  head_.clear();
  body_out_ = 0;
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = this}};
  epoll_ctl(loop_.epoll(), EPOLL_CTL_ADD, fd_.get(), &event);
}

void Connection::send(const Request& request) {
  out_ = request.head;
  body_out_ = request.body_bytes;
  pump();
}

void Connection::finish() {
  if (!ssl_ || finished_) return;
  SSL_shutdown(ssl_.get());
  shutdown(fd_.get(), SHUT_WR);
  finished_ = true;
  pump();
}

// What the run does while it is told something may pump again: one frame at a time.
void Connection::pump() {
  pump_again_ = true;
  if (pumping_) return;
  pumping_ = true;
  while (std::exchange(pump_again_, false)) {
    while (ssl_ && move()) continue;
  }
  pumping_ = false;
}

bool Connection::move() {
  if (!open_) return move_handshake();
  const bool sent = move_out();
  if (!ssl_) return false;
  return move_in() || sent;
}

bool Connection::move_handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    open_ = true;
    loop_.run().on_open(*this);
    return true;
  }
  if (const char* failure = failure_of(result)) end(failure);
  return false;
}

bool Connection::move_out() {
  bool moved = false;
  while (!finished_ && (!out_.empty() || body_out_ > 0)) {
    if (!out_.empty() && body_out_ > 0 && out_.size() < 1024) {  // A small request is one record.
      const auto piece = std::min<std::uint64_t>(body_out_, 4096);
      out_.append(body_block.data(), piece);
      body_out_ -= piece;
    }
    const std::string_view piece =
        out_.empty() ? std::string_view(body_block.data(),
                                        std::min<std::uint64_t>(body_out_, body_block.size()))
                     : std::string_view(out_);
    ERR_clear_error();
    const int sent = SSL_write(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (sent <= 0) {
      if (const char* failure = failure_of(sent)) end(failure);
      return moved;
    }
    moved = true;
    if (out_.empty()) {
      body_out_ -= static_cast<std::uint64_t>(sent);
    } else {
      out_.erase(0, static_cast<std::size_t>(sent));
    }
  }
  return moved;
}

bool Connection::move_in() {
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), scratch.data(), static_cast<int>(scratch.size()));
  if (got > 0) {
    take({scratch.data(), static_cast<std::size_t>(got)});
    return true;
  }
  const int error = SSL_get_error(ssl_.get(), got);
  // After ours, an end without a close_notify is an end: servers need not answer it.
  if (error == SSL_ERROR_ZERO_RETURN || (error == SSL_ERROR_SYSCALL && finished_)) {
    end(nullptr);
  } else if (const char* failure = failure_of(got)) {
    end(failure);
  }
  return false;
}

void Connection::take(std::string_view bytes) {
  while (!bytes.empty() && ssl_) {
    if (status_ == 0 && !take_head(bytes)) return;
    const std::size_t body = std::min<std::uint64_t>(body_in_left_, bytes.size());
    body_in_left_ -= body;
    bytes.remove_prefix(body);
    if (body_in_left_ == 0) loop_.run().on_answer(*this, std::exchange(status_, 0), body_in_);
  }
}

bool Connection::take_head(std::string_view& bytes) {
  const std::size_t before = head_.size();
  head_.append(bytes);
  const std::size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  bytes.remove_prefix(end + 4 - before);
  head_.resize(end + 2);
  for (char& c : head_) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const auto number_at = [&](std::size_t at) {
    std::uint64_t value = 0;
    std::from_chars(head_.data() + std::min(at, head_.size()), head_.data() + head_.size(), value);
    return value;
  };
  constexpr std::string_view kLength = "\r\ncontent-length: ";
  const std::size_t length = head_.find(kLength);
  status_ = static_cast<int>(number_at(9));
  body_in_ = length == std::string::npos ? 0 : number_at(length + kLength.size());
  body_in_left_ = body_in_;
  head_.clear();
  if (status_ == 0) status_ = -1;
  return true;
}

void Connection::end(const char* failure) {
  ssl_.reset();
  fd_ = Fd();
  loop_.run().on_end(*this, failure);
}

// failure_of returns null where the library only waits.
const char* Connection::failure_of(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return nullptr;
    case SSL_ERROR_SSL: {
      const char* text = ERR_reason_error_string(ERR_peek_error());
      return text != nullptr ? text : "TLS failed";
    }
    case SSL_ERROR_ZERO_RETURN:
      return "the server closed the connection";
    default:
      return "the server cut the connection off";  // open set: the library's own codes.
  }
}

}  // namespace interlock::bench
