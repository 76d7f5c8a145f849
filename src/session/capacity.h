// What all clients together may hold of the gateway: connections, handshakes, memory. Shared by all
// data threads, so that more threads are no more capacity.
//
// Theory of operation. A connection takes a Place before anything is read from it, or is closed.
// Until it has proved who it is, its handshake counts as under way. The address of a device that
// was admitted is remembered; a part of the handshakes is kept for such addresses, so that a flood
// of strangers, who can only come from elsewhere, does not keep known devices out. A mutex is held
// for a few look-ups when a connection comes, is admitted, and goes; requests never come here but
// to the count of memory, which is one atomic number.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "policy/client_limits.h"
#include "session/meter.h"
#include "session/network.h"

namespace interlock::session {

class Capacity;

// Place is one connection's share of the capacity, which it gives back when it goes.
class Place {
 public:
  Place() = default;
  Place(Place&& other) noexcept { swap(other); }
  Place& operator=(Place&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Place();

  // known: a device that was admitted has been seen at this address.
  [[nodiscard]] bool known() const { return known_; }

 private:
  friend class Capacity;
  void swap(Place& other) noexcept {
    std::swap(capacity_, other.capacity_);
    std::swap(network_, other.network_);
    std::swap(device_, other.device_);
    std::swap(known_, other.known_);
    std::swap(handshaking_, other.handshaking_);
  }

  Capacity* capacity_ = nullptr;  // Null: an empty place.
  Network network_;
  std::string device_;  // Empty until it is known.
  bool known_ = false;
  bool handshaking_ = false;
};

// NoPlace is why there is none: the limit, and a sentence for the record.
struct NoPlace {
  Limit limit = Limit::kCount;
  std::string detail;
  bool known = false;  // As Place::known.
};

// Capacity may be used by any thread, and outlives its places.
class Capacity {
 public:
  // `connections_most`: what the process can serve, whatever the configuration says.
  explicit Capacity(std::size_t connections_most = SIZE_MAX)
      : connections_most_(connections_most) {}

  // configure puts limits in force. Who is there already stays.
  void configure(const policy::ClientLimits& limits);

  // enter gives a new connection from `peer` its place; its handshake is under way from now on.
  std::optional<NoPlace> enter(std::string_view peer, Place& place);

  // identify says which device is at a place, and remembers its address. Again, with another one,
  // it moves. Where the device has no connection left the place stays as it was.
  std::optional<NoPlace> identify(Place& place, std::string_view device);

  // handshake_over: it has ended, well or not.
  void handshake_over(Place& place);

  // hold changes how much memory is held for clients.
  void hold(std::int64_t more_bytes) { held_.fetch_add(more_bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t held() const;
  // is_full: nobody may send more. is_relieved: enough is free again to stop cutting.
  [[nodiscard]] bool is_full() const { return held() > most_held(); }
  [[nodiscard]] bool is_relieved() const { return held() <= most_held() / 8 * 7; }
  // even_share is what each connection would hold if all held the same: where memory is full,
  // somebody holds more.
  [[nodiscard]] std::uint64_t even_share() const;

  // connections is how many there are, and connections_max how many there may be.
  [[nodiscard]] std::size_t connections() const { return num_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t connections_max() const;

 private:
  friend class Place;
  struct Use {
    std::size_t connections = 0, handshakes = 0;
  };
  void leave(Place& place) noexcept;
  void end_handshake(Place& place);
  void leave_device(Place& place);
  void remember(const Network& network);
  std::optional<NoPlace> refuse(const Network& network, bool known) const;
  [[nodiscard]] std::uint64_t most_held() const {
    return most_held_.load(std::memory_order_relaxed);
  }

  const std::size_t connections_most_;
  std::atomic<std::uint64_t> most_held_{limits::kBufferBytesMax};
  std::atomic<std::int64_t> held_{0};
  std::atomic<std::size_t> num_{0};  // Changes under mutex_.

  mutable std::mutex mutex_;  // Protects everything below.
  std::size_t connections_max_ = 0, per_address_max_ = 0, per_device_max_ = 0;
  std::size_t handshakes_max_ = 0, handshakes_per_address_max_ = 0;
  std::size_t num_handshakes_ = 0;
  std::size_t num_strangers_ = 0;  // Handshakes under way from addresses that are not known.
  std::unordered_map<Network, Use, NetworkHash> networks_;
  std::unordered_map<std::string, std::size_t> devices_;  // Connections by device id.
  std::list<Network> known_;                              // The one seen last comes first.
  std::unordered_map<Network, std::list<Network>::iterator, NetworkHash> known_index_;
};

// connections_for returns how many connections so many file descriptors are enough for.
std::size_t connections_for(std::size_t num_descriptors);

}  // namespace interlock::session
