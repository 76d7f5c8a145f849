#include "session/service_pool.h"

#include <array>

namespace interlock::session {

bool ServiceConnection::is_quiet() {
  std::array<std::uint8_t, 1> byte;
  return stream->read(byte).state == port::IoState::kBlocked;
}

ServiceConnection ServicePool::borrow(const policy::Service& service, bool fresh) {
  const Endpoint& endpoint = service.endpoints.front();
  auto& idle = idle_[endpoint.to_string()];
  while (!fresh && !idle.empty()) {
    const bool stale = idle.front().stale;
    ServiceConnection connection = std::move(idle.front().connection);
    idle.pop_front();
    if (stale) continue;
    connection.reused = true;
    return connection;
  }
  ServiceConnection connection;
  connection.endpoint = endpoint;
  connection.stream = dialer_.dial(service, endpoint);
  return connection;
}

void ServicePool::give_back(ServiceConnection connection) {
  auto& idle = idle_[connection.endpoint.to_string()];
  if (connection.stream == nullptr || !connection.in.empty() ||
      idle.size() >= limits::kServicePoolMax) {
    return;
  }
  Idle& kept = idle.emplace_front();
  kept.connection = std::move(connection);
  kept.since = clock_.now();
  kept.connection.stream->observe(&kept);
  kept.connection.stream->want(true, false);
}

void ServicePool::expire() {
  const Instant now = clock_.now();
  for (auto& [endpoint, idle] : idle_) {
    idle.remove_if([&](const Idle& each) {
      return each.stale || now - each.since > limits::kServiceIdleTimeout;
    });
  }
}

std::size_t ServicePool::num_idle(const Endpoint& endpoint) const {
  const auto at = idle_.find(endpoint.to_string());
  return at == idle_.end() ? 0 : at->second.size();
}

}  // namespace interlock::session
