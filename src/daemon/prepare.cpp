#include "daemon/prepare.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <malloc.h>

#include "base/text.h"
#include "control/configuration.h"
#include "control/reload.h"

namespace interlock::daemon {
namespace {

const policy::Listener* listener_at(const policy::Snapshot* running, const Endpoint& address) {
  if (running == nullptr) return nullptr;
  for (const policy::Listener& each : running->listeners) {
    if (each.address == address) return &each;
  }
  return nullptr;
}

// What to do about an address that cannot be bound.
std::string hint_for(const Endpoint& address, const policy::Snapshot* running, int sys) {
  if (sys == EADDRNOTAVAIL) return "write an address of this machine (ip address shows them)";
  if (sys == EACCES) return "choose a port from 1024 on, or give the gateway CAP_NET_BIND_SERVICE";
  if (sys != EADDRINUSE) return "choose another address";
  if (running != nullptr) {
    if (running->admin_metrics == address) {
      return "the running gateway serves its metrics there: choose another port";
    }
    for (const policy::Listener& other : running->listeners) {
      if (other.address.port != address.port) continue;
      return fmt::format(
          "the running gateway's listener \"{}\" holds it as {}: choose another "
          "port, or restart to apply",
          other.name, other.address.to_string());
    }
  }
  return "stop the program that listens there (ss -ltnp shows it), or choose another address";
}

// Binds the address for each worker, if nobody of them has it yet.
bool bind(const Preparation& with, const policy::Snapshot* running,
          const policy::Listener& listener, ReadyListener& ready,
          std::vector<policy::Problem>& problems) {
  if (listener_at(running, listener.address) != nullptr) return true;
  for (std::size_t i = 0; i < with.num_workers; ++i) {
    auto socket = net::listen_on(listener.address, with.num_workers > 1);
    if (!socket) {
      const Error& error = socket.error();
      problems.push_back({listener.at,
                          fmt::format("listener \"{}\" cannot listen on {}: {}", listener.name,
                                      listener.address.to_string(), errno_text(error.sys)),
                          hint_for(listener.address, running, error.sys), false});
      return false;
    }
    ready.sockets.push_back(std::move(*socket));
  }
  return true;
}

// Binds the address of the metrics, unless it is bound already.
void bind_metrics(const policy::Snapshot& next, const policy::Snapshot* running,
                  Prepared& prepared) {
  if (!next.admin_metrics) return;
  if (running != nullptr && running->admin_metrics == next.admin_metrics) return;
  auto socket = net::listen_on(*next.admin_metrics, /*shared=*/false);
  if (socket) {
    prepared.metrics = std::move(*socket);
    return;
  }
  const int sys = socket.error().sys;
  prepared.problems.push_back({next.places.admin_metrics,
                               fmt::format("metrics cannot be served on {}: {}",
                                           next.admin_metrics->to_string(), errno_text(sys)),
                               hint_for(*next.admin_metrics, running, sys), false});
}

// Connections are never more than there are descriptors for; a wish for more is not granted in
// silence.
void check_descriptors(const Preparation& with, const policy::Snapshot& next,
                       std::vector<policy::Problem>& problems) {
  const std::size_t most = session::connections_for(with.num_descriptors);
  if (next.places.connections.file.empty() || next.limits.connections <= most) return;
  problems.push_back({next.places.connections,
                      fmt::format("the {} file descriptors of the process are enough for {} "
                                  "connections, and no more are accepted",
                                  with.num_descriptors, most),
                      "raise LimitNOFILE of the service, or ask for fewer", true});
}

}  // namespace

Prepared prepare(const Preparation& with, const policy::Snapshot* running) {
  policy::Loaded loaded =
      control::load_configuration(with.files, with.config_file, with.clock.wall());
  // Reading a large inventory takes several times the memory that is kept of it.
  malloc_trim(0);
  Prepared prepared{.snapshot = nullptr, .problems = std::move(loaded.problems), .listeners = {}};
  if (loaded.snapshot == nullptr) return prepared;
  if (running != nullptr) {
    if (control::same_files(*running, *loaded.snapshot)) {
      prepared.unchanged = true;
      return prepared;
    }
    control::refuse_fixed(*running, *loaded.snapshot, prepared.problems);
  }
  check_descriptors(with, *loaded.snapshot, prepared.problems);
  for (const policy::Listener& listener : loaded.snapshot->listeners) {
    ReadyListener ready{
        .name = listener.name, .address = listener.address, .server = {}, .sockets = {}};
    auto server = tls::Server::make(listener, with.keyring);
    if (!server) {
      prepared.problems.push_back(
          {listener.at, fmt::format("listener \"{}\": {}", listener.name, server.error().what), "",
           false});
      continue;
    }
    ready.server = std::move(*server);
    if (!bind(with, running, listener, ready, prepared.problems)) continue;
    prepared.listeners.push_back(std::move(ready));
  }
  bind_metrics(*loaded.snapshot, running, prepared);
  for (const auto& service : loaded.snapshot->services) {
    if (service->tls == nullptr) continue;
    if (const Status good = tls::check_client(*service->tls); !good) {
      prepared.problems.push_back(
          {service->tls->at, fmt::format("service \"{}\": {}", service->name, good.error().what),
           "", false});
    }
  }
  if (policy::has_errors(prepared.problems)) {
    prepared.listeners.clear();
    prepared.metrics = Fd();
  } else {
    prepared.snapshot = std::move(loaded.snapshot);
  }
  return prepared;
}

}  // namespace interlock::daemon
