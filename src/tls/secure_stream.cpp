#include "tls/secure_stream.h"

#include <openssl/err.h>

#include "base/result.h"
#include "tls/alert.h"

namespace interlock::tls {
namespace {

// The commonest failures, as a site engineer would say them; null for all others.
const char* in_plain_words(int reason) {
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the client offered no certificate";
    // Clients that refuse the gateway's certificate say so in a way that cannot be decrypted.
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return "the client broke off, most often because it does not trust the gateway's certificate";
    case SSL_R_HTTP_REQUEST:
      return "the client spoke plain HTTP";
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return "the client speaks no TLS version that this listener allows";
    default:
      return nullptr;  // open set: the library's own codes.
  }
}

}  // namespace

ServerStream::ServerStream(WorkerBio& worker, std::shared_ptr<const void> server,
                           bssl::UniquePtr<SSL> ssl, std::unique_ptr<port::ByteStream> stream)
    : worker_(worker),
      stream_(std::move(stream)),
      server_(std::move(server)),
      ssl_(std::move(ssl)) {
  link_.stream = stream_.get();
  BIO_up_ref(worker_.bio());
  SSL_set_bio(ssl_.get(), worker_.bio(), worker_.bio());
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_accept_state(ssl_.get());
  SSL_set_shed_handshake_config(ssl_.get(), 1);
}

ssl_verify_result_t ServerStream::on_verify(SSL* ssl, std::uint8_t* out_alert) {
  auto* self = static_cast<ServerStream*>(SSL_get_app_data(ssl));
  if (self->verdict_ != Verdict::kGiven) {
    self->verdict_ = Verdict::kAsked;
    return ssl_verify_retry;
  }
  if (self->refused_for_ == Reason::kNone) {
    // The library would renew a session of TLS 1.3 for a week. What is renewed keeps this end.
    SSL_SESSION_set_timeout(SSL_get_session(ssl), kSessionSeconds);
    return ssl_verify_ok;
  }
  *out_alert = alert_for(self->refused_for_);
  return ssl_verify_invalid;
}

port::Handshake ServerStream::handshake() {
  if (established_) return port::Handshake::kDone;
  if (failure_ != Reason::kNone) return port::Handshake::kFailed;
  if (!resumed_) {
    const port::Handshake moved = do_handshake();
    if (!resumed_) return moved;
  }
  return judge_resumed();
}

port::Handshake ServerStream::do_handshake() {
  const WorkerBio::Turn turn(worker_, link_);
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    resumed_ = SSL_session_reused(ssl_.get()) != 0;
    if (resumed_) return port::Handshake::kWaitVerdict;
    // Without a verdict there was no certificate to give one on: never a session.
    IL_ASSERT(verdict_ == Verdict::kGiven && refused_for_ == Reason::kNone);
    established_ = true;
    return port::Handshake::kDone;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  switch (error) {
    case SSL_ERROR_WANT_READ:
      return port::Handshake::kWaitRead;
    case SSL_ERROR_WANT_WRITE:
      return port::Handshake::kWaitWrite;
    case SSL_ERROR_WANT_CERTIFICATE_VERIFY:
      return port::Handshake::kWaitVerdict;
    default:
      note_failure(error);
      return port::Handshake::kFailed;  // open set: the library's own codes.
  }
}

// A ticket proves possession of the key as of its full handshake, and nothing about today: who
// resumes is judged like anybody else before the first byte is read. In TLS 1.3 the next ticket
// goes out with whatever is written first, be it the alert; it buys nothing but another judgement.
port::Handshake ServerStream::judge_resumed() {
  if (verdict_ != Verdict::kGiven) {
    if (!peer_chain().empty()) return port::Handshake::kWaitVerdict;
    set_verdict(Reason::no_client_certificate);
    failure_detail_ = "the resumed session has no client certificate";
  }
  if (refused_for_ == Reason::kNone) {
    established_ = true;
    return port::Handshake::kDone;
  }
  failure_ = refused_for_;
  send_alert(refused_for_);
  return port::Handshake::kFailed;
}

void ServerStream::send_alert(Reason reason) {
  const WorkerBio::Turn turn(worker_, link_);
  SSL_send_fatal_alert(ssl_.get(), alert_for(reason));
  closing_ = true;
}

void ServerStream::note_failure(int ssl_error) {
  closing_ = true;
  failure_ = refused_for_ != Reason::kNone ? refused_for_ : Reason::tls_failed;
  if (link_.eof || link_.failed) {
    failure_detail_ = "the client closed the connection during the handshake";
    return;
  }
  const std::uint32_t error = ERR_peek_last_error();
  if (ssl_error == SSL_ERROR_SSL && ERR_GET_LIB(error) == ERR_LIB_SSL) {
    if (ERR_GET_REASON(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
      failure_ = Reason::no_client_certificate;
    }
    failure_detail_ = in_plain_words(ERR_GET_REASON(error));
    if (failure_detail_ != nullptr) return;
  }
  const char* text = ERR_reason_error_string(error);
  failure_detail_ = text != nullptr ? text : "the TLS library gave up";
}

std::vector<Bytes> ServerStream::peer_chain() const {
  std::vector<Bytes> chain;
  const STACK_OF(CRYPTO_BUFFER)* certificates = SSL_get0_peer_certificates(ssl_.get());
  if (certificates == nullptr) return chain;
  for (std::size_t i = 0; i < sk_CRYPTO_BUFFER_num(certificates); ++i) {
    const CRYPTO_BUFFER* each = sk_CRYPTO_BUFFER_value(certificates, i);
    chain.emplace_back(CRYPTO_BUFFER_data(each), CRYPTO_BUFFER_len(each));
  }
  return chain;
}

void ServerStream::set_verdict(Reason verdict) {
  verdict_ = Verdict::kGiven;
  refused_for_ = verdict;
}

port::IoResult ServerStream::read(std::span<std::uint8_t> into) {
  if (!established_ || closing_ || into.empty()) return {port::IoState::kBlocked, 0};
  const WorkerBio::Turn turn(worker_, link_);
  const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
  if (got > 0) return {port::IoState::kProgress, static_cast<std::size_t>(got)};
  switch (SSL_get_error(ssl_.get(), got)) {
    case SSL_ERROR_WANT_READ:
      return {port::IoState::kBlocked, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {port::IoState::kEof, 0};
    default:
      closing_ = true;
      return {port::IoState::kFailed, 0};  // open set: cut off without close_notify too.
  }
}

port::IoResult ServerStream::write(std::span<const std::uint8_t> from) {
  if (!established_ || closing_) return {port::IoState::kFailed, 0};
  if (!link_.unsent.empty()) return {port::IoState::kBlocked, 0};
  const WorkerBio::Turn turn(worker_, link_);
  const int sent = SSL_write(ssl_.get(), from.data(), static_cast<int>(from.size()));
  if (sent != static_cast<int>(from.size())) {
    closing_ = true;
    return {port::IoState::kFailed, 0};
  }
  return {port::IoState::kProgress, from.size()};
}

port::IoResult ServerStream::flush() {
  const port::IoResult sent = link_.flush();
  if (sent.state == port::IoState::kProgress && finishing_ && !shut_down_) {
    shut_down_ = true;
    stream_->shutdown_write();
  }
  return sent;
}

void ServerStream::refuse(Reason reason) {
  if (established_ && !closing_) send_alert(reason);
}

void ServerStream::finish() {
  if (established_ && !closing_) {
    const WorkerBio::Turn turn(worker_, link_);
    SSL_shutdown(ssl_.get());
    closing_ = true;
  }
  finishing_ = true;
}

port::IoResult ServerStream::discard() {
  std::array<std::uint8_t, 4096> dropped{};
  return stream_->read(dropped);
}

void ServerStream::want(bool read, bool write) {
  stream_->want(read, write || !link_.unsent.empty());
}

}  // namespace interlock::tls
