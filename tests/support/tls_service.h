// Services that speak TLS, at the other end of a pipe in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/pipe_stream.h"
#include "support/tls_pair.h"
#include "tls/client.h"

namespace interlock::test {

// TlsService is dialed in place of a network: each connection goes to the same service, whose
// certificate a test may change between them.
class TlsService final : public port::Dialer {
 public:
  // Connection is the service's end of one. Moved by the test.
  struct Connection {
    Pipe pipe;
    PipeStream* gateway_end = nullptr;  // Owned by the gateway's stream.
    std::unique_ptr<PipeStream> end;
    bssl::UniquePtr<SSL> ssl;
    std::string received;  // What the gateway has sent.
    int alert = -1;        // The fatal alert that came.
    bool failed = false;

    // move goes on with the handshake, then reads what has come.
    void move();
    void send(std::string_view text);
  };

  explicit TlsService(Issued leaf) : leaf_(std::move(leaf)) {}

  Result<std::unique_ptr<port::ByteStream>> dial(const policy::Service&, const Endpoint&) override;

  // last is the newest connection; those before it are gone.
  Connection& last() { return *last_; }

  void show(Issued leaf) { leaf_ = std::move(leaf); }
  void renew_keys() { ctx_.reset(SSL_CTX_new(TLS_with_buffers_method())); }

  std::uint16_t version = TLS1_3_VERSION;  // The only one it speaks.
  bool asks = false;                       // It wants a certificate of the gateway.
  std::string protocol;                    // What it chooses by ALPN; empty: nothing.

 private:
  static int on_protocols(SSL*, const std::uint8_t** out, std::uint8_t* out_len,
                          const std::uint8_t* in, unsigned in_len, void* self);

  Issued leaf_;
  bssl::UniquePtr<SSL_CTX> ctx_{SSL_CTX_new(TLS_with_buffers_method())};
  std::unique_ptr<Connection> last_;
};

// TlsServiceCase is a plant with one such service, and a gateway's thread that dials it.
struct TlsServiceCase {
  Issued ca = self_signed(ca_spec("services ca"));
  ManualClock clock;
  tls::Worker worker;
  TlsService service{leaf()};
  tls::ClientDialer dialer{service, worker, clock};
  policy::Service as = named("mes.plant.example");

  std::unique_ptr<port::ByteStream> stream;
  port::IoState last_read = port::IoState::kBlocked;
  std::string received;  // What the service has sent.

  // leaf issues a certificate: a good one for the service, unless `spec` says otherwise.
  Issued leaf(CertSpec spec = {.common_name = "mes", .dns = {"mes.plant.example"}}) const;
  // named is the service as the gateway is told of it.
  policy::Service named(std::string_view name) const;
  // with_list gives its trust a revocation list.
  void with_list(const CrlSpec& list);

  // connect dials and moves both ends until neither can go on; true where "ping" was
  // answered.
  bool connect();
  void drive();
  bool resumed() { return SSL_session_reused(service.last().ssl.get()) != 0; }
};

}  // namespace interlock::test
