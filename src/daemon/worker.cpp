#include "daemon/worker.h"

namespace interlock::daemon {

Worker::Worker(session::SnapshotSlot& slot, session::RateTable& rates, audit::Writer& audit)
    : snapshots_(slot), audit_(audit.sink()), context_{clock_,    random_,    *audit_, loop_,
                                                       services_, snapshots_, rates,   {}} {}

Status Worker::listen(const Listening& listening, bool shared) {
  Fd fd;
  IL_TRY_ASSIGN(fd, net::listen_on(listening.address, shared));
  const auto on_accept = [this, &listening](std::unique_ptr<net::SocketStream> stream,
                                            std::string peer) {
    session::Session* session = sessions_.open(std::move(peer), listening.name);
    if (session == nullptr) return;
    stream->observe(session);
    session->start(listening.server->accept(tls_, std::move(stream)));
  };
  const auto on_exhausted = [this, &listening] {
    sessions_.refuse_unaccepted(listening.name,
                                "no file descriptor is free for another connection");
  };
  acceptors_.push_back(
      std::make_unique<net::Acceptor>(loop_, std::move(fd), on_accept, on_exhausted));
  return Ok{};
}

void Worker::run() {
  std::int64_t ticks = 0;
  loop_.run({.on_wakeup = [this] { sessions_.on_wakeup(); },
             .on_tick =
                 [this, &ticks] {
                   audit_->flush();
                   if (++ticks % 10 != 0) {
                     return;  // Deadlines are coarse: twice a second is enough.
                   }
                   sessions_.on_tick();
                   services_.expire();
                 },
             .on_notify = [this] { sessions_.on_snapshot_changed(); }},
            limits::kAuditFlushInterval);
  audit_->flush();
}

}  // namespace interlock::daemon
