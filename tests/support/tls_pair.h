// A client and the gateway's side of TLS, joined by a pipe in memory.
#pragma once

#include "policy/snapshot.h"
#include "support/pipe_stream.h"
#include "support/test_pki.h"
#include "support/tls_client.h"
#include "tls/server.h"

namespace interlock::test {

// What the gateway speaks.
constexpr std::uint16_t kTlsVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

// ManualClock stands still until a test moves it.
class ManualClock final : public port::Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override { return kNow + (now_ - Instant{}); }
  void pass(Millis by) { now_ = now_ + by; }

 private:
  Instant now_;
};

// TlsPlant is one authority, the gateway's certificate, and the listener made of them.
struct TlsPlant {
  Issued ca = self_signed(ca_spec("plant ca"));
  Issued gateway = issue(ca, {.common_name = "gateway"});
  std::shared_ptr<const pki::Trust> trust;

  TlsPlant();
  policy::Listener listener(bool allows_tls_1_2 = true) const;
  // server makes one with ticket keys of its own.
  std::unique_ptr<tls::Server> server(bool allows_tls_1_2 = true) const;
  // device issues a client's certificate.
  Issued device(KeyType type = KeyType::kP256) const;

  // shared is one plant for all tests that do not alter it.
  static const TlsPlant& shared();
};

// session_from_elsewhere gets a session, good for 0-RTT, from an ordinary server, so that a client
// can offer it to the gateway. Its tickets are sealed with `keys` where there are any. With `asks`
// it wants a client certificate.
bssl::UniquePtr<SSL_SESSION> session_from_elsewhere(const TlsPlant& plant,
                                                    const TlsClientOptions& client,
                                                    std::shared_ptr<tls::TicketKeys> keys = nullptr,
                                                    bool asks = true);

// TlsPair moves both ends in the way a session does, and keeps what came out.
class TlsPair {
 public:
  TlsPair(const tls::Server& server, tls::Worker& worker, const TlsClientOptions& options);

  // drive moves both ends in turn until neither can go on.
  void drive();
  void move_server();
  // read_server reads what the server has, once; the text is appended to `received`.
  port::IoState read_server();
  // establish drives the handshake to its end; false where it has another.
  bool establish();

  Pipe pipe;
  PipeStream* server_end;  // Of the pipe; owned by `server`.
  std::unique_ptr<port::SecureStream> server;
  TlsClient client;

  Reason verdict = Reason::kNone;  // What the server is told when it asks.
  int times_asked = 0;
  std::vector<Der> chain;  // What it had when it asked.
  port::Handshake state = port::Handshake::kWaitRead;
  port::IoState last_read = port::IoState::kBlocked;
  std::string received;  // Plaintext the server has got.
};

}  // namespace interlock::test
