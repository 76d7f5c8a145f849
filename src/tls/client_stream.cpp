#include "tls/client_stream.h"

#include <algorithm>

#include "tls/alert.h"

namespace interlock::tls {
namespace {

// One record: what waits for a service that reads slowly is this much, and what came before.
constexpr std::size_t kWriteBytesMax = 16 * limits::kKiB;

// The commonest failures, as a site engineer would say them; null for all others.
const char* in_plain_words(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
      return "the service does not speak TLS on this port";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "the service speaks no TLS version that is allowed for it (min_tls)";
    case SSL_R_TLSV1_ALERT_CERTIFICATE_REQUIRED:
      return "the service wants a certificate, and the gateway shows it none";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "the service refuses the certificate that the gateway shows";
    case SSL_R_TLSV1_ALERT_UNRECOGNIZED_NAME:
      return "the service does not know the server_name";
    default:
      return nullptr;  // open set: the library's own codes.
  }
}

}  // namespace

ClientStream::ClientStream(WorkerBio& worker, const port::Clock& clock,
                           std::shared_ptr<Client> client, std::string endpoint,
                           std::unique_ptr<port::ByteStream> stream)
    : worker_(worker),
      clock_(clock),
      client_(std::move(client)),
      endpoint_(std::move(endpoint)),
      stream_(std::move(stream)),
      ssl_(SSL_new(client_->ctx())) {
  IL_ASSERT(ssl_ != nullptr);
  link_.stream = stream_.get();
  BIO_up_ref(worker_.bio());
  SSL_set_bio(ssl_.get(), worker_.bio(), worker_.bio());
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_connect_state(ssl_.get());
  SSL_set_shed_handshake_config(ssl_.get(), 1);
  const pki::ServerName& name = client_->tls().server_name;
  // An address is no name that could be sent (RFC 6066, section 3).
  IL_ASSERT(name.is_address || SSL_set_tlsext_host_name(ssl_.get(), name.text.c_str()) == 1);
  const WallTime now = clock_.wall();
  session_until_ = now + limits::kTlsSessionLifetimeMax;
  const Client::Session offered = client_->take(endpoint_, now);
  if (offered.session == nullptr) return;
  SSL_set_session(ssl_.get(), offered.session.get());
  offered_until_ = offered.until;
}

// The service learns that nothing was cut off.
ClientStream::~ClientStream() {
  if (established_ && !failed_) close_write();
}

// Called in each handshake, be it a resumption (SSL_CTX_set_reverify_on_resume).
ssl_verify_result_t ClientStream::on_verify(SSL* ssl, std::uint8_t* out_alert) {
  auto* self = static_cast<ClientStream*>(SSL_get_app_data(ssl));
  std::vector<Bytes> chain;
  const STACK_OF(CRYPTO_BUFFER)* certificates = SSL_get0_peer_certificates(ssl);
  for (std::size_t i = 0; certificates != nullptr && i < sk_CRYPTO_BUFFER_num(certificates); ++i) {
    const CRYPTO_BUFFER* each = sk_CRYPTO_BUFFER_value(certificates, i);
    chain.emplace_back(CRYPTO_BUFFER_data(each), CRYPTO_BUFFER_len(each));
  }
  pki::Verdict verdict = self->client_->judge(chain, self->clock_.wall());
  self->good_until_ = verdict.valid_until;
  if (verdict.reason == Reason::kNone) return ssl_verify_ok;
  self->failure_ = "the service's certificate is not accepted: " + std::move(verdict.detail);
  *out_alert = alert_for(verdict.reason);
  return ssl_verify_invalid;
}

// A session that comes out of a resumption ends with the one that was resumed. Those of TLS 1.2
// without the extended master secret prove too little (RFC 7627, section 5.4).
int ClientStream::on_session(SSL* ssl, SSL_SESSION* session) {
  auto* self = static_cast<ClientStream*>(SSL_get_app_data(ssl));
  if (SSL_get_extms_support(ssl) == 0) return 0;
  const bool again = SSL_session_reused(ssl) != 0;
  self->client_->keep(
      self->endpoint_,
      {bssl::UniquePtr<SSL_SESSION>(session),
       std::min(again ? self->offered_until_ : self->session_until_, self->good_until_)});
  return 1;  // It is ours now.
}

port::IoState ClientStream::handshake() {
  if (failed_) return port::IoState::kFailed;
  if (established_) return port::IoState::kProgress;
  const WorkerBio::Turn turn(worker_, link_);
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    established_ = true;
    return port::IoState::kProgress;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    return port::IoState::kBlocked;
  }
  return fail(error);
}

port::IoState ClientStream::fail(int ssl_error) {
  failed_ = true;
  if (!failure_.empty()) return port::IoState::kFailed;
  if (link_.failed) {
    failure_ = stream_->failure();
  } else if (link_.eof) {
    failure_ = established_ ? "the service cut TLS off without ending it, so its answer may be too"
                            : "the service closed the connection during the handshake";
  }
  if (!failure_.empty()) return port::IoState::kFailed;
  const std::uint32_t error = ERR_peek_last_error();
  const char* words = nullptr;
  if (ssl_error == SSL_ERROR_SSL && ERR_GET_LIB(error) == ERR_LIB_SSL) {
    words = in_plain_words(ERR_GET_REASON(error));
  }
  if (words == nullptr) words = ERR_reason_error_string(error);
  failure_ = words != nullptr ? words : "TLS failed";
  return port::IoState::kFailed;
}

port::IoResult ClientStream::read(std::span<std::uint8_t> into) {
  if (const port::IoState state = handshake(); state != port::IoState::kProgress) {
    return {state, 0};
  }
  if (into.empty()) return {port::IoState::kBlocked, 0};
  const WorkerBio::Turn turn(worker_, link_);
  const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
  if (got > 0) return {port::IoState::kProgress, static_cast<std::size_t>(got)};
  const int error = SSL_get_error(ssl_.get(), got);
  switch (error) {
    case SSL_ERROR_WANT_READ:
      return {port::IoState::kBlocked, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {port::IoState::kEof, 0};
    default:
      return {fail(error), 0};  // open set: cut off without close_notify too.
  }
}

port::IoResult ClientStream::write(std::span<const std::uint8_t> from) {
  if (const port::IoState state = handshake(); state != port::IoState::kProgress) {
    return {state, 0};
  }
  if (closed_) return {port::IoState::kFailed, 0};
  if (const port::IoState sent = flush().state; sent != port::IoState::kProgress) return {sent, 0};
  const auto piece = from.first(std::min(from.size(), kWriteBytesMax));
  if (piece.empty()) return {port::IoState::kProgress, 0};
  const WorkerBio::Turn turn(worker_, link_);
  const int sent = SSL_write(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
  if (sent <= 0) return {fail(SSL_get_error(ssl_.get(), sent)), 0};
  return {port::IoState::kProgress, static_cast<std::size_t>(sent)};
}

port::IoResult ClientStream::flush() {
  const port::IoResult sent = link_.flush();
  if (sent.state == port::IoState::kFailed) {
    failure_ = stream_->failure();
    failed_ = true;
  }
  return sent;
}

void ClientStream::close_write() {
  if (closed_) return;
  closed_ = true;
  const WorkerBio::Turn turn(worker_, link_);
  SSL_shutdown(ssl_.get());
}

void ClientStream::shutdown_write() {
  if (established_ && !failed_) close_write();
  if (link_.unsent.empty()) stream_->shutdown_write();
}

// While the handshake goes on it decides what is waited for: its own bytes, not the caller's. After
// it the caller's wish to write is passed on even where nothing is left over, since the handshake
// may have ended inside a read.
void ClientStream::want(bool read, bool write) {
  if (established_) {
    stream_->want(read, write || !link_.unsent.empty());
  } else {
    stream_->want(true, !link_.unsent.empty());
  }
}

bool ClientStream::lasts() const { return !established_ || clock_.wall() <= good_until_; }

}  // namespace interlock::tls
