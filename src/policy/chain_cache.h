// Remembers what was found out about certificate chains, so that a device that comes back costs a
// hash and a look-up instead of signature checks.
//
// Theory of operation. inspect() gives the same facts for the same chain and the same authorities
// (Trust::identity) as long as no certificate that it looks at begins or ends to be valid; so that
// is the key, and how long an entry counts. Nothing that is judged is remembered: judge() sees the
// facts each time, with the revocation lists and the clock of that moment. Anybody can show a
// certificate: only the owner of its key may change anything here, so strangers can neither fill
// the cache nor push others out of it.
#pragma once

#include <list>
#include <memory>
#include <unordered_map>

#include "base/limits.h"
#include "pki/verify.h"

namespace interlock::policy {

// Inspected is what inspect() found about one chain for one trust.
struct Inspected {
  pki::Sha256 chain{};  // sha256_of_list of its certificates.
  pki::Sha256 trust{};  // Trust::identity.
  std::shared_ptr<const pki::ChainFacts> facts;
};

// ChainCache belongs to one data thread.
class ChainCache {
 public:
  explicit ChainCache(std::size_t entries_max = limits::kChainCacheEntriesMax)
      : entries_max_(entries_max) {}
  ChainCache(const ChainCache&) = delete;
  ChainCache& operator=(const ChainCache&) = delete;

  // find returns what is remembered and holds at `now`, or null. It changes nothing.
  [[nodiscard]] std::shared_ptr<const pki::ChainFacts> find(const pki::Sha256& chain,
                                                            const pki::Sha256& trust,
                                                            WallTime now) const;

  // insert remembers `found`, in the place of what was there before; above entries_max the entry
  // goes that was inserted longest ago. Only for the chain of a client that is admitted and has
  // proved its key. What other trusts of its listener found about the same chain may come with it,
  // also where that is that they know no path.
  void insert(Inspected found);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Key {
    pki::Sha256 chain{}, trust{};
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };

  const std::size_t entries_max_;
  std::list<Inspected> entries_;  // The one inserted last comes first.
  std::unordered_map<Key, std::list<Inspected>::iterator, KeyHash> index_;
};

}  // namespace interlock::policy
