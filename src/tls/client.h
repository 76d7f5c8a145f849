// The gateway's side of TLS towards services: who they must be, and the streams to them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "policy/snapshot.h"
#include "port/clock.h"
#include "port/dialer.h"
#include "tls/server.h"

namespace interlock::tls {

// check_client finds out whether TLS can be spoken as `tls` says; the error's text is for people.
Status check_client(const policy::ServiceTls& tls);

class Client;

// ClientDialer dials as another dialer does, and speaks TLS on the connections of the services that
// want it. It belongs to one data thread, and its streams may outlive it.
//
// A stream moves nothing before its handshake is done and the service has been judged: a path to an
// authority of its trust, serverAuth, not revoked, lists fresh, and the one name it must have; on
// resumption again. TLS 1.3, and 1.2 where the service says so; ALPN http/1.1; no renegotiation, no
// 0-RTT. A service that ends its stream without close_notify has failed: its answer may be cut off.
class ClientDialer final : public port::Dialer {
 public:
  // All of these outlive the dialer and its streams. `worker` is that of the calling thread.
  ClientDialer(port::Dialer& beneath, Worker& worker, const port::Clock& clock)
      : beneath_(beneath), worker_(worker), clock_(clock) {}
  ~ClientDialer() override;

  Result<std::unique_ptr<port::ByteStream>> dial(const policy::Service& service,
                                                 const Endpoint& endpoint) override;

  // retain forgets the sessions of services that `snapshot` does not have, or has otherwise.
  void retain(const policy::Snapshot& snapshot);

 private:
  port::Dialer& beneath_;
  Worker& worker_;
  const port::Clock& clock_;
  std::map<pki::Sha256, std::shared_ptr<Client>> clients_;  // By policy::ServiceTls::digest.
};

}  // namespace interlock::tls
