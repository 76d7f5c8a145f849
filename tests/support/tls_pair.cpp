#include "support/tls_pair.h"

#include <array>
#include <stdexcept>

namespace interlock::test {

using port::Handshake;
using port::IoState;

TlsPlant::TlsPlant() {
  std::vector<pki::TrustProblem> problems;
  trust =
      pki::load_trust({.name = "plant", .ca_pem = ca.pem(), .no_revocation = true}, kNow, problems);
  if (trust == nullptr) throw std::runtime_error("the test plant's trust does not load");
}

policy::Listener TlsPlant::listener(bool allows_tls_1_2) const {
  return {.name = "telemetry",
          .trusts = {trust},
          .allows_tls_1_2 = allows_tls_1_2,
          .certificate = {.chain_pem = gateway.pem(), .key_pem = gateway.key.pem()}};
}

std::unique_ptr<tls::Server> TlsPlant::server(bool allows_tls_1_2) const {
  static const ManualClock clock;
  tls::TicketKeyring keyring(clock);
  return tls::Server::make(listener(allows_tls_1_2), keyring).value();
}

Issued TlsPlant::device(KeyType type) const { return issue(ca, {}, Key::make(type)); }

const TlsPlant& TlsPlant::shared() {
  static const TlsPlant plant;
  return plant;
}

bssl::UniquePtr<SSL_SESSION> session_from_elsewhere(const TlsPlant& plant,
                                                    const TlsClientOptions& client_options,
                                                    std::shared_ptr<tls::TicketKeys> keys,
                                                    bool asks) {
  const bssl::UniquePtr<SSL_CTX> ctx(SSL_CTX_new(TLS_with_buffers_method()));
  SSL_CTX_set_early_data_enabled(ctx.get(), 1);
  if (asks) {
    SSL_CTX_set_custom_verify(ctx.get(), SSL_VERIFY_PEER,
                              [](SSL*, std::uint8_t*) { return ssl_verify_ok; });
  }
  const std::uint8_t id[] = {1};
  SSL_CTX_set_session_id_context(ctx.get(), id, sizeof id);
  if (keys != nullptr) tls::seal_with(ctx.get(), std::move(keys));
  const Pipe pipe;
  const auto end = pipe.server();
  const bssl::UniquePtr<SSL> ssl(SSL_new(ctx.get()));
  set_chain(ssl.get(), {plant.gateway.der}, plant.gateway.key);
  BIO* bio = stream_bio(*end).release();
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_accept_state(ssl.get());
  TlsClient client(pipe.client(), client_options);
  for (int i = 0; i < 4; ++i) {
    client.move();
    SSL_do_handshake(ssl.get());
  }
  const bool sent = SSL_write(ssl.get(), "x", 1) == 1;  // The ticket of TLS 1.3 goes with it.
  client.move();
  if (!sent || client.sessions_offered() == 0)
    throw std::runtime_error("the other server gave no session");
  return bssl::UpRef(client.last_session());
}

TlsPair::TlsPair(const tls::Server& from, tls::Worker& worker, const TlsClientOptions& options)
    : server_end(nullptr), client(pipe.client(), options) {
  auto end = pipe.server();
  server_end = end.get();
  server = from.accept(worker, std::move(end));
}

void TlsPair::move_server() {
  if (state == Handshake::kWaitRead || state == Handshake::kWaitWrite) state = server->handshake();
  if (state == Handshake::kWaitVerdict) {
    ++times_asked;
    chain.clear();
    for (const Bytes each : server->peer_chain()) chain.emplace_back(each.begin(), each.end());
    server->set_verdict(verdict);
    state = server->handshake();
  }
  if (state == Handshake::kFailed) {
    server->finish();
    server->flush();
  } else if (state == Handshake::kDone) {
    while (read_server() == IoState::kProgress) {
    }
    server->flush();
  }
}

IoState TlsPair::read_server() {
  std::array<std::uint8_t, 4096> piece;
  const port::IoResult got = server->read(piece);
  received.append(as_text(std::span(piece).first(got.bytes)));
  return last_read = got.state;
}

void TlsPair::drive() {
  std::size_t before = 0;
  do {
    before = pipe.bytes_moved();
    client.move();
    move_server();
  } while (pipe.bytes_moved() != before);
}

bool TlsPair::establish() {
  drive();
  return state == Handshake::kDone && client.established();
}

}  // namespace interlock::test
