#include "support/tls_client.h"

#include <array>
#include <stdexcept>

#include <openssl/err.h>

namespace interlock::test {
namespace {

void check(bool worked) {
  if (!worked) throw std::runtime_error("the test client could not be made");
}

int moved(BIO* bio, port::IoResult result, int retry) {
  BIO_clear_retry_flags(bio);
  if (result.state == port::IoState::kProgress) return static_cast<int>(result.bytes);
  if (result.state == port::IoState::kBlocked) BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
  return result.state == port::IoState::kEof ? 0 : -1;
}

port::ByteStream& stream_of(BIO* bio) { return *static_cast<port::ByteStream*>(BIO_get_data(bio)); }

int bio_read(BIO* bio, char* out, int len) {
  return moved(
      bio,
      stream_of(bio).read({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(len)}),
      BIO_FLAGS_READ);
}

int bio_write(BIO* bio, const char* in, int len) {
  return moved(bio,
               stream_of(bio).write(
                   {reinterpret_cast<const std::uint8_t*>(in), static_cast<std::size_t>(len)}),
               BIO_FLAGS_WRITE);
}

long bio_ctrl(BIO*, int cmd, long, void*) { return cmd == BIO_CTRL_FLUSH ? 1 : 0; }

// The client takes part in whatever the server prefers: the server's rules are what is tested.
constexpr std::uint16_t kAlgorithms[] = {
    SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_ECDSA_SECP384R1_SHA384,
    SSL_SIGN_ECDSA_SECP521R1_SHA512, SSL_SIGN_ED25519,
    SSL_SIGN_RSA_PSS_RSAE_SHA256,    SSL_SIGN_RSA_PKCS1_SHA256};

}  // namespace

bssl::UniquePtr<BIO> stream_bio(port::ByteStream& stream) {
  static const BIO_METHOD* method = [] {
    static bssl::UniquePtr<BIO_METHOD> made(BIO_meth_new(BIO_get_new_index(), "test stream"));
    BIO_meth_set_read(made.get(), bio_read);
    BIO_meth_set_write(made.get(), bio_write);
    BIO_meth_set_ctrl(made.get(), bio_ctrl);
    return made.get();
  }();
  bssl::UniquePtr<BIO> bio(BIO_new(method));
  check(bio != nullptr);
  BIO_set_data(bio.get(), &stream);
  BIO_set_init(bio.get(), 1);
  return bio;
}

void set_chain(SSL* ssl, const std::vector<Der>& chain, const Key& key,
               const SSL_PRIVATE_KEY_METHOD* method) {
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> owned;
  std::vector<CRYPTO_BUFFER*> buffers;
  for (const Der& der : chain) {
    owned.emplace_back(CRYPTO_BUFFER_new(der.data(), der.size(), nullptr));
    buffers.push_back(owned.back().get());
  }
  check(SSL_set_chain_and_key(ssl, buffers.data(), buffers.size(),
                              method == nullptr ? key.get() : nullptr, method));
}

TlsClientOptions options_of(const Issued& issued, std::uint16_t version) {
  return {.version = version, .chain = {issued.der}, .key = issued.key};
}

TlsClient::TlsClient(std::unique_ptr<port::ByteStream> stream, const TlsClientOptions& options)
    : stream_(std::move(stream)),
      key_(options.key),
      ctx_(SSL_CTX_new(TLS_with_buffers_method())),
      offers_early_data_(options.early_data) {
  SSL_CTX_set_session_cache_mode(ctx_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx_.get(), on_session);
  check(SSL_CTX_set_signing_algorithm_prefs(ctx_.get(), kAlgorithms, std::size(kAlgorithms)));
  // Who the server is, is not what these tests are about.
  SSL_CTX_set_custom_verify(ctx_.get(), SSL_VERIFY_PEER,
                            [](SSL*, std::uint8_t*) { return ssl_verify_ok; });
  ssl_.reset(SSL_new(ctx_.get()));
  check(SSL_set_min_proto_version(ssl_.get(), options.version) &&
        SSL_set_max_proto_version(ssl_.get(), options.version));
  static const SSL_PRIVATE_KEY_METHOD another_key = {.sign = on_sign};
  if (key_.has_value()) {
    set_chain(ssl_.get(), options.chain, *key_, options.thief ? &another_key : nullptr);
  }
  if (options.session != nullptr) check(SSL_set_session(ssl_.get(), options.session));
  SSL_set_early_data_enabled(ssl_.get(), options.early_data ? 1 : 0);
  SSL_set_mode(ssl_.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_info_callback(ssl_.get(), on_info);
  SSL_set_cert_cb(ssl_.get(), on_certificate, this);
  BIO* bio = stream_bio(*stream_).release();
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
}

int TlsClient::on_certificate(SSL* ssl, void* self) {
  const STACK_OF(CRYPTO_BUFFER)* names = SSL_get0_server_requested_CAs(ssl);
  for (std::size_t i = 0; names != nullptr && i < sk_CRYPTO_BUFFER_num(names); ++i) {
    const CRYPTO_BUFFER* name = sk_CRYPTO_BUFFER_value(names, i);
    const std::uint8_t* data = CRYPTO_BUFFER_data(name);
    static_cast<TlsClient*>(self)->authorities_.emplace_back(data, data + CRYPTO_BUFFER_len(name));
  }
  return 1;
}

void TlsClient::on_info(const SSL* ssl, int type, int value) {
  auto* self = static_cast<TlsClient*>(SSL_get_app_data(ssl));
  const bool fatal = value >> 8 == SSL3_AL_FATAL;
  if (type == SSL_CB_READ_ALERT && fatal) self->alert_ = value & 0xff;
}

ssl_private_key_result_t TlsClient::on_sign(SSL* ssl, std::uint8_t* out, std::size_t* out_len,
                                            std::size_t max_out, std::uint16_t,
                                            const std::uint8_t* in, std::size_t in_len) {
  auto* self = static_cast<TlsClient*>(SSL_get_app_data(ssl));
  bssl::ScopedEVP_MD_CTX context;
  *out_len = max_out;
  const bool signed_it =
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, self->key_->get()) &&
      EVP_DigestSign(context.get(), out, out_len, in, in_len);
  return signed_it ? ssl_private_key_success : ssl_private_key_failure;
}

int TlsClient::on_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<TlsClient*>(SSL_get_app_data(ssl))->sessions_.emplace_back(session);
  return 1;
}

void TlsClient::note(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return;
    case SSL_ERROR_ZERO_RETURN:
      end_ = End::kCloseNotify;
      return;
    case SSL_ERROR_EARLY_DATA_REJECTED:
      SSL_reset_early_data_reject(ssl_.get());
      established_ = false;
      return;
    default:
      end_ = alert_ >= 0 ? End::kAlert : End::kError;
  }
}

void TlsClient::move() {
  if (end_ != End::kOpen) return;
  ERR_clear_error();
  if (!established_) {
    const int result = SSL_do_handshake(ssl_.get());
    if (result != 1) return note(result);
    established_ = true;
    if (offers_early_data_ && SSL_in_early_data(ssl_.get())) {
      offers_early_data_ = false;
      early_data_sent_ = write("early");
    }
  }
  std::array<char, 16 * 1024> piece;
  int got = 0;
  while ((got = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()))) > 0) {
    received_.append(piece.data(), static_cast<std::size_t>(got));
  }
  note(got);
}

bool TlsClient::write(std::string_view text) {
  ERR_clear_error();
  const int sent = SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
  if (sent <= 0) note(sent);
  return sent == static_cast<int>(text.size());
}

}  // namespace interlock::test
