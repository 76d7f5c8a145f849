#include "session/meter.h"

namespace interlock::session {

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

}  // namespace interlock::session
