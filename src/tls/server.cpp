#include "tls/server.h"

#include <set>

#include <openssl/pem.h>

#include "base/limits.h"
#include "tls/secure_stream.h"
#include "tls/server_impl.h"

namespace interlock::tls {
namespace {

// TLS 1.2 offers only what has forward secrecy and authenticated encryption; TLS 1.3 has no other.
constexpr char kCiphers12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// Without Ed25519 in this list such clients silently send no certificate. P-521 and SHA-1 are left
// out; in TLS 1.2 that keeps out SHA-1 alone.
constexpr std::uint16_t kVerifyAlgorithms[] = {
    SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_ED25519,
    SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PSS_RSAE_SHA384,    SSL_SIGN_RSA_PSS_RSAE_SHA512,
    SSL_SIGN_RSA_PKCS1_SHA256,       SSL_SIGN_RSA_PKCS1_SHA384,
    SSL_SIGN_RSA_PKCS1_SHA512};

// X25519 first: P-256 is slow in Debian's build. A post-quantum group where the library has one.
#ifdef SSL_GROUP_X25519_MLKEM768
constexpr char kGroups[] = "X25519MLKEM768:X25519:P-256:P-384";
#else
constexpr char kGroups[] = "X25519:P-256:P-384";
#endif

tl::unexpected<Error> refused(const char* what) {
  return fail(Errc::kCrypto, Origin::kEnvironment, what);
}

bssl::UniquePtr<CRYPTO_BUFFER> buffer(Bytes bytes) {
  return bssl::UniquePtr<CRYPTO_BUFFER>(CRYPTO_BUFFER_new(bytes.data(), bytes.size(), nullptr));
}

Status set_certificate(SSL_CTX* ctx, const policy::Certificate& certificate) {
  std::vector<std::vector<std::uint8_t>> chain;
  IL_TRY_ASSIGN(chain, pki::pem_certificates(certificate.chain_pem));
  const bssl::UniquePtr<BIO> pem(
      BIO_new_mem_buf(certificate.key_pem.data(), static_cast<int>(certificate.key_pem.size())));
  const bssl::UniquePtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) {
    return refused("the gateway's key_file holds no private key in PEM without a password");
  }
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> owned;
  std::vector<CRYPTO_BUFFER*> buffers;
  for (const auto& der : chain) {
    owned.push_back(buffer(der));
    buffers.push_back(owned.back().get());
  }
  if (!SSL_CTX_set_chain_and_key(ctx, buffers.data(), buffers.size(), key.get(), nullptr)) {
    return refused(
        "the gateway's key_file is not the key of the first certificate in its chain_file");
  }
  return Ok{};
}

// The names tell clients with several certificates which one to send. Where they are too many for a
// handshake, none are sent, which means "any" (RFC 8446, section 4.2.4).
void name_authorities(SSL_CTX* ctx, const policy::Listener& listener) {
  std::set<std::vector<std::uint8_t>> names;
  std::size_t bytes = 0;
  for (const auto& trust : listener.trusts) {
    for (const pki::Certificate* authority : trust->authorities()) {
      if (names.insert(authority->subject_der).second) bytes += authority->subject_der.size();
    }
  }
  if (bytes > limits::kAuthorityNamesBytesMax) names.clear();
  bssl::UniquePtr<STACK_OF(CRYPTO_BUFFER)> stack(sk_CRYPTO_BUFFER_new_null());
  for (const auto& name : names) bssl::PushToStack(stack.get(), buffer(name));
  SSL_CTX_set0_client_CAs(ctx, stack.release());
}

// Sessions live in tickets alone, and those of TLS 1.3 are used with a fresh key exchange: the
// library has no other way. The certificates of the client stay in the ticket, for who resumes is
// judged by them (ServerStream::judge_resumed).
void resume_by_tickets(SSL_CTX* ctx, std::shared_ptr<TicketKeys> keys) {
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ctx, ServerStream::kSessionSeconds);
  SSL_CTX_set_session_psk_dhe_timeout(ctx, ServerStream::kSessionSeconds);
  seal_with(ctx, std::move(keys));
}

}  // namespace

struct Worker::Impl {
  WorkerBio bio;
};

Worker::Worker() : impl_(std::make_unique<Impl>()) {}
Worker::~Worker() = default;

Server::Server(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::make(const policy::Listener& listener,
                                             TicketKeyring& keyring) {
  auto impl = std::make_shared<Impl>();
  SSL_CTX* ctx = impl->ctx.get();
  IL_ASSERT(ctx != nullptr && impl->pool != nullptr);
  SSL_CTX_set0_buffer_pool(ctx, impl->pool.get());
  const bool rules =
      SSL_CTX_set_min_proto_version(ctx,
                                    listener.allows_tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) &&
      SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) &&
      SSL_CTX_set_strict_cipher_list(ctx, kCiphers12) && SSL_CTX_set1_curves_list(ctx, kGroups) &&
      SSL_CTX_set_verify_algorithm_prefs(ctx, kVerifyAlgorithms, std::size(kVerifyAlgorithms)) &&
      SSL_CTX_set_num_tickets(ctx, 1);
  if (!rules) return refused("the TLS library refuses the gateway's rules");
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
  resume_by_tickets(ctx, keyring.keys_of(listener.trusts));
  SSL_CTX_set_early_data_enabled(ctx, 0);
  SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                            ServerStream::on_verify);
  name_authorities(ctx, listener);
  IL_TRY(set_certificate(ctx, listener.certificate));
  return std::make_unique<Server>(std::move(impl));
}

std::unique_ptr<port::SecureStream> Server::accept(Worker& worker,
                                                   std::unique_ptr<port::ByteStream> stream) const {
  bssl::UniquePtr<SSL> ssl(SSL_new(impl_->ctx.get()));
  IL_ASSERT(ssl != nullptr);
  return std::make_unique<ServerStream>(worker.impl().bio, impl_, std::move(ssl),
                                        std::move(stream));
}

}  // namespace interlock::tls
