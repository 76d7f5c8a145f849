#include "control/admin_server.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "control/admin_codec.h"

namespace interlock::control {

std::string to_string(const AdminPeer& peer) {
  return fmt::format("uid {} (pid {})", peer.uid, peer.pid);
}

bool AdminAccess::allows(const AdminPeer& peer) const {
  return peer.uid == 0 || peer.uid == own_uid || peer.gid == group ||
         std::find(peer.groups.begin(), peer.groups.end(), group) != peer.groups.end();
}

// Connection reads one request, waits for its answer, and writes it.
class AdminServer::Connection final : public port::StreamObserver {
 public:
  Connection(AdminServer& server, AdminTicket ticket, std::unique_ptr<port::ByteStream> stream,
             AdminPeer peer)
      : server_(server), ticket_(ticket), stream_(std::move(stream)), peer_(std::move(peer)) {
    stream_->observe(this);
    set_deadline();
  }

  void on_stream_ready() override { advance(); }

  void advance() {
    if (phase_ == Phase::kRead) read();
    if (phase_ == Phase::kWrite) write();
  }

  void answer(const AdminResponse& response) {
    if (phase_ == Phase::kDone) return;
    out_ = encode(response);
    phase_ = Phase::kWrite;
    set_deadline();
    write();
  }

  void on_tick(Instant now) {
    if (phase_ != Phase::kAsked && deadline_ <= now) end();
  }

 private:
  enum class Phase : std::uint8_t { kRead, kAsked, kWrite, kDone };

  void read() {
    std::array<std::uint8_t, 1024> scratch{};
    for (;;) {
      const port::IoResult got = stream_->read(scratch);
      if (got.state == port::IoState::kBlocked) return stream_->want(true, false);
      if (got.state != port::IoState::kProgress) return end();
      in_ += as_text({scratch.data(), got.bytes});
      const auto len = frame_bytes(in_, limits::kAdminRequestBytesMax);
      if (!len) return answer(Refusal{len.error().what});
      if (*len && in_.size() >= **len) return dispatch();
    }
  }

  void dispatch() {
    const auto request = decode_request(in_);
    if (!request) return answer(Refusal{request.error().what});
    phase_ = Phase::kAsked;
    stream_->want(false, false);
    server_.backend_.ask(*request, peer_, ticket_);
  }

  void write() {
    while (!out_.empty()) {
      const port::IoResult sent = stream_->write(as_bytes(out_));
      if (sent.state == port::IoState::kBlocked) return stream_->want(false, true);
      if (sent.state != port::IoState::kProgress) return end();
      out_.erase(0, sent.bytes);
    }
    end();
  }

  void end() {
    phase_ = Phase::kDone;
    stream_->want(false, false);
    server_.retire(ticket_);
  }

  void set_deadline() { deadline_ = server_.clock_.now() + limits::kAdminTimeout; }

  AdminServer& server_;
  const AdminTicket ticket_;
  std::unique_ptr<port::ByteStream> stream_;
  const AdminPeer peer_;
  Phase phase_ = Phase::kRead;
  Instant deadline_;
  std::string in_, out_;
};

AdminServer::AdminServer(const port::Clock& clock, port::Wakeup& wakeup, AdminAccess access,
                         AdminBackend& backend)
    : clock_(clock), wakeup_(wakeup), access_(access), backend_(backend) {}

AdminServer::~AdminServer() = default;

void AdminServer::open(std::unique_ptr<port::ByteStream> stream, const AdminPeer& peer) {
  if (connections_.size() >= limits::kAdminConnectionsMax) {
    // Whoever finds no place is told so, if the socket takes it at once.
    const std::string refusal = encode(Refusal{"too many others are asking: try again"});
    static_cast<void>(stream->write(as_bytes(refusal)));
    return;
  }
  const AdminTicket ticket = ++last_ticket_;
  Connection& made =
      *connections_
           .emplace(ticket, std::make_unique<Connection>(*this, ticket, std::move(stream), peer))
           .first->second;
  if (access_.allows(peer)) {
    made.advance();
  } else {
    made.answer(
        Refusal{fmt::format("{} may not ask: it is neither root nor the gateway's user "
                            "(uid {}), nor in the socket's group (gid {})",
                            to_string(peer), access_.own_uid, access_.group)});
  }
}

void AdminServer::answer(AdminTicket ticket, const AdminResponse& response) {
  const auto at = connections_.find(ticket);
  if (at != connections_.end()) at->second->answer(response);
}

void AdminServer::on_tick() {
  const Instant now = clock_.now();
  for (const auto& [ticket, connection] : connections_) connection->on_tick(now);
}

void AdminServer::on_wakeup() {
  for (const AdminTicket ticket : std::exchange(retired_, {})) connections_.erase(ticket);
}

void AdminServer::retire(AdminTicket ticket) {
  retired_.push_back(ticket);
  wakeup_.request();
}

}  // namespace interlock::control
