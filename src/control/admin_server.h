// The gateway's side of the admin socket: who may ask, one request per connection, its answer. It
// stands on the ByteStream port and knows nothing of what the answers are made of.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/admin.h"
#include "port/byte_stream.h"
#include "port/clock.h"
#include "port/wakeup.h"

namespace interlock::control {

// AdminPeer is who connected, by the kernel's word.
struct AdminPeer {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int32_t pid = 0;
  std::vector<std::uint32_t> groups;  // The others it belongs to.
};

// to_string returns "uid 0 (pid 4711)".
std::string to_string(const AdminPeer& peer);

// AdminAccess says who may ask. The mode of the socket's file says the same to the kernel; this
// holds even where somebody has changed it.
struct AdminAccess {
  std::uint32_t own_uid = 0;
  std::uint32_t group = 0;  // Of the socket's file.

  [[nodiscard]] bool allows(const AdminPeer& peer) const;
};

// AdminTicket names a request until it is answered. None is used twice.
using AdminTicket = std::uint64_t;

// AdminBackend carries requests out.
class AdminBackend {
 public:
  virtual ~AdminBackend() = default;

  // ask begins to carry out a request of a peer who may ask. The answer is given to
  // AdminServer::answer, now or later.
  virtual void ask(const AdminRequest& request, const AdminPeer& peer, AdminTicket ticket) = 0;
};

// AdminServer belongs to one thread. At most limits::kAdminConnectionsMax connections are open;
// one whose request is not there, or whose answer is not taken, within limits::kAdminTimeout is
// closed.
class AdminServer {
 public:
  AdminServer(const port::Clock& clock, port::Wakeup& wakeup, AdminAccess access,
              AdminBackend& backend);
  ~AdminServer();

  // open takes a new connection.
  void open(std::unique_ptr<port::ByteStream> stream, const AdminPeer& peer);

  // answer sends the answer and ends the connection; nothing happens where it has gone meanwhile.
  void answer(AdminTicket ticket, const AdminResponse& response);

  // on_tick closes what takes too long. Call it about once a second.
  void on_tick();

  // on_wakeup frees connections that have ended. The loop calls it from a fresh stack.
  void on_wakeup();

  [[nodiscard]] std::size_t size() const { return connections_.size(); }

 private:
  class Connection;
  void retire(AdminTicket ticket);

  const port::Clock& clock_;
  port::Wakeup& wakeup_;
  const AdminAccess access_;
  AdminBackend& backend_;
  AdminTicket last_ticket_ = 0;
  std::map<AdminTicket, std::unique_ptr<Connection>> connections_;
  std::vector<AdminTicket> retired_;
};

}  // namespace interlock::control
