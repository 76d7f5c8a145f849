// What is known of the services, by all data threads together: which endpoints answer, how many
// requests each works on, how many connections there are. A request ends the same whichever thread
// it came to.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "policy/snapshot.h"
#include "session/service_line.h"

namespace interlock::session {

// EndpointState may be used by any thread. An endpoint that fails several requests in a row rests
// for a while, longer each time; then one request is let through as a trial. Health checks, where
// the service has them, are a verdict of their own: what they find down gets no request at all.
class EndpointState {
 public:
  enum class Health : std::uint8_t { kUp, kResting, kDown };

  // may_try says whether a request may go here. Once a rest is over it is true for one caller, and
  // for another when that one has not come back within the shortest rest.
  bool may_try(Instant now);

  // A request was answered, or was not: `why` is one short sentence.
  void answered();
  void failed(Instant now, std::string_view why);

  // A health check came to this verdict. For one thread alone.
  void checked(bool healthy, std::string_view why);
  // Nobody checks it any more.
  void unchecked();

  [[nodiscard]] Health health() const;
  [[nodiscard]] bool down() const { return down_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::string last_failure() const;

  // Requests that are being answered here.
  std::atomic<std::uint32_t> num_busy{0};

 private:
  void note(std::string_view why);

  std::atomic<std::uint32_t> num_failed_{0};     // In a row.
  std::atomic<std::int64_t> rests_until_ms_{0};  // 0: it does not rest.
  std::atomic<bool> down_{false};
  std::uint32_t num_checked_ = 0;  // In a row, against what down_ says.
  mutable std::mutex mutex_;
  std::string last_failure_;  // Guarded by mutex_.
};

// ServiceState may be used by any thread. It lives as long as somebody uses the service.
struct ServiceState {
  std::vector<std::shared_ptr<EndpointState>> endpoints;  // As in policy::Service.
  std::atomic<std::uint32_t> num_connections{0};          // In use and kept, of all endpoints.
  ServiceLine line;                                       // Requests that wait for one.
};

// Room is one of the connections that a service may have. When it ends, the first in line is woken.
class Room {
 public:
  Room() = default;
  // take finds room for one more; nothing where there are `most` already.
  static std::optional<Room> take(std::shared_ptr<ServiceState> service, std::uint32_t most);
  Room(Room&& other) noexcept = default;
  Room& operator=(Room&& other) noexcept {
    std::swap(service_, other.service_);
    return *this;
  }
  ~Room();

 private:
  std::shared_ptr<ServiceState> service_;
};

// ServiceTable may be used by any thread.
class ServiceTable {
 public:
  // find returns the state of a service, made anew where nobody has used it. An endpoint keeps its
  // state while the other settings of its service change.
  std::shared_ptr<ServiceState> find(const policy::Service& service);

  // retain forgets what `snapshot` does not have; who still uses it keeps it alive.
  void retain(const policy::Snapshot& snapshot);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<ServiceState>> services_;    // By policy::Service::key.
  std::map<std::string, std::shared_ptr<EndpointState>> endpoints_;  // By service name and address.
};

}  // namespace interlock::session
