#include "session/service_table.h"

#include <algorithm>
#include <set>

namespace interlock::session {
namespace {

std::string endpoint_key(const policy::Service& service, const Endpoint& endpoint) {
  return service.name + ' ' + endpoint.to_string();
}

Millis rest_after(std::uint32_t num_failed) {
  const std::uint32_t times = num_failed - limits::kEndpointFailuresMax;
  Millis rest = limits::kEndpointRestMin;
  for (std::uint32_t i = 0; i < times && rest < limits::kEndpointRestMax; ++i) rest.ms *= 2;
  return std::min(rest, limits::kEndpointRestMax);
}

}  // namespace

bool EndpointState::may_try(Instant now) {
  if (down()) return false;
  std::int64_t until = rests_until_ms_.load(std::memory_order_relaxed);
  if (until == 0) return true;
  if (now.ms < until) return false;
  return rests_until_ms_.compare_exchange_strong(until, now.ms + limits::kEndpointRestMin.ms,
                                                 std::memory_order_relaxed);
}

void EndpointState::answered() {
  // Nearly always true already: a line that is only read is shared by all threads.
  if (num_failed_.load(std::memory_order_relaxed) == 0) return;
  num_failed_.store(0, std::memory_order_relaxed);
  rests_until_ms_.store(0, std::memory_order_relaxed);
}

void EndpointState::failed(Instant now, std::string_view why) {
  const std::uint32_t num = num_failed_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (num >= limits::kEndpointFailuresMax) {
    rests_until_ms_.store(now.ms + rest_after(num).ms, std::memory_order_relaxed);
  }
  note(why);
}

void EndpointState::checked(bool healthy, std::string_view why) {
  if (!healthy) note(why);
  if (healthy != down()) {
    num_checked_ = 0;
    return;
  }
  const std::uint32_t needed = healthy ? limits::kHealthChecksUp : limits::kHealthChecksDown;
  if (++num_checked_ < needed) return;
  num_checked_ = 0;
  down_.store(!healthy, std::memory_order_relaxed);
  if (healthy) answered();  // What requests found before it was down is past.
}

void EndpointState::unchecked() {
  num_checked_ = 0;
  down_.store(false, std::memory_order_relaxed);
}

EndpointState::Health EndpointState::health() const {
  if (down()) return Health::kDown;
  return rests_until_ms_.load(std::memory_order_relaxed) == 0 ? Health::kUp : Health::kResting;
}

std::string EndpointState::last_failure() const {
  const std::scoped_lock lock(mutex_);
  return last_failure_;
}

void EndpointState::note(std::string_view why) {
  const std::scoped_lock lock(mutex_);
  last_failure_ = why;
}

std::optional<Room> Room::take(std::shared_ptr<ServiceState> service, std::uint32_t most) {
  std::uint32_t now = service->num_connections.load();
  do {
    if (now >= most) return std::nullopt;
  } while (!service->num_connections.compare_exchange_weak(now, now + 1));
  Room taken;
  taken.service_ = std::move(service);
  return taken;
}

Room::~Room() {
  if (service_ == nullptr) return;
  service_->num_connections.fetch_sub(1);
  service_->line.wake_first();
}

std::shared_ptr<ServiceState> ServiceTable::find(const policy::Service& service) {
  const std::scoped_lock lock(mutex_);
  std::shared_ptr<ServiceState>& state = services_[service.key];
  if (state != nullptr) return state;
  state = std::make_shared<ServiceState>();
  for (const Endpoint& each : service.endpoints) {
    std::shared_ptr<EndpointState>& endpoint = endpoints_[endpoint_key(service, each)];
    if (endpoint == nullptr) endpoint = std::make_shared<EndpointState>();
    state->endpoints.push_back(endpoint);
  }
  return state;
}

void ServiceTable::retain(const policy::Snapshot& snapshot) {
  std::set<std::string> services, endpoints;
  for (const auto& service : snapshot.services) {
    services.insert(service->key);
    for (const Endpoint& each : service->endpoints) endpoints.insert(endpoint_key(*service, each));
  }
  const std::scoped_lock lock(mutex_);
  std::erase_if(services_, [&](const auto& each) { return !services.contains(each.first); });
  std::erase_if(endpoints_, [&](const auto& each) { return !endpoints.contains(each.first); });
}

}  // namespace interlock::session
