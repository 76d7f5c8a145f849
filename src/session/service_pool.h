// Keep-alive connections to services. A connection is borrowed for one exchange and given back
// clean, or closed: never after an incomplete exchange.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/limits.h"
#include "model/endpoint.h"
#include "port/clock.h"
#include "port/dialer.h"
#include "session/byte_queue.h"

namespace interlock::session {

// ServiceConnection is one connection to a service and what it has sent that is not decoded yet.
struct ServiceConnection {
  std::unique_ptr<port::ByteStream> stream;  // Null: not connected.
  Endpoint endpoint;
  ByteQueue in{limits::kServiceInBytesMax};
  bool reused = false;  // It served an exchange before: a failure may only mean that it was closed.

  // is_quiet looks, before a request is sent, whether the service has sent or closed something that
  // belongs to none; it must not be used then. `stream` must be there.
  bool is_quiet();
};

// ServicePool belongs to one data thread.
class ServicePool {
 public:
  ServicePool(port::Dialer& dialer, const port::Clock& clock) : dialer_(dialer), clock_(clock) {}

  // borrow hands out an idle connection to `service`, or begins a new one. With `fresh` it never
  // reuses one. The stream is null where no socket could be had.
  ServiceConnection borrow(const policy::Service& service, bool fresh = false);

  // give_back keeps a connection for the next exchange, unless the pool is full or the service has
  // already sent or closed something: an answer nobody asked for is never given to the next client.
  void give_back(ServiceConnection connection);

  // expire closes connections that were idle for too long.
  void expire();

  [[nodiscard]] std::size_t num_idle(const Endpoint& endpoint) const;

 private:
  // Idle connections are watched: any readiness means closed, or an answer nobody asked for.
  struct Idle final : port::StreamObserver {
    void on_stream_ready() override {
      stale = true;
      connection.stream->want(false, false);
    }
    ServiceConnection connection;
    Instant since;
    bool stale = false;
  };

  port::Dialer& dialer_;
  const port::Clock& clock_;
  std::unordered_map<std::string, std::list<Idle>> idle_;  // By endpoint; most recently used first.
};

}  // namespace interlock::session
