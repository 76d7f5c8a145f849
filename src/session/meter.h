// Meter: what one data thread counts. Its own thread adds, any thread may read; what others read is
// a moment old, and never torn.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace interlock::session {

// Counter only grows. One thread adds, so that no locked instruction is needed.
class Counter {
 public:
  void add(std::uint64_t more = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Limit names what a peer ran into, for metrics: a closed list, so that labels stay bounded.
enum class Limit : std::uint8_t {
  kConnections,  // Of one worker in all.
  kConnectionsPerAddress,
  kConnectionsPerDevice,
  kHandshakes,  // Under way at once.
  kHandshakeTime,
  kMemory,  // Of all buffers together.
  kDescriptors,
  kHead,  // Bytes, fields or target of a request head.
  kHeadTime,
  kBody,
  kBodyTime,
  kReadTime,  // The client did not take its answer.
  kIdleTime,
  kPipeline,
  kServiceConnections,
  kServiceQueue,
  kServiceTime,
  kCount,
};
constexpr std::size_t kNumLimits = static_cast<std::size_t>(Limit::kCount);

// to_string returns the name as it stands in metrics: "connections_per_address".
std::string_view to_string(Limit limit);

struct Meter {
  std::array<Counter, kNumLimits> limits;  // By Limit: how often it was reached.

  Counter refusals_counted;      // Counted in place of a record of their own.
  Counter records_not_accepted;  // The audit queue was full, or nothing could be written.

  void reached(Limit limit) { limits[static_cast<std::size_t>(limit)].add(); }
};

}  // namespace interlock::session
