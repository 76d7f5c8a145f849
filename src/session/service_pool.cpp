#include "session/service_pool.h"

#include <array>
#include <utility>
#include <vector>

#include "base/text.h"

namespace interlock::session {

bool ServiceConnection::is_quiet() {
  std::array<std::uint8_t, 1> byte{};
  return stream->lasts() && stream->read(byte).state == port::IoState::kBlocked;
}

void ServicePool::Place::leave() {
  if (side_ == nullptr) return;
  side_->state->line.leave(*this);
  --side_->num_waiting;
  side_.reset();
}

void ServicePool::Side::keep(ServiceConnection connection, Instant now) {
  Idle& kept = idle.emplace_front();
  connection.in.rest();
  kept.connection = std::move(connection);
  kept.since = now;
  of_device.emplace(kept.connection.device, idle.begin());
  kept.connection.stream->observe(&kept);
  kept.connection.stream->want(true, false);
}

void ServicePool::Side::forget(std::list<Idle>::iterator at) {
  auto [each, last] = of_device.equal_range(at->connection.device);
  while (each != last && each->second != at) ++each;
  of_device.erase(each);
}

std::optional<ServiceConnection> ServicePool::Side::take(std::string_view device,
                                                         std::optional<std::size_t> endpoint,
                                                         const Tried& tried) {
  const auto wanted = [&](std::size_t at) {
    return endpoint ? at == *endpoint : !tried.has(at) && !state->endpoints[at]->down();
  };
  auto [each, last] = of_device.equal_range(device);
  while (each != last) {
    const auto at = each->second;
    if (!at->stale && !wanted(at->connection.endpoint)) {
      ++each;
      continue;
    }
    each = of_device.erase(each);
    const bool stale = at->stale;
    ServiceConnection connection = std::move(at->connection);
    idle.erase(at);
    if (stale) continue;
    connection.reused = true;
    return connection;
  }
  return std::nullopt;
}

bool ServicePool::Side::drop_oldest() {
  if (idle.empty()) return false;
  forget(std::prev(idle.end()));
  idle.pop_back();
  return true;
}

template <class Condition>
void ServicePool::Side::drop_where(const Condition& condition) {
  for (auto at = idle.begin(); at != idle.end();) {
    const auto each = at++;
    if (!condition(*each)) continue;
    forget(each);
    idle.erase(each);
  }
}

const std::shared_ptr<ServicePool::Side>& ServicePool::side_of(const policy::Service& service) {
  std::shared_ptr<Side>& side = sides_[service.key];
  if (side == nullptr) side = std::make_shared<Side>(table_.find(service), wakeup_);
  return side;
}

// The least busy of those that may be tried. Where all rest, one of them is better than none.
std::optional<std::size_t> ServicePool::choose(Side& side, const Tried& tried) const {
  const std::vector<std::shared_ptr<EndpointState>>& all = side.state->endpoints;
  std::optional<std::size_t> best, resting;
  std::uint32_t best_busy = 0;
  const std::size_t from = side.next++;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t at = (from + i) % all.size();
    if (tried.has(at) || all[at]->down()) continue;
    const std::uint32_t busy = all[at]->num_busy.load(std::memory_order_relaxed);
    if (best && busy >= best_busy) continue;
    if (all.size() > 1 && !all[at]->may_try(clock_.now())) {
      if (!resting) resting = at;
      continue;
    }
    best = at;
    best_busy = busy;
  }
  return best ? best : resting;
}

ServicePool::Borrowed ServicePool::stand_in_line(const std::shared_ptr<Side>& side,
                                                 const Request& request) {
  Place& place = request.place;
  if (place.taken()) return Borrowed::kWait;
  place.thread = &side->thread;
  place.device_ = request.device;
  place.observer_ = &request.observer;
  if (!side->state->line.join(place)) return Borrowed::kQueueFull;
  place.side_ = side;
  ++side->num_waiting;
  side->state->line.ask_for_room();
  return Borrowed::kWait;
}

ServicePool::Outcome ServicePool::borrow(const Request& request, bool fresh) {
  const policy::Service& service = request.service;
  Place& place = request.place;
  const std::shared_ptr<Side> side = side_of(service);
  const ServiceLine& line = side->state->line;
  // First come, first served.
  const bool first = place.taken() ? line.is_first(place) : line.size() == 0;
  if (!first) return {.borrowed = stand_in_line(side, request)};
  Outcome outcome{.borrowed = request.tried.any() ? Borrowed::kUnreachable : Borrowed::kDown};
  const auto begin = [&](ServiceConnection connection) {
    EndpointState& state = *side->state->endpoints[connection.endpoint];
    connection.busy = Counted({side->state, &state.num_busy});
    outcome.connection = std::move(connection);
    outcome.borrowed = Borrowed::kYes;
    place.leave();
    return std::move(outcome);
  };
  while (const auto endpoint = choose(*side, request.tried)) {
    if (!fresh) {
      if (auto kept = side->take(request.device, endpoint, request.tried)) {
        return begin(std::move(*kept));
      }
    }
    auto room = Room::take(side->state, service.connections_max);
    if (!room && !fresh) {
      // Its own to another endpoint does as well.
      if (auto kept = side->take(request.device, std::nullopt, request.tried)) {
        return begin(std::move(*kept));
      }
    }
    while (!room && side->drop_oldest()) room = Room::take(side->state, service.connections_max);
    if (!room) return {.borrowed = stand_in_line(side, request)};
    auto stream = dialer_.dial(service, service.endpoints[*endpoint]);
    if (stream) {
      ServiceConnection connection;
      connection.stream = std::move(*stream);
      connection.endpoint = *endpoint;
      connection.device = request.device;
      connection.room = std::move(*room);
      return begin(std::move(connection));
    }
    outcome.failure = errno_text(stream.error().sys);
    outcome.borrowed = Borrowed::kNoSocket;
    if (stream.error().code == Errc::kLimit) break;  // The endpoint is not to blame.
    outcome.borrowed = Borrowed::kUnreachable;
    request.tried.add(*endpoint);
    failed(service, *endpoint, outcome.failure);
  }
  place.leave();
  return outcome;
}

void ServicePool::give_back(const policy::Service& service, ServiceConnection connection) {
  const auto at = sides_.find(service.key);
  if (at == sides_.end() || connection.stream == nullptr || !connection.in.empty()) return;
  Side& side = *at->second;
  connection.busy = Counted();
  if (side.state->endpoints[connection.endpoint]->down()) return;
  if (side.state->line.size() > 0) {
    // Whoever is first has the room, and also the connection where it was the device's own.
    const auto* first = static_cast<Place*>(side.state->line.first_of(wakeup_));
    if (first == nullptr || first->device_ != connection.device) return;
    wakeup_.request();
  }
  if (side.idle.size() >= limits::kServicePoolMax) side.drop_oldest();
  side.keep(std::move(connection), clock_.now());
}

void ServicePool::answered(const policy::Service& service, std::size_t endpoint) {
  const auto at = sides_.find(service.key);  // Not there: it is gone by a reload.
  if (at != sides_.end()) at->second->state->endpoints[endpoint]->answered();
}

void ServicePool::failed(const policy::Service& service, std::size_t endpoint,
                         std::string_view why) {
  const auto at = sides_.find(service.key);
  if (at != sides_.end()) at->second->state->endpoints[endpoint]->failed(clock_.now(), why);
}

void ServicePool::retain(const policy::Snapshot& snapshot) {
  std::unordered_map<std::string, std::shared_ptr<Side>> next;
  for (const auto& service : snapshot.services) {
    const auto at = sides_.find(service->key);
    if (at != sides_.end()) next.insert(sides_.extract(at));
  }
  // Who stands in line at a service that is gone looks once more, and goes on under its old name.
  for (auto& [key, side] : sides_) {
    while (side->drop_oldest()) {
    }
    if (side->num_waiting > 0) next.emplace(key, side);
  }
  sides_ = std::move(next);
}

// Each of this thread that borrows leaves the line; the first that cannot stays, and so do all
// behind it.
void ServicePool::let_turn(Side& side) {
  const ServiceLine& line = side.state->line;
  while (auto* first = static_cast<Place*>(line.first_of(wakeup_))) {
    first->observer_->on_stream_ready();
    if (line.first_of(wakeup_) == first) return;
  }
}

// Whoever still waits, here or elsewhere, needs the room more than what nobody uses.
void ServicePool::make_room(Side& side) {
  for (std::size_t left = side.state->line.size(); left > 0 && side.drop_oldest();) --left;
}

void ServicePool::on_wakeup() {
  std::vector<std::shared_ptr<Side>> waited_for;
  for (const auto& [key, side] : sides_) {
    if (side->state->line.size() > 0) waited_for.push_back(side);
  }
  for (const auto& side : waited_for) {
    let_turn(*side);
    make_room(*side);
  }
}

void ServicePool::on_tick() {
  const Instant now = clock_.now();
  for (auto& [key, side] : sides_) {
    side->drop_where([&, state = side->state.get()](const Idle& each) {
      return each.stale || now - each.since > limits::kServiceIdleTimeout ||
             state->endpoints[each.connection.endpoint]->down();
    });
  }
  on_wakeup();
}

std::size_t ServicePool::num_idle(const policy::Service& service) const {
  const auto at = sides_.find(service.key);
  return at == sides_.end() ? 0 : at->second->idle.size();
}

}  // namespace interlock::session
