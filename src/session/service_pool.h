// Connections to services: which endpoint a request goes to, how many connections there may be, who
// waits for one, and which are kept for the next request. A connection is borrowed for one exchange
// and given back clean, or closed: never kept after an incomplete exchange. It is kept for the
// device it served, and never serves another: a service that answers twice may do so just when the
// next request is on its way, and then nobody can tell whose answer it is.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/limits.h"
#include "policy/snapshot.h"
#include "port/clock.h"
#include "port/dialer.h"
#include "port/wakeup.h"
#include "session/byte_queue.h"
#include "session/service_table.h"

namespace interlock::session {

// Counted raises a count for as long as it lives.
class Counted {
 public:
  Counted() = default;
  explicit Counted(std::shared_ptr<std::atomic<std::uint32_t>> count) : count_(std::move(count)) {
    count_->fetch_add(1, std::memory_order_relaxed);
  }
  Counted(Counted&& other) noexcept = default;
  Counted& operator=(Counted&& other) noexcept {
    std::swap(count_, other.count_);
    return *this;
  }
  ~Counted() {
    if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::shared_ptr<std::atomic<std::uint32_t>> count_;
};

// ServiceConnection is one connection to a service and what it has sent that is not decoded yet.
struct ServiceConnection {
  Room room;                                 // Among those of the service. Ends last.
  std::unique_ptr<port::ByteStream> stream;  // Null: not connected.
  ByteQueue in{limits::kServiceInBytesMax};
  bool reused = false;  // It served an exchange before: a failure may only mean that it was closed.
  std::size_t endpoint = 0;  // Its number in the service.
  std::string device;        // Whom it serves.
  Counted busy;              // Among the requests of the endpoint.

  // is_quiet looks, before a request is sent, whether the service has sent or closed something that
  // belongs to none; it must not be used then. `stream` must be there.
  bool is_quiet();
};

// Tried are the endpoints that a request has been to in vain, by their numbers.
class Tried {
 public:
  void add(std::size_t endpoint) { bits_ |= std::uint32_t{1} << endpoint; }
  [[nodiscard]] bool has(std::size_t endpoint) const { return (bits_ >> endpoint & 1) != 0; }
  [[nodiscard]] bool any() const { return bits_ != 0; }
  void clear() { bits_ = 0; }

 private:
  static_assert(limits::kServiceEndpointsMax <= 32);
  std::uint32_t bits_ = 0;
};

// ServicePool belongs to one data thread.
class ServicePool {
  struct Side;

 public:
  ServicePool(port::Dialer& dialer, const port::Clock& clock, port::Wakeup& wakeup,
              ServiceTable& table)
      : dialer_(dialer), clock_(clock), wakeup_(wakeup), table_(table) {}

  // Place is one request's place in the line for a connection to one service. It leaves the line
  // with its destruction. The observer is told, from a fresh stack, when borrow() may succeed.
  class Place : private ServiceLine::Waiting {
   public:
    Place() = default;
    ~Place() { leave(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    void leave();
    [[nodiscard]] bool taken() const { return side_ != nullptr; }

   private:
    friend class ServicePool;
    std::shared_ptr<Side> side_;
    std::string_view device_;
    port::StreamObserver* observer_ = nullptr;
  };

  enum class Borrowed : std::uint8_t {
    kYes,
    kWait,         // The service has all the connections it may have: `place` stands in line.
    kQueueFull,    // And the line is as long as it may be.
    kDown,         // Health checks find none of its endpoints in order.
    kUnreachable,  // No endpoint is left; `failure` says why the last failed, if one did just now.
    kNoSocket,     // No socket can be had here: no descriptor is free, or no memory.
  };
  struct Outcome {
    Borrowed borrowed = Borrowed::kUnreachable;
    ServiceConnection connection;
    std::string failure;
  };
  // Request is what a connection is borrowed for.
  struct Request {
    const policy::Service& service;
    std::string_view device;  // Whose it is. Valid for as long as it stands in line.
    Tried& tried;
    Place& place;
    port::StreamObserver& observer;
  };

  // borrow hands out a connection to the least busy endpoint that has not been tried: the one
  // that is kept for the device, or a new one. With `fresh` it never reuses one. An endpoint that
  // rests is used only where no other is left. Endpoints that fail at once are added to `tried`.
  Outcome borrow(const Request& request, bool fresh = false);

  // give_back keeps a connection for the device's next exchange, unless the pool is full, somebody
  // else needs the room, or the service has already sent or closed something: an answer nobody
  // asked for is never given to the next request.
  void give_back(const policy::Service& service, ServiceConnection connection);

  // answered and failed say how an endpoint fared.
  void answered(const policy::Service& service, std::size_t endpoint);
  void failed(const policy::Service& service, std::size_t endpoint, std::string_view why);

  // retain closes what is kept for services that `snapshot` does not have any more.
  void retain(const policy::Snapshot& snapshot);

  // on_wakeup lets those in line have their turn, from a fresh stack, and makes room for those of
  // other data threads. Call it after the wakeup's request() and notify().
  void on_wakeup();

  // on_tick closes connections that were idle for too long. Call it some times a second.
  void on_tick();

  [[nodiscard]] std::size_t num_idle(const policy::Service& service) const;

 private:
  // Idle connections are watched: any readiness means closed, or an answer nobody asked for.
  struct Idle final : port::StreamObserver {
    void on_stream_ready() override {
      stale = true;
      connection.stream->want(false, false);
    }
    ServiceConnection connection;
    Instant since;
    bool stale = false;
  };
  // Side is this thread's share of a service: what it keeps, and how many of its requests wait.
  struct Side {
    Side(std::shared_ptr<ServiceState> of, port::Wakeup& by) : state(std::move(of)), thread(by) {
      state->line.add_thread(thread);
    }
    ~Side() { state->line.remove_thread(thread); }
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;

    void keep(ServiceConnection connection, Instant now);
    // take gives a connection that is kept for `device`: to `endpoint`, or to any in order that is
    // not in `tried`.
    std::optional<ServiceConnection> take(std::string_view device,
                                          std::optional<std::size_t> endpoint, const Tried& tried);
    // drop_oldest closes the one that was idle for longest; false where nothing is kept.
    bool drop_oldest();
    template <class Condition>
    void drop_where(const Condition& condition);

    const std::shared_ptr<ServiceState> state;
    port::Wakeup& thread;
    std::list<Idle> idle;  // Most recently used first ...
    std::unordered_multimap<std::string_view, std::list<Idle>::iterator>
        of_device;  // ... by device.
    std::size_t num_waiting = 0;
    std::size_t next = 0;  // Where the search for an endpoint begins.

   private:
    void forget(std::list<Idle>::iterator at);
  };
  const std::shared_ptr<Side>& side_of(const policy::Service& service);
  // choose returns the number of an endpoint; nothing where none is left.
  std::optional<std::size_t> choose(Side& side, const Tried& tried) const;
  static Borrowed stand_in_line(const std::shared_ptr<Side>& side, const Request& request);
  static void make_room(Side& side);
  void let_turn(Side& side);

  port::Dialer& dialer_;
  const port::Clock& clock_;
  port::Wakeup& wakeup_;
  ServiceTable& table_;
  std::unordered_map<std::string, std::shared_ptr<Side>> sides_;  // By policy::Service::key.
};

}  // namespace interlock::session
