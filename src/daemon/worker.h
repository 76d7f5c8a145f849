// One data thread: its loop, its sessions, its pools, its audit buffer, its sides of the listeners.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "audit/writer.h"
#include "net/loop.h"
#include "net/socket.h"
#include "session/session_table.h"
#include "tls/client.h"
#include "tls/server.h"

namespace interlock::daemon {

// WorkerListener is what one worker needs to serve one listener. `socket` is given where the worker
// does not listen on the address yet.
struct WorkerListener {
  std::string name;
  Endpoint address;
  std::shared_ptr<const tls::Server> server;
  Fd socket;
};

// Worker is made by the control thread; then run() belongs to a thread of its own, and other
// threads call only configure(), facts_changed(), stop() and what is const.
// Members stand in the order of their lives.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
class Worker {
 public:
  // `on_configured` is called by the worker's thread whenever configured() has changed.
  Worker(session::SnapshotSlot& slot, session::FactsSlot& facts, session::RateTable& rates,
         session::Capacity& capacity, session::ServiceTable& services, audit::Writer& audit,
         std::function<void()> on_configured);

  // configure gives the worker its listeners, all of them: it goes on with the sockets that it has
  // for their addresses, listens on those that come with them, and stops listening on all others.
  // Every open session then looks again under the snapshot that was published before, a few at a
  // time; after that configured() returns `version`, which is above every earlier one.
  void configure(std::uint64_t version, std::vector<WorkerListener> listeners);
  [[nodiscard]] std::uint64_t configured() const {
    return configured_.load(std::memory_order_acquire);
  }

  void run();
  void stop() { loop_.stop(); }

  // facts_changed lets every open session look at the facts that were published before, a few
  // sessions at a time.
  void facts_changed() { loop_.notify(); }

  // progress moves while the loop goes round.
  [[nodiscard]] std::uint64_t progress() const { return ticks_.load(std::memory_order_relaxed); }

  // meter may be read while the worker runs.
  [[nodiscard]] const session::Meter& meter() const { return context_.meter; }

  // num_sessions is the number of open sessions a moment ago.
  [[nodiscard]] std::size_t num_sessions() const {
    return num_sessions_.load(std::memory_order_relaxed);
  }

 private:
  struct Configuration {
    std::uint64_t version = 0;
    std::vector<WorkerListener> listeners;
  };
  struct Listening {
    WorkerListener as;
    std::unique_ptr<net::Acceptor> acceptor;
  };

  void on_notify();
  void take_configuration();
  void listen(std::vector<WorkerListener> listeners);
  std::unique_ptr<net::Acceptor> accept_for(const Listening& listening, Fd socket);
  void look_again();
  void on_tick();

  net::Loop loop_;
  net::SystemClock clock_;
  net::SystemRandom random_;
  net::SocketDialer sockets_{loop_};
  tls::Worker tls_;
  tls::ClientDialer dialer_{sockets_, tls_, clock_};
  session::ServicePool services_;
  session::SnapshotReader snapshots_;
  session::FactsReader facts_;
  std::unique_ptr<audit::Sink> audit_;
  session::Context context_;
  session::SessionTable sessions_{context_};
  std::vector<std::unique_ptr<Listening>> listening_;
  // Where sessions look again: up to which slot, for which version of the configuration (0: for
  // facts alone), and which facts are the last that they have begun to look at.
  std::optional<std::size_t> looked_until_;
  std::uint64_t looking_again_for_ = 0;
  std::uint64_t facts_seen_ = 0;
  std::int64_t ticked_us_ = 0;  // The last time; 0: not yet.

  std::mutex mutex_;
  std::optional<Configuration> next_;  // Protected by mutex_.
  std::atomic<std::uint64_t> configured_{0};
  std::function<void()> on_configured_;
  std::atomic<std::uint64_t> ticks_{0};
  std::atomic<std::size_t> num_sessions_{0};
};

}  // namespace interlock::daemon
