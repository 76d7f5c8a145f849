// What clients may take of the gateway, as the configuration has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/limits.h"

namespace interlock::policy {

// ClientLimits are `limits { }` of the configuration; what it leaves open depends on the others.
struct ClientLimits {
  std::size_t connections = limits::kConnectionsMax;
  std::optional<std::size_t> connections_per_address;
  std::size_t connections_per_device = limits::kConnectionsPerDeviceMax;
  std::optional<std::size_t> handshakes;
  std::optional<std::size_t> handshakes_per_address;
  std::uint64_t buffer_bytes = limits::kBufferBytesMax;
  Millis handshake_timeout = limits::kHandshakeTimeout;
  Millis head_timeout = limits::kHeadTimeout;
  Millis idle_timeout = limits::kIdleTimeout;
  Millis transfer_timeout = limits::kBodyStallTimeout;
  std::uint64_t transfer_rate = limits::kTransferRateMin;

  // transfer_bytes is what must move in each transfer_timeout.
  [[nodiscard]] std::uint64_t transfer_bytes() const {
    return transfer_rate * static_cast<std::uint64_t>(transfer_timeout.ms) / 1000;
  }
};

}  // namespace interlock::policy
