// An address and port to listen on or to dial. Addresses are literals: looking up a name could load
// foreign code into the process, and would let the network decide where data goes.
#pragma once

#include <cstdint>
#include <string>

namespace interlock {

// Endpoint is valid where policy/units.h made it: `host` is the canonical text of an IPv4 address
// or, with `v6`, of an IPv6 address without brackets (RFC 5952); `port` is 1 to 65535.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  bool v6 = false;

  bool operator==(const Endpoint&) const = default;

  // to_string returns "192.0.2.1:8443" or "[::1]:8443".
  [[nodiscard]] std::string to_string() const {
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
};

}  // namespace interlock
