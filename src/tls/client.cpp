#include "tls/client.h"

#include <set>

#include <fmt/format.h>

#include "tls/client_stream.h"
#include "tls/rules.h"
#include "tls/worker_impl.h"

namespace interlock::tls {
namespace {

// HTTP/1.1 alone: with its length in front (RFC 7301, section 3.1).
constexpr std::uint8_t kProtocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

}  // namespace

Client::Client(std::shared_ptr<const policy::ServiceTls> tls) : tls_(std::move(tls)) {
  IL_ASSERT(ctx_ != nullptr);
}

Result<std::shared_ptr<Client>> Client::make(std::shared_ptr<const policy::ServiceTls> tls) {
  const std::shared_ptr<Client> client(new Client(std::move(tls)));
  SSL_CTX* ctx = client->ctx();
  IL_TRY(set_rules(ctx, client->tls().allows_tls_1_2));
  // This function returns 0 for success.
  IL_ASSERT(SSL_CTX_set_alpn_protos(ctx, kProtocols, sizeof kProtocols) == 0);
  SSL_CTX_set_early_data_enabled(ctx, 0);
  SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_PEER, ClientStream::on_verify);
  SSL_CTX_set_reverify_on_resume(ctx, 1);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, ClientStream::on_session);
  if (client->tls().certificate) IL_TRY(set_certificate(ctx, *client->tls().certificate));
  return client;
}

Client::Session Client::take(const std::string& endpoint, WallTime now) {
  std::deque<Session>& kept = sessions_[endpoint];
  std::erase_if(kept, [&](const Session& each) { return now > each.until; });
  if (kept.empty()) return {};
  if (SSL_SESSION_should_be_single_use(kept.front().session.get()) == 0) {
    return {bssl::UpRef(kept.front().session), kept.front().until};
  }
  Session taken = std::move(kept.front());
  kept.pop_front();
  return taken;
}

void Client::keep(const std::string& endpoint, Session session) {
  std::deque<Session>& kept = sessions_[endpoint];
  kept.push_front(std::move(session));
  if (kept.size() > limits::kServiceSessionsMax) kept.pop_back();
}

pki::Verdict Client::judge(std::span<const Bytes> chain, WallTime now) const {
  const pki::ChainFacts facts = pki::inspect(chain, *tls_->trust, now);
  pki::Verdict verdict = pki::judge(facts, *tls_->trust, now);
  if (verdict.reason != Reason::kNone || pki::names_server(*facts.leaf, tls_->server_name)) {
    return verdict;
  }
  return {Reason::untrusted_chain,
          fmt::format("it is for {}, not for {}", pki::describe_server_names(*facts.leaf),
                      tls_->server_name.text),
          verdict.valid_until};
}

Status check_client(const policy::ServiceTls& tls) {
  IL_TRY(Client::make(std::make_shared<const policy::ServiceTls>(tls)));
  return Ok{};
}

ClientDialer::~ClientDialer() = default;

Result<std::unique_ptr<port::ByteStream>> ClientDialer::dial(const policy::Service& service,
                                                             const Endpoint& endpoint) {
  if (service.tls == nullptr) return beneath_.dial(service, endpoint);
  std::shared_ptr<Client>& client = clients_[service.tls->digest];
  if (client == nullptr) {
    IL_TRY_ASSIGN(client, Client::make(service.tls));
  }
  std::unique_ptr<port::ByteStream> stream;
  IL_TRY_ASSIGN(stream, beneath_.dial(service, endpoint));
  return std::make_unique<ClientStream>(worker_.impl().bio, clock_, client, endpoint.to_string(),
                                        std::move(stream));
}

void ClientDialer::retain(const policy::Snapshot& snapshot) {
  std::set<pki::Sha256> used;
  for (const auto& service : snapshot.services) {
    if (service->tls != nullptr) used.insert(service->tls->digest);
  }
  std::erase_if(clients_, [&](const auto& each) { return !used.contains(each.first); });
}

}  // namespace interlock::tls
