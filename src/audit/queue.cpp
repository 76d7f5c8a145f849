#include "audit/queue.h"

#include <utility>

#include "base/limits.h"
#include "base/result.h"

namespace interlock::audit {
namespace {

// A buffer is handed over once it passes kAuditFlushBytes, so it holds less than one record more.
constexpr std::size_t kBufferBytesMax = limits::kAuditFlushBytes + limits::kAuditLineBytesMax;

}  // namespace

Queue::~Queue() { IL_ASSERT(num_sinks_ == 0); }

bool Queue::reserve(bool for_acts) {
  const std::size_t most = limits::kAuditQueueBytesMax + (for_acts ? kBufferBytesMax : 0);
  std::size_t held = reserved_bytes_.load(std::memory_order_relaxed);
  do {
    if (held + kBufferBytesMax > most) return false;
  } while (!reserved_bytes_.compare_exchange_weak(held, held + kBufferBytesMax,
                                                  std::memory_order_relaxed));
  return true;
}

std::string Queue::hand_over(std::string full) {
  IL_ASSERT(full.size() <= kBufferBytesMax);
  reserved_bytes_.fetch_sub(kBufferBytesMax - full.size(), std::memory_order_relaxed);
  std::string empty;
  {
    const std::lock_guard lock(mutex_);
    if (!full_.empty() && full_.back().size() + full.size() <= kBufferBytesMax) {
      full_.back() += full;
      empty = std::move(full);
      empty.clear();
    } else {
      full_.push_back(std::move(full));
      if (!empty_.empty()) {
        empty = std::move(empty_.back());
        empty_.pop_back();
      }
    }
  }
  changed_.notify_one();
  empty.reserve(kBufferBytesMax);
  return empty;
}

void Queue::ask_sync(std::function<void()> on_disk) {
  {
    const std::lock_guard lock(mutex_);
    asks_.push_back(std::move(on_disk));
  }
  changed_.notify_one();
}

bool Queue::take(Taken& taken, std::optional<TimePoint> until) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopped_ || !full_.empty() || !asks_.empty(); };
  if (until) {
    changed_.wait_until(lock, *until, ready);
  } else {
    changed_.wait(lock, ready);
  }
  taken.buffers.swap(full_);
  taken.asks.swap(asks_);
  return !stopped_ || !taken.buffers.empty() || !taken.asks.empty();
}

void Queue::give_back(std::string written) {
  reserved_bytes_.fetch_sub(written.size(), std::memory_order_relaxed);
  written.clear();
  const std::lock_guard lock(mutex_);
  // Each sink may find one here, and the writer may hold one; a burst's worth is let go.
  if (empty_.size() <= num_sinks_) empty_.push_back(std::move(written));
}

void Queue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
}

bool Queue::wait_unless_stopped(TimePoint until) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_until(lock, until, [this] { return stopped_; });
}

void Queue::add_sink() {
  const std::lock_guard lock(mutex_);
  ++num_sinks_;
}

void Queue::remove_sink() {
  const std::lock_guard lock(mutex_);
  --num_sinks_;
}

}  // namespace interlock::audit
