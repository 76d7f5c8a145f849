#include "session/network.h"

#include <functional>
#include <string>

#include <arpa/inet.h>

namespace interlock::session {

Network network_of(std::string_view peer) {
  const std::size_t end = peer.rfind(':');
  if (end == std::string_view::npos) return {};
  std::string host(peer.substr(0, end));
  Network network;
  if (host.size() > 2 && host.front() == '[') {
    host = host.substr(1, host.size() - 2);
    in6_addr address{};
    if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return {};
    for (int i = 0; i < 8; ++i) network.bits = network.bits << 8 | address.s6_addr[i];
    network.v6 = true;
  } else {
    in_addr address{};
    if (inet_pton(AF_INET, host.c_str(), &address) != 1) return {};
    network.bits = address.s_addr;
  }
  return network;
}

std::size_t NetworkHash::operator()(const Network& network) const {
  return std::hash<std::uint64_t>()(network.bits * 2 + (network.v6 ? 1 : 0));
}

}  // namespace interlock::session
