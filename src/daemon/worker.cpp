#include "daemon/worker.h"

#include <algorithm>
#include <utility>

namespace interlock::daemon {

Worker::Worker(session::SnapshotSlot& slot, session::FactsSlot& facts, session::RateTable& rates,
               session::Capacity& capacity, session::ServiceTable& services, audit::Writer& audit,
               std::function<void()> on_configured)
    : services_(dialer_, clock_, loop_, services),
      snapshots_(slot),
      facts_(facts),
      audit_(audit.sink()),
      context_{clock_, random_, *audit_, loop_, services_, snapshots_, facts_, rates, capacity, {}},
      on_configured_(std::move(on_configured)) {}

void Worker::configure(std::uint64_t version, std::vector<WorkerListener> listeners) {
  {
    const std::scoped_lock lock(mutex_);
    next_ = Configuration{version, std::move(listeners)};
  }
  loop_.notify();
}

void Worker::run() {
  take_configuration();
  look_again();
  loop_.run({.on_wakeup =
                 [this] {
                   services_.on_wakeup();
                   sessions_.on_wakeup();
                   look_again();
                 },
             .on_tick = [this] { on_tick(); },
             .on_notify = [this] { on_notify(); }},
            limits::kAuditFlushInterval);
  audit_->no_more_operations();
  context_.refusals.flush();
  audit_->flush();
}

void Worker::on_tick() {
  const std::int64_t now = clock_.micros();
  if (ticked_us_ != 0) {
    const std::int64_t late = now - ticked_us_ - limits::kAuditFlushInterval.ms * 1000;
    context_.meter.tick_delay.observe(std::max<std::int64_t>(late, 0));
  }
  ticked_us_ = now;
  audit_->flush();
  sessions_.judge_expired();
  sessions_.relieve();
  services_.on_tick();
  const std::uint64_t ticks = ticks_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (ticks % 10 != 0) return;  // Deadlines are coarse: twice a second is enough.
  sessions_.on_tick();
  num_sessions_.store(sessions_.size(), std::memory_order_relaxed);
}

void Worker::on_notify() {
  take_configuration();
  const std::uint64_t facts = facts_.generation();
  if (std::exchange(facts_seen_, facts) != facts) looked_until_ = 0;  // From the beginning.
  look_again();
  services_.on_wakeup();
}

void Worker::take_configuration() {
  std::optional<Configuration> next;
  {
    const std::scoped_lock lock(mutex_);
    next = std::exchange(next_, std::nullopt);
  }
  if (!next) return;
  listen(std::move(next->listeners));
  services_.retain(*snapshots_.current());
  context_.meter.retain(*snapshots_.current());
  dialer_.retain(*snapshots_.current());
  looking_again_for_ = next->version;
  looked_until_ = 0;
}

// Judging a certificate anew takes a while: the sockets have their turn in between.
void Worker::look_again() {
  if (!looked_until_) return;
  if (!sessions_.look_again(*looked_until_, limits::kSessionsPerLookAgain)) {
    loop_.request();
    return;
  }
  looked_until_.reset();
  audit_->flush();  // Who was cut is on record before anybody hears that the reload is done.
  num_sessions_.store(sessions_.size(), std::memory_order_relaxed);
  if (looking_again_for_ == 0) return;
  configured_.store(std::exchange(looking_again_for_, 0), std::memory_order_release);
  on_configured_();
}

void Worker::listen(std::vector<WorkerListener> listeners) {
  std::vector<std::unique_ptr<Listening>> next;
  for (WorkerListener& listener : listeners) {
    const auto same = [&](const std::unique_ptr<Listening>& each) {
      return each != nullptr && each->as.address == listener.address;
    };
    const auto at = std::find_if(listening_.begin(), listening_.end(), same);
    if (at != listening_.end()) {
      next.push_back(std::move(*at));
      next.back()->as = std::move(listener);
    } else {
      Fd socket = std::move(listener.socket);
      next.push_back(std::make_unique<Listening>());
      next.back()->as = std::move(listener);
      next.back()->acceptor = accept_for(*next.back(), std::move(socket));
    }
  }
  listening_ = std::move(next);  // What is left of the old ones stops listening.
}

std::unique_ptr<net::Acceptor> Worker::accept_for(const Listening& listening, Fd socket) {
  const WorkerListener& as = listening.as;
  const auto on_accept = [this, &as](std::unique_ptr<net::SocketStream> stream, std::string peer) {
    session::Session* session = sessions_.open(std::move(peer), as.name);
    if (session == nullptr) return;
    stream->observe(session);
    session->start(as.server->accept(tls_, std::move(stream)));
  };
  const auto on_exhausted = [this, &as] {
    sessions_.refuse_unaccepted(as.name, "no file descriptor is free for another connection");
  };
  return std::make_unique<net::Acceptor>(loop_, std::move(socket), on_accept, on_exhausted);
}

}  // namespace interlock::daemon
