// Whose connection it is, as far as the network says: what limits "of one address" count by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace interlock::session {

// Network is one IPv4 address, or one /64 of IPv6, of which one box may use all addresses.
struct Network {
  std::uint64_t bits = 0;
  bool v6 = false;
  bool operator==(const Network&) const = default;
};

// network_of reads a peer as the acceptor writes it: "192.0.2.7:40001" or "[2001:db8::7]:40001".
// Whatever else it is given counts as one network.
Network network_of(std::string_view peer);

struct NetworkHash {
  std::size_t operator()(const Network& network) const;
};

}  // namespace interlock::session
