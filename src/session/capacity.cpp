#include "session/capacity.h"

#include <algorithm>

#include <fmt/format.h>

namespace interlock::session {

Place::~Place() {
  if (capacity_ != nullptr) capacity_->leave(*this);
}

void Capacity::configure(const policy::ClientLimits& limits) {
  const auto part = [](std::size_t of, std::size_t share) {
    return std::max<std::size_t>(1, of / share);
  };
  const std::scoped_lock lock(mutex_);
  connections_max_ = std::min(limits.connections, connections_most_);
  const std::size_t half = part(connections_max_, 2);
  per_address_max_ =
      limits.connections_per_address.value_or(std::min(half, limits::kConnectionsPerAddressMax));
  per_device_max_ = limits.connections_per_device;
  handshakes_max_ = limits.handshakes.value_or(std::min(half, limits::kHandshakesMax));
  handshakes_per_address_max_ = limits.handshakes_per_address.value_or(
      part(handshakes_max_, limits::kHandshakesShareOfAddress));
  most_held_.store(limits.buffer_bytes, std::memory_order_relaxed);
}

// The dearest first: what concerns everybody, then what one address has brought about.
std::optional<NoPlace> Capacity::refuse(const Network& network, bool known) const {
  if (connections() >= connections_max_) {
    return NoPlace{Limit::kConnections,
                   fmt::format("{} connections are open, as many as may be", connections_max_)};
  }
  const auto at = networks_.find(network);
  const Use use = at == networks_.end() ? Use{} : at->second;
  if (use.connections >= per_address_max_) {
    return NoPlace{Limit::kConnectionsPerAddress,
                   fmt::format("its address has {} connections open, as many as one may have",
                               per_address_max_)};
  }
  const std::size_t kept = handshakes_max_ / limits::kHandshakesShareOfKnown;
  if (num_handshakes_ >= handshakes_max_ || (!known && num_strangers_ >= handshakes_max_ - kept)) {
    return NoPlace{Limit::kHandshakes,
                   fmt::format("{} handshakes are under way, as many as may be", num_handshakes_)};
  }
  if (use.handshakes >= handshakes_per_address_max_) {
    return NoPlace{Limit::kHandshakesPerAddress,
                   fmt::format("its address has {} handshakes under way, as many as one may have",
                               handshakes_per_address_max_)};
  }
  if (!known && is_full()) {
    return NoPlace{Limit::kMemory, "the memory for what clients send and are sent is used up"};
  }
  return std::nullopt;
}

std::optional<NoPlace> Capacity::enter(std::string_view peer, Place& place) {
  const Network network = network_of(peer);
  const std::scoped_lock lock(mutex_);
  const bool known = known_index_.contains(network);
  if (auto refused = refuse(network, known)) {
    refused->known = known;
    return refused;
  }
  Use& use = networks_[network];
  ++use.connections;
  ++use.handshakes;
  ++num_handshakes_;
  if (!known) ++num_strangers_;
  num_.fetch_add(1, std::memory_order_relaxed);
  place.capacity_ = this;
  place.network_ = network;
  place.known_ = known;
  place.handshaking_ = true;
  return std::nullopt;
}

std::optional<NoPlace> Capacity::identify(Place& place, std::string_view device) {
  const std::scoped_lock lock(mutex_);
  if (place.device_ == device) return std::nullopt;
  remember(place.network_);
  std::string id(device);
  const auto at = devices_.find(id);
  if (at != devices_.end() && at->second >= per_device_max_) {
    return NoPlace{
        Limit::kConnectionsPerDevice,
        fmt::format("the device has {} connections open, as many as one may have", at->second)};
  }
  leave_device(place);
  ++devices_[id];
  place.device_ = std::move(id);
  return std::nullopt;
}

void Capacity::handshake_over(Place& place) {
  const std::scoped_lock lock(mutex_);
  end_handshake(place);
}

void Capacity::end_handshake(Place& place) {
  if (!std::exchange(place.handshaking_, false)) return;
  --networks_.at(place.network_).handshakes;
  --num_handshakes_;
  if (!place.known_) --num_strangers_;
}

void Capacity::leave_device(Place& place) {
  const auto at = devices_.find(place.device_);
  if (at != devices_.end() && --at->second == 0) devices_.erase(at);
  place.device_.clear();
}

void Capacity::leave(Place& place) noexcept {
  const std::scoped_lock lock(mutex_);
  end_handshake(place);
  leave_device(place);
  const auto at = networks_.find(place.network_);
  if (--at->second.connections == 0) networks_.erase(at);
  num_.fetch_sub(1, std::memory_order_relaxed);
  place.capacity_ = nullptr;
}

void Capacity::remember(const Network& network) {
  const auto at = known_index_.find(network);
  if (at != known_index_.end()) {
    known_.splice(known_.begin(), known_, at->second);
    return;
  }
  if (known_.size() == limits::kKnownAddressesMax) {
    known_index_.erase(known_.back());
    known_.pop_back();
  }
  known_.push_front(network);
  known_index_.emplace(network, known_.begin());
}

std::uint64_t Capacity::held() const {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, held_.load(std::memory_order_relaxed)));
}

std::uint64_t Capacity::even_share() const {
  return most_held() / std::max<std::size_t>(1, connections());
}

std::size_t Capacity::connections_max() const {
  const std::scoped_lock lock(mutex_);
  return connections_max_;
}

std::size_t connections_for(std::size_t num_descriptors) {
  // Where there are few, what is left must be worth starting for.
  const std::size_t reserved = std::min(limits::kDescriptorsReserved, num_descriptors / 2);
  return std::max<std::size_t>(1, (num_descriptors - reserved) / limits::kDescriptorsPerConnection);
}

}  // namespace interlock::session
