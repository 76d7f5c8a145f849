// The budgets of all devices, shared by all data threads: more threads are no more budget. They
// outlive configurations; only operations that a permit with a rate covers come here.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/limits.h"
#include "policy/decide.h"
#include "session/rate_bucket.h"

namespace interlock::session {

// RateTable may be used by any thread. A budget is known by device id, function and permit name,
// and is full until something is spent; so a full one need not be kept, and none is lost by
// forgetting it. Budgets that are not full are bounded in number: beyond, new ones cannot be
// counted, and what cannot be counted is not allowed.
class RateTable {
  struct Shard;

 public:
  explicit RateTable(std::size_t shard_buckets_max = limits::kRateShardBucketsMax)
      : shard_buckets_max_(shard_buckets_max) {}

  // Hold keeps the budgets of one device still from the first question until it is gone, so that
  // what the decision was told is still true when it is spent. Lives on the stack while one
  // operation is judged; without a question it takes no lock. `device` must outlive it.
  class Hold final : public policy::Budgets {
   public:
    Hold(RateTable& table, const policy::Device& device, Instant now)
        : table_(table), device_(device), now_(now) {}

    policy::Budget left(const policy::Permit& permit) override;

    // spend takes one operation from a budget of which left() has just said kLeft.
    void spend(const policy::Permit& permit);

    // release lets go early, where nothing will be spent.
    void release();

   private:
    [[nodiscard]] const std::string& key(const policy::Permit& permit);

    RateTable& table_;
    const policy::Device& device_;
    const Instant now_;
    Shard* shard_ = nullptr;
    std::unique_lock<std::mutex> lock_;  // Of *shard_, while that is not null.
  };

  // size counts the budgets that are kept.
  [[nodiscard]] std::size_t size();

 private:
  struct alignas(64) Shard {  // Of a cache line of its own: threads use them side by side.
    std::mutex mutex;
    std::unordered_map<std::string, RateBucket> buckets;
    std::string key;  // Its memory is used again and again.

    // has_room forgets full buckets where there is no room for another.
    bool has_room(std::size_t buckets_max, Instant now);
  };
  Shard& shard_of(const policy::Device& device);

  const std::size_t shard_buckets_max_;
  std::array<Shard, limits::kRateShards> shards_;
};

}  // namespace interlock::session
