// The gateway's side of TLS for one listener: its certificate, its rules, and the streams it makes.
#pragma once

#include <memory>

#include "base/result.h"
#include "policy/snapshot.h"
#include "port/secure_stream.h"
#include "tls/ticket_keys.h"

namespace interlock::tls {

// Worker is what the TLS sessions of one data thread share. It outlives them.
class Worker {
 public:
  Worker();
  ~Worker();
  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Server holds what is constant about a listener. Immutable after make(); any thread may use it.
//
// TLS 1.3, and 1.2 where the listener says so; a client certificate is required; keys from RSA-PSS,
// RSA PKCS#1 (1.2), P-256, P-384 and Ed25519; X25519 first; no renegotiation, no 0-RTT. A client is
// given one ticket, which resumes at every listener of the same trusts until
// limits::kTlsSessionLifetimeMax after its full handshake, however often it was renewed. Who the
// client is, is not judged here: the stream asks for a verdict. Nor are its other keys in TLS 1.2,
// whose signature algorithms name no curve: there P-521 comes as far as the verdict.
class Server {
 public:
  // make reads the certificate chain and key of `listener`; the error's text is for people. The
  // keys of its tickets are those that `keyring` has for its trusts.
  static Result<std::unique_ptr<Server>> make(const policy::Listener& listener,
                                              TicketKeyring& keyring);
  ~Server();

  // accept begins a server session over `stream`. `worker` is that of the calling thread. The
  // session may outlive the server.
  std::unique_ptr<port::SecureStream> accept(Worker& worker,
                                             std::unique_ptr<port::ByteStream> stream) const;

  struct Impl;
  explicit Server(std::shared_ptr<const Impl> impl);
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;  // Shared with its sessions.
};

}  // namespace interlock::tls
