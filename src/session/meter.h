// Meter: what one data thread counts. Its own thread adds, any thread may read; what others read is
// a moment old, and never torn.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "interlock/reason.h"
#include "policy/snapshot.h"

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

// Histogram counts durations by their length. One thread adds.
class Histogram {
 public:
  // Upper ends of the buckets, in microseconds; what is longer is in one more.
  static constexpr std::array<std::int64_t, 14> kBounds = {
      500,     1'000,   2'500,   5'000,     10'000,    25'000,    50'000,
      100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

  void observe(std::int64_t micros);

  // count returns how many there are in bucket `i`, which is at most kBounds.size().
  [[nodiscard]] std::uint64_t count(std::size_t i) const { return counts_[i].value(); }
  [[nodiscard]] std::uint64_t sum_micros() const { return sum_.value(); }

 private:
  std::array<Counter, kBounds.size() + 1> counts_;
  Counter sum_;
};

// Named keeps counters for each name that the configuration gives to something. The owning thread
// looks them up without a lock: it alone adds and removes.
template <class T>
class Named {
 public:
  // of is for the owning thread. The reference is good until retain().
  T& of(std::string_view name) {
    const auto at = all_.find(name);
    if (at != all_.end()) return at->second;
    const std::scoped_lock lock(mutex_);
    return all_[std::string(name)];
  }

  // find is for the owning thread; null where the name is not counted.
  T* find(std::string_view name) {
    const auto at = all_.find(name);
    return at != all_.end() ? &at->second : nullptr;
  }

  // retain forgets the names that are not `kept`. For the owning thread.
  void retain(const std::function<bool(const std::string&)>& kept) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(all_, [&](const auto& each) { return !kept(each.first); });
  }

  // read hands over the counters of a name, if there are any. Any thread may.
  template <class Visit>
  void read(std::string_view name, const Visit& visit) const {
    const std::scoped_lock lock(mutex_);
    const auto at = all_.find(name);
    if (at != all_.end()) visit(at->second);
  }

 private:
  mutable std::mutex mutex_;  // Held to add, to remove, and by readers on other threads.
  std::map<std::string, T, std::less<>> all_;
};

using CounterByReason = std::array<Counter, kNumReasons>;

struct ListenerMeter {
  Counter accepted, closed;  // Connections.
};

struct ServiceMeter {
  Counter requests;  // Permitted ones, each once.
  Counter failures;  // Of those: not answered as they should be.
  Counter retries;   // Requests that were sent to the service again.
};

// Limit names what a peer ran into, for metrics: a closed list, so that labels stay bounded.
enum class Limit : std::uint8_t {
  kConnections,  // Of one worker in all.
  kConnectionsPerAddress,
  kConnectionsPerDevice,
  kHandshakes,  // Under way at once.
  kHandshakesPerAddress,
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

struct alignas(64) Meter {                 // No cache line belongs to two threads.
  std::array<Counter, kNumLimits> limits;  // By Limit: how often it was reached.

  Counter handshakes_full, handshakes_resumed;  // Those that succeeded.
  CounterByReason handshakes_refused;
  CounterByReason cut;        // Open connections that lost their admission.
  CounterByReason decisions;  // On operations; kNone: allowed.

  // Of what is said inside TLS, and to services.
  Counter client_received_bytes, client_sent_bytes;
  Counter service_received_bytes, service_sent_bytes;

  Histogram handshake;   // From accepting a connection to the proof that the client holds its key.
  Histogram request;     // From a permitted request's head to the end of its answer.
  Histogram first_byte;  // From a permitted request's head to the head of the service's answer.

  Histogram
      tick_delay;  // How much later than planned the thread's tick came: it is busy, or stuck.

  Named<ListenerMeter> listeners;
  Named<ServiceMeter> services;

  // retain forgets the names that `snapshot` does not have. For the owning thread.
  void retain(const policy::Snapshot& snapshot);
  Counter refusals_counted;      // Counted in place of a record of their own.
  Counter records_not_accepted;  // The audit queue was full, or nothing could be written.

  void reached(Limit limit) { limits[static_cast<std::size_t>(limit)].add(); }
  void decided(Reason reason) { decisions[static_cast<std::size_t>(reason)].add(); }
};

}  // namespace interlock::session
