#include "support/tls_service.h"

#include <stdexcept>
#include <utility>

namespace interlock::test {
namespace {

constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";

void on_info(const SSL* ssl, int type, int value) {
  auto* self = static_cast<TlsService::Connection*>(SSL_get_app_data(ssl));
  const bool fatal = value >> 8 == SSL3_AL_FATAL;
  if (type == SSL_CB_READ_ALERT && fatal) self->alert = value & 0xff;
}

}  // namespace

void TlsService::Connection::move() {
  if (failed) return;
  int result = SSL_do_handshake(ssl.get());
  while (result > 0) {
    char piece[4096];
    result = SSL_read(ssl.get(), piece, sizeof piece);
    if (result > 0) received.append(piece, static_cast<std::size_t>(result));
  }
  failed = SSL_get_error(ssl.get(), result) == SSL_ERROR_SSL;
}

void TlsService::Connection::send(std::string_view text) {
  if (SSL_write(ssl.get(), text.data(), static_cast<int>(text.size())) <= 0)
    throw std::runtime_error("the service could not write");
}

int TlsService::on_protocols(SSL*, const std::uint8_t** out, std::uint8_t* out_len,
                             const std::uint8_t*, unsigned, void* self) {
  const std::string& chosen = static_cast<TlsService*>(self)->protocol;
  if (chosen.empty()) return SSL_TLSEXT_ERR_NOACK;
  *out = as_bytes(chosen).data();
  *out_len = static_cast<std::uint8_t>(chosen.size());
  return SSL_TLSEXT_ERR_OK;
}

Result<std::unique_ptr<port::ByteStream>> TlsService::dial(const policy::Service&,
                                                           const Endpoint&) {
  last_ = std::make_unique<Connection>();
  SSL_CTX_set_alpn_select_cb(ctx_.get(), on_protocols, this);
  if (asks) {
    const std::uint8_t id[] = {1};
    SSL_CTX_set_session_id_context(ctx_.get(), id, sizeof id);
    SSL_CTX_set_custom_verify(ctx_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                              [](SSL*, std::uint8_t*) { return ssl_verify_ok; });
  }
  last_->ssl.reset(SSL_new(ctx_.get()));
  SSL* ssl = last_->ssl.get();
  SSL_set_min_proto_version(ssl, version);
  SSL_set_max_proto_version(ssl, version);
  SSL_set_app_data(ssl, last_.get());
  SSL_set_info_callback(ssl, on_info);
  set_chain(ssl, {leaf_.der}, leaf_.key);
  last_->end = last_->pipe.server();
  BIO* bio = stream_bio(*last_->end).release();
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
  auto end = last_->pipe.client();
  last_->gateway_end = end.get();
  return std::unique_ptr<port::ByteStream>(std::move(end));
}

Issued TlsServiceCase::leaf(CertSpec spec) const {
  if (spec.extended_key_usage == CertSpec().extended_key_usage) {
    spec.extended_key_usage = {kServerAuth};
  }
  return issue(ca, spec);
}

policy::Service TlsServiceCase::named(std::string_view name) const {
  std::vector<pki::TrustProblem> problems;
  auto tls = std::make_shared<policy::ServiceTls>();
  tls->trust = pki::load_trust(
      {.name = "services", .ca_pem = ca.pem(), .for_services = true, .no_revocation = true}, kNow,
      problems);
  tls->server_name = pki::parse_server_name(name).value();
  tls->digest = pki::sha256(as_bytes(name));
  return {.name = "mes", .endpoints = {{"10.0.0.1", 8443}}, .key = "mes", .tls = std::move(tls)};
}

void TlsServiceCase::with_list(const CrlSpec& list) {
  std::vector<pki::TrustProblem> problems;
  auto tls = std::make_shared<policy::ServiceTls>(*as.tls);
  tls->trust = pki::load_trust({.name = "services",
                                .ca_pem = ca.pem(),
                                .for_services = true,
                                .crls = {{"services.crl", text_of(make_crl(ca, list)), {}}}},
                               kNow, problems);
  if (tls->trust == nullptr) throw std::runtime_error(problems.front().message);
  tls->digest = tls->trust->crls().front().sha256;
  as.tls = std::move(tls);
}

void TlsServiceCase::drive() {
  std::size_t before = 0;
  do {
    before = service.last().pipe.bytes_moved();
    service.last().move();
    port::IoResult got;
    do {
      std::uint8_t piece[4096];
      got = stream->read(piece);
      received.append(as_text(std::span(piece).first(got.bytes)));
    } while (got.state == port::IoState::kProgress);
    last_read = got.state;
  } while (service.last().pipe.bytes_moved() != before);
}

bool TlsServiceCase::connect() {
  stream.reset();
  received.clear();
  stream = dialer.dial(as, as.endpoints.front()).value();
  drive();
  if (stream->write(as_bytes("ping")).state != port::IoState::kProgress) return false;
  drive();
  if (service.last().received != "ping") return false;
  service.last().send("pong");  // The tickets of TLS 1.3 go with it.
  drive();
  return last_read == port::IoState::kBlocked && std::exchange(received, {}) == "pong";
}

}  // namespace interlock::test
