#include "tls/ticket_keys.h"

#include <algorithm>

#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/rand.h>

#include "base/limits.h"
#include "base/result.h"
#include "tls/boringssl.h"

namespace interlock::tls {
namespace {

TicketKey new_key() {
  TicketKey key;
  RAND_bytes(key.name.data(), key.name.size());
  RAND_bytes(key.cipher.data(), key.cipher.size());
  RAND_bytes(key.mac.data(), key.mac.size());
  return key;
}

// What an SSL_CTX holds: its share of the keys.
using Share = std::shared_ptr<TicketKeys>;

void free_share(void*, void* share, CRYPTO_EX_DATA*, int, long, void*) {
  const std::unique_ptr<Share> last(static_cast<Share*>(share));
}

int share_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_share);
  return index;
}

// What the library wants of a callback (SSL_CTX_set_tlsext_ticket_key_cb).
enum CallbackResult { kFailed = -1, kNoTicket = 0, kGood = 1, kGoodAndRenew = 2 };

int on_seal(TicketKeys& keys, std::uint8_t* name, std::uint8_t* iv, EVP_CIPHER_CTX* cipher,
            HMAC_CTX* mac) {
  const TicketKey key = keys.current();
  std::ranges::copy(key.name, name);
  RAND_bytes(iv, EVP_CIPHER_iv_length(EVP_aes_256_cbc()));
  const bool ready =
      EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) &&
      HMAC_Init_ex(mac, key.mac.data(), key.mac.size(), EVP_sha256(), nullptr);
  return ready ? kGood : kFailed;
}

int on_open(TicketKeys& keys, const std::uint8_t* name, const std::uint8_t* iv,
            EVP_CIPHER_CTX* cipher, HMAC_CTX* mac) {
  const auto found = keys.find({name, SSL_TICKET_KEY_NAME_LEN});
  if (!found) return kNoTicket;
  const TicketKey& key = found->key;
  const bool ready =
      EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) &&
      HMAC_Init_ex(mac, key.mac.data(), key.mac.size(), EVP_sha256(), nullptr);
  if (!ready) return kFailed;
  return found->old ? kGoodAndRenew : kGood;
}

int on_ticket(SSL* ssl, std::uint8_t* name, std::uint8_t* iv, EVP_CIPHER_CTX* cipher, HMAC_CTX* mac,
              int seal) {
  TicketKeys& keys =
      **static_cast<Share*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), share_index()));
  if (seal == 1) return on_seal(keys, name, iv, cipher, mac);
  if (!SSL_get_extms_support(ssl)) return kNoTicket;
  return on_open(keys, name, iv, cipher, mac);
}

}  // namespace

TicketKey::~TicketKey() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(mac.data(), mac.size());
}

TicketKeys::TicketKeys(const port::Clock& clock, const pki::Sha256& trust_set)
    : clock_(clock),
      trust_set_(trust_set),
      current_(new_key()),
      next_(clock.now() + limits::kTicketKeyPeriod) {}

TicketKey TicketKeys::current() {
  const std::scoped_lock lock(mutex_);
  rotate_locked();
  return current_;
}

std::optional<TicketKeys::Found> TicketKeys::find(Bytes name) {
  const std::scoped_lock lock(mutex_);
  rotate_locked();
  if (std::ranges::equal(name, current_.name)) return Found{current_, false};
  if (previous_ && std::ranges::equal(name, previous_->name)) return Found{*previous_, true};
  return std::nullopt;
}

void TicketKeys::rotate() {
  const std::scoped_lock lock(mutex_);
  rotate_locked();
}

void TicketKeys::rotate_locked() {
  const Instant now = clock_.now();
  if (now < next_) return;
  const Instant end_of_current = next_ + limits::kTicketKeyPeriod;
  if (now < end_of_current) {
    previous_ = current_;
    next_ = end_of_current;
  } else {  // Nobody asked for so long that it has had its time as well.
    previous_.reset();
    next_ = now + limits::kTicketKeyPeriod;
  }
  current_ = new_key();
}

std::shared_ptr<TicketKeys> TicketKeyring::keys_of(
    std::span<const std::shared_ptr<const pki::Trust>> trusts) {
  std::vector<Bytes> parts;
  parts.reserve(trusts.size());
  for (const auto& trust : trusts) parts.emplace_back(trust->identity());
  std::ranges::sort(parts,
                    [](Bytes a, Bytes b) { return std::ranges::lexicographical_compare(a, b); });
  const pki::Sha256 set = pki::sha256_of_list(parts);

  const std::scoped_lock lock(mutex_);
  std::erase_if(sets_, [](const auto& each) { return each.second.expired(); });
  std::weak_ptr<TicketKeys>& kept = sets_[set];
  std::shared_ptr<TicketKeys> keys = kept.lock();
  if (keys == nullptr) kept = keys = std::make_shared<TicketKeys>(clock_, set);
  return keys;
}

void TicketKeyring::rotate() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [set, kept] : sets_) {
    if (const auto keys = kept.lock()) keys->rotate();
  }
}

void seal_with(ssl_ctx_st* ctx, std::shared_ptr<TicketKeys> keys) {
  const pki::Sha256& set = keys->trust_set();
  static_assert(sizeof set <= SSL_MAX_SID_CTX_LENGTH);
  const bool told = SSL_CTX_set_session_id_context(ctx, set.data(), set.size()) == 1 &&
                    SSL_CTX_set_tlsext_ticket_key_cb(ctx, on_ticket) == 1;
  auto share = std::make_unique<Share>(std::move(keys));
  IL_ASSERT(told && SSL_CTX_set_ex_data(ctx, share_index(), share.get()) == 1);
  static_cast<void>(share.release());  // free_share's from here on.
}

}  // namespace interlock::tls
