#include "tls/server.h"

#include <set>

#include "base/limits.h"
#include "tls/rules.h"
#include "tls/secure_stream.h"
#include "tls/server_impl.h"
#include "tls/worker_impl.h"

namespace interlock::tls {
namespace {

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
  IL_TRY(set_rules(ctx, listener.allows_tls_1_2));
  SSL_CTX_set_num_tickets(ctx, 1);
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
