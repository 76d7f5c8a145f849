#include "policy/chain_cache.h"

#include <algorithm>

namespace interlock::policy {

// Digests are as good as random; nobody can insert one that was chosen to collide.
std::size_t ChainCache::KeyHash::operator()(const Key& key) const {
  std::size_t hash = 0;
  for (std::size_t i = 0; i < sizeof hash; ++i) {
    hash = hash << 8 | static_cast<std::size_t>(key.chain[i] ^ key.trust[i]);
  }
  return hash;
}

std::shared_ptr<const pki::ChainFacts> ChainCache::find(const pki::Sha256& chain,
                                                        const pki::Sha256& trust,
                                                        WallTime now) const {
  const auto at = index_.find({chain, trust});
  if (at == index_.end()) return nullptr;
  const auto& facts = at->second->facts;
  return facts->same_from <= now && now <= facts->same_until ? facts : nullptr;
}

void ChainCache::insert(Inspected found) {
  const Key key{found.chain, found.trust};
  if (const auto at = index_.find(key); at != index_.end()) {
    *at->second = std::move(found);
    entries_.splice(entries_.begin(), entries_, at->second);
    return;
  }
  entries_.push_front(std::move(found));
  index_.emplace(key, entries_.begin());
  if (entries_.size() <= entries_max_) return;
  index_.erase({entries_.back().chain, entries_.back().trust});
  entries_.pop_back();
}

}  // namespace interlock::policy
