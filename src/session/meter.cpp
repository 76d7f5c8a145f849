#include "session/meter.h"

#include <algorithm>

namespace interlock::session {

void Histogram::observe(std::int64_t micros) {
  const auto* const at = std::lower_bound(kBounds.begin(), kBounds.end(), micros);
  counts_[static_cast<std::size_t>(at - kBounds.begin())].add();
  sum_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)));
}

std::string_view to_string(Limit limit) {
  switch (limit) {
    case Limit::kConnections:
      return "connections";
    case Limit::kConnectionsPerAddress:
      return "connections_per_address";
    case Limit::kConnectionsPerDevice:
      return "connections_per_device";
    case Limit::kHandshakes:
      return "handshakes";
    case Limit::kHandshakesPerAddress:
      return "handshakes_per_address";
    case Limit::kHandshakeTime:
      return "handshake_time";
    case Limit::kMemory:
      return "memory";
    case Limit::kDescriptors:
      return "descriptors";
    case Limit::kHead:
      return "head";
    case Limit::kHeadTime:
      return "head_time";
    case Limit::kBody:
      return "body";
    case Limit::kBodyTime:
      return "body_time";
    case Limit::kReadTime:
      return "read_time";
    case Limit::kIdleTime:
      return "idle_time";
    case Limit::kPipeline:
      return "pipeline";
    case Limit::kServiceConnections:
      return "service_connections";
    case Limit::kServiceQueue:
      return "service_queue";
    case Limit::kServiceTime:
      return "service_time";
    case Limit::kCount:
      break;
  }
  return "";
}

void Meter::retain(const policy::Snapshot& snapshot) {
  listeners.retain([&](const std::string& name) { return snapshot.listener(name) != nullptr; });
  services.retain([&](const std::string& name) {
    return std::any_of(snapshot.services.begin(), snapshot.services.end(),
                       [&](const auto& each) { return each->name == name; });
  });
}

}  // namespace interlock::session
