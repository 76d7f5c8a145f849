// Where the configuration in force is published. One writer (control), one reader per data thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "policy/snapshot.h"

namespace interlock::session {

using SnapshotPtr = std::shared_ptr<const policy::Snapshot>;

// SnapshotSlot may be used by any thread.
class SnapshotSlot {
 public:
  explicit SnapshotSlot(SnapshotPtr first) : snapshot_(std::move(first)) {}

  // publish puts a new configuration in force: every operation judged after it returns sees it.
  void publish(SnapshotPtr next) {
    const std::scoped_lock lock(mutex_);
    snapshot_ = std::move(next);
    generation_.fetch_add(1, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t generation() const {
    return generation_.load(std::memory_order_acquire);
  }

 private:
  friend class SnapshotReader;
  std::mutex mutex_;
  SnapshotPtr snapshot_;                       // Protected by mutex_.
  std::atomic<std::uint64_t> generation_ = 1;  // Changes after snapshot_, under mutex_.
};

// SnapshotReader is one data thread's view: one integer compare per operation, the lock only when
// the generation moved.
class SnapshotReader {
 public:
  explicit SnapshotReader(SnapshotSlot& slot) : slot_(slot) {}

  [[nodiscard]] std::uint64_t generation() const { return slot_.generation(); }

  const SnapshotPtr& current() {
    if (slot_.generation() != seen_) {
      const std::scoped_lock lock(slot_.mutex_);
      snapshot_ = slot_.snapshot_;
      seen_ = slot_.generation();
    }
    return snapshot_;
  }

 private:
  SnapshotSlot& slot_;
  std::uint64_t seen_ = 0;
  SnapshotPtr snapshot_;
};

}  // namespace interlock::session
