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
std::string hint_for(const policy::Listener& listener, const policy::Snapshot* running, int sys) {
  if (sys == EADDRNOTAVAIL) return "write an address of this machine (ip address shows them)";
  if (sys == EACCES) return "choose a port from 1024 on, or give the gateway CAP_NET_BIND_SERVICE";
  if (sys != EADDRINUSE) return "choose another address";
  if (running != nullptr) {
    for (const policy::Listener& other : running->listeners) {
      if (other.address.port != listener.address.port) continue;
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
                          hint_for(listener, running, error.sys), false});
      return false;
    }
    ready.sockets.push_back(std::move(*socket));
  }
  return true;
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
  if (policy::has_errors(prepared.problems)) {
    prepared.listeners.clear();
  } else {
    prepared.snapshot = std::move(loaded.snapshot);
  }
  return prepared;
}

}  // namespace interlock::daemon
