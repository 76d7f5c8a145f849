// What the service manager is told (systemd's sd_notify protocol): one datagram of "NAME=value"
// lines to the socket that NOTIFY_SOCKET names.
//
// The protocol is documented as stable, and it is spoken here because libsystemd would bring
// libgcrypt, liblzma, libzstd and liblz4 into a process that faces hostile networks, for the sake
// of one sendmsg.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/time.h"

namespace interlock::net {

class NotifySocket {
 public:
  // from_environment takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Without a service manager
  // everything that is said goes nowhere.
  static NotifySocket from_environment();

  // `path` begins with "/", or with "@" for an abstract socket; anything else is nobody.
  explicit NotifySocket(std::string_view path, std::optional<Millis> watchdog = {});

  // send tells `state`, such as "READY=1\nSTATUS=...". What cannot be sent is dropped: the service
  // manager then does as if nothing had been said.
  void send(std::string_view state) const;

  // watchdog is how often WATCHDOG=1 must come at least; nothing where nobody waits for it.
  [[nodiscard]] std::optional<Millis> watchdog() const { return watchdog_; }

 private:
  std::string path_;  // As in sockaddr_un: an abstract one begins with NUL.
  Fd fd_;
  std::optional<Millis> watchdog_;
};

}  // namespace interlock::net
