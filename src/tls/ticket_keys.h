// Keys of session tickets (RFC 5077; RFC 8446, section 4.6.1). The gateway remembers no session: it
// gives the client its session, sealed, and opens it when the client comes back. Keys live in
// memory only, so after a restart every client makes one full handshake.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "base/hex.h"
#include "pki/trust.h"
#include "port/clock.h"

struct ssl_ctx_st;

namespace interlock::tls {

// TicketKey is one key with its public name; wiped when it goes.
struct TicketKey {
  std::array<std::uint8_t, 16> name{};
  std::array<std::uint8_t, 32> cipher{};
  std::array<std::uint8_t, 32> mac{};

  TicketKey() = default;
  TicketKey(const TicketKey&) = default;
  TicketKey& operator=(const TicketKey&) = default;
  ~TicketKey();
};

// TicketKeys are the keys of one set of trusts, shared by all of its listeners and all data
// threads. The current key seals and opens; the one before it still opens, for
// limits::kTicketKeyPeriod.
class TicketKeys {
 public:
  // `clock` outlives the keys and may be asked by any thread.
  TicketKeys(const port::Clock& clock, const pki::Sha256& trust_set);

  // trust_set names the set: sessions carry it, and count under no other.
  [[nodiscard]] const pki::Sha256& trust_set() const { return trust_set_; }

  // current returns the key that seals new tickets.
  TicketKey current();

  // find returns the key of this name while it opens tickets; `old` asks to seal them anew.
  struct Found {
    TicketKey key;
    bool old = false;
  };
  std::optional<Found> find(Bytes name);

  // rotate wipes keys that have had their time. current() and find() do the same; it is for keys
  // that nobody asks for.
  void rotate();

 private:
  void rotate_locked();

  const port::Clock& clock_;
  const pki::Sha256 trust_set_;
  std::mutex mutex_;
  // All below is protected by mutex_.
  TicketKey current_;
  std::optional<TicketKey> previous_;
  Instant next_;  // When current_ becomes previous_.
};

// TicketKeyring hands out the keys of each set of trusts, and so outlives configurations: listeners
// of a new one that trust the same authorities go on with the same keys. Keys are kept by those who
// use them; when the last of them is gone, so are they. Any thread may use it.
class TicketKeyring {
 public:
  // `clock` outlives the keyring and its keys, and may be asked by any thread.
  explicit TicketKeyring(const port::Clock& clock) : clock_(clock) {}

  // keys_of returns the keys of these trusts, in whatever order they are named. Another authority,
  // another usage or another name makes another set.
  std::shared_ptr<TicketKeys> keys_of(std::span<const std::shared_ptr<const pki::Trust>> trusts);

  // rotate wipes what has had its time, also where no client comes. Call it once in a while.
  void rotate();

 private:
  const port::Clock& clock_;
  std::mutex mutex_;
  std::map<pki::Sha256, std::weak_ptr<TicketKeys>> sets_;  // Protected by mutex_.
};

// seal_with makes `ctx` seal and open its tickets with `keys`, which it keeps as long as it lives,
// and its sessions those of their set of trusts. A client without the extended master secret (RFC
// 7627, section 5.4) makes a full handshake each time: its sessions prove too little.
void seal_with(ssl_ctx_st* ctx, std::shared_ptr<TicketKeys> keys);

}  // namespace interlock::tls
