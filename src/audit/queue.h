// The way from the data threads to the writer thread: whole buffers change hands under one short
// mutex, and come back empty: in steady state nothing is copied and nothing allocated.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace interlock::audit {

class Queue {
 public:
  Queue() = default;
  ~Queue();  // All sinks are gone.
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  using TimePoint = std::chrono::steady_clock::time_point;

  // A sink holds the room of a whole buffer from its first record to the hand-over, so that the
  // bound holds over all sinks without a lock per record.

  // reserve takes the room of one buffer; false when kAuditQueueBytesMax does not have it. For acts
  // of operators there always is room for one buffer more.
  bool reserve(bool for_acts = false);

  // hand_over gives a reserved, filled buffer to the writer and returns an empty one. While the
  // writer is behind, small buffers are joined: what waits costs about the memory it is counted at.
  std::string hand_over(std::string full);

  // What was taken: buffers, and who wants to hear when they, and all before, are on the disk.
  struct Taken {
    std::vector<std::string> buffers;
    std::vector<std::function<void()>> asks;
  };

  // ask_sync is called after hand_over; `on_disk` is then called by the writer thread.
  void ask_sync(std::function<void()> on_disk);

  // take swaps what was handed over into `taken`, which is empty. It waits until there is
  // something, or stop() was called, or `until` has come; false only once stopped and empty.
  bool take(Taken& taken, std::optional<TimePoint> until);

  // give_back returns the room of a buffer that was written, and its memory.
  void give_back(std::string written);

  // stop ends the writer's waits. wait_unless_stopped waits until then; false if stopped.
  void stop();
  bool wait_unless_stopped(TimePoint until);

  // The writer thread says how it fares; any thread may ask.
  void set_healthy(bool healthy) { healthy_.store(healthy, std::memory_order_release); }
  [[nodiscard]] bool healthy() const { return healthy_.load(std::memory_order_acquire); }
  void set_full_disk(bool full) { full_disk_.store(full, std::memory_order_release); }
  [[nodiscard]] bool full_disk() const { return full_disk_.load(std::memory_order_acquire); }
  void set_last_seq(std::uint64_t seq) { last_seq_.store(seq, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t last_seq() const { return last_seq_.load(std::memory_order_relaxed); }

  void count_failure() { num_failures_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t num_failures() const {
    return num_failures_.load(std::memory_order_relaxed);
  }

  // Since when the oldest record that was taken, and may not be on the disk, has waited.
  void set_waiting_since(std::optional<TimePoint> since) {
    waiting_since_.store(since.value_or(TimePoint()), std::memory_order_relaxed);
  }
  [[nodiscard]] std::optional<TimePoint> waiting_since() const {
    const TimePoint since = waiting_since_.load(std::memory_order_relaxed);
    return since == TimePoint() ? std::nullopt : std::optional(since);
  }

  // Records are late once the oldest has waited for longer than `limit`: the disk hangs. note_late
  // looks at the clock, for late(), which is asked for each record.
  void set_late_after(std::chrono::milliseconds limit) { late_after_ = limit; }
  [[nodiscard]] bool is_late_now() const {
    const auto since = waiting_since();
    return since && std::chrono::steady_clock::now() - *since > late_after_;
  }
  void note_late() { late_.store(is_late_now(), std::memory_order_relaxed); }
  [[nodiscard]] bool late() const { return late_.load(std::memory_order_relaxed); }

  // reserved_bytes is the room that is taken now, of kAuditQueueBytesMax.
  [[nodiscard]] std::size_t reserved_bytes() const {
    return reserved_bytes_.load(std::memory_order_relaxed);
  }

  void add_sink();
  void remove_sink();

 private:
  std::atomic<bool> healthy_{true};
  std::atomic<bool> full_disk_{false};
  std::atomic<bool> late_{false};
  std::chrono::milliseconds late_after_ = std::chrono::hours(1);  // Constant once there are sinks.
  std::atomic<std::uint64_t> last_seq_{0};
  std::atomic<std::uint64_t> num_failures_{0};
  std::atomic<TimePoint> waiting_since_{TimePoint()};  // TimePoint(): nothing waits.
  std::atomic<std::size_t> reserved_bytes_{0};  // Sinks' buffers at their largest, the rest as is.
  std::mutex mutex_;                            // Guards what follows.
  std::condition_variable changed_;
  std::vector<std::string> full_, empty_;
  std::vector<std::function<void()>> asks_;
  std::size_t num_sinks_ = 0;
  bool stopped_ = false;
};

}  // namespace interlock::audit
