// One data thread: its loop, its sessions, its pools, its audit buffer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/writer.h"
#include "net/loop.h"
#include "net/socket.h"
#include "session/session_table.h"
#include "tls/server.h"

namespace interlock::daemon {

// Server sides of the listeners, shared by all workers.
struct Listening {
  std::string name;
  Endpoint address;
  std::unique_ptr<const tls::Server> server;
};

// Worker is made and given its listeners by the control thread; then run() belongs to a thread of
// its own, and only stop() and on_snapshot_changed() may be called from others.
class Worker {
 public:
  Worker(session::SnapshotSlot& slot, session::RateTable& rates, audit::Writer& audit);

  // listen binds one listener; with `shared`, other workers bind the same address.
  Status listen(const Listening& listening, bool shared);

  void run();
  void stop() { loop_.stop(); }
  void on_snapshot_changed() { loop_.notify(); }

 private:
  net::Loop loop_;
  net::SystemClock clock_;
  net::SystemRandom random_;
  net::SocketDialer dialer_{loop_};
  session::ServicePool services_{dialer_, clock_};
  session::SnapshotReader snapshots_;
  std::unique_ptr<audit::Sink> audit_;
  session::Context context_;
  tls::Worker tls_;
  session::SessionTable sessions_{context_};
  std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
};

}  // namespace interlock::daemon
