// Where something immutable is published, whole: one writer (control), one reader per data thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace interlock::session {

template <class T>
class SlotReader;

// Slot may be used by any thread.
template <class T>
class Slot {
 public:
  using Ptr = std::shared_ptr<const T>;
  explicit Slot(Ptr first) : published_(std::move(first)) {}

  // publish puts another one in force: every operation judged after it returns sees it.
  void publish(Ptr next) {
    const std::scoped_lock lock(mutex_);
    published_ = std::move(next);
    generation_.fetch_add(1, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t generation() const {
    return generation_.load(std::memory_order_acquire);
  }

 private:
  friend class SlotReader<T>;
  std::mutex mutex_;
  Ptr published_;                              // Protected by mutex_.
  std::atomic<std::uint64_t> generation_ = 1;  // Changes after published_, under mutex_.
};

// SlotReader is one data thread's view: one integer compare per operation, the lock only when
// the generation moved.
template <class T>
class SlotReader {
 public:
  using Ptr = typename Slot<T>::Ptr;
  explicit SlotReader(Slot<T>& slot) : slot_(slot) {}

  [[nodiscard]] std::uint64_t generation() const { return slot_.generation(); }

  const Ptr& current() {
    if (slot_.generation() != seen_) {
      const std::scoped_lock lock(slot_.mutex_);
      published_ = slot_.published_;
      seen_ = slot_.generation();
    }
    return published_;
  }

 private:
  Slot<T>& slot_;
  std::uint64_t seen_ = 0;
  Ptr published_;
};

}  // namespace interlock::session
