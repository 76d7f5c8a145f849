#include "session/rate_table.h"

#include <functional>

#include "base/result.h"

namespace interlock::session {

RateTable::Shard& RateTable::shard_of(const policy::Device& device) {
  return shards_[std::hash<std::string>{}(device.id) % shards_.size()];
}

bool RateTable::Shard::has_room(std::size_t buckets_max, Instant now) {
  if (buckets.size() < buckets_max) return true;
  std::erase_if(buckets, [&](const auto& each) {
    RateBucket filled = each.second;
    filled.fill(now);
    return filled.full();
  });
  return buckets.size() < buckets_max;
}

std::size_t RateTable::size() {
  std::size_t num_buckets = 0;
  for (Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    num_buckets += shard.buckets.size();
  }
  return num_buckets;
}

const std::string& RateTable::Hold::key(const policy::Permit& permit) {
  std::string& key = shard_->key;
  key.assign(device_.id);
  key += '\0';
  key += device_.function->name;
  key += '\0';
  key += permit.name;
  return key;
}

policy::Budget RateTable::Hold::left(const policy::Permit& permit) {
  if (shard_ == nullptr) {
    shard_ = &table_.shard_of(device_);
    lock_ = std::unique_lock(shard_->mutex);
  }
  const auto at = shard_->buckets.find(key(permit));
  if (at == shard_->buckets.end()) {
    const bool room = shard_->has_room(table_.shard_buckets_max_, now_);
    return {room ? policy::Budget::State::kLeft : policy::Budget::State::kUnknown, {}};
  }
  at->second.fill(*permit.rate, now_);
  const Millis wait = at->second.wait();
  return {wait.ms == 0 ? policy::Budget::State::kLeft : policy::Budget::State::kSpent, wait};
}

void RateTable::Hold::spend(const policy::Permit& permit) {
  IL_ASSERT(shard_ != nullptr);
  shard_->buckets.try_emplace(key(permit), *permit.rate, now_).first->second.spend();
}

void RateTable::Hold::release() {
  if (shard_ == nullptr) return;
  shard_ = nullptr;
  lock_.unlock();
}

}  // namespace interlock::session
