// From files to everything that a configuration needs in order to be put in force: at start, and
// for each reload in the loader thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/admin.h"
#include "daemon/worker.h"
#include "policy/load.h"
#include "port/clock.h"
#include "port/files.h"
#include "tls/ticket_keys.h"

namespace interlock::daemon {

// ReadyListener is a listener whose server is made and whose address is bound. `sockets` has one
// for each worker, and none where the workers listen on the address already.
struct ReadyListener {
  std::string name;
  Endpoint address;
  std::shared_ptr<const tls::Server> server;
  std::vector<Fd> sockets;
};

// Prepared can be put in force where `snapshot` is set. `problems` are all that was found, and have
// an error where it is not, unless `unchanged`: the files are those that run already.
struct Prepared {
  std::shared_ptr<const policy::Snapshot> snapshot;
  std::vector<policy::Problem> problems;
  std::vector<ReadyListener> listeners;
  Fd metrics{};  // Bound for the metrics, where nobody is yet.
  bool unchanged = false;
};

// Preparation is what preparing stands on. All of it outlives the calls, and may be used by the
// loader thread while other threads run.
struct Preparation {
  std::string config_file;
  port::Files& files;
  const port::Clock& clock;
  tls::TicketKeyring& keyring;
  std::size_t num_workers = 1;
  std::size_t num_descriptors = 0;  // That the process may have.
};

// prepare loads the configuration, makes the servers of its listeners, and binds the addresses that
// `running` does not have. `running` is null at start.
Prepared prepare(const Preparation& with, const policy::Snapshot* running);

}  // namespace interlock::daemon
