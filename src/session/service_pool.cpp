#include "session/service_pool.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace interlock::session {
namespace {

// A count inside a state that lives at least as long.
std::shared_ptr<std::atomic<std::uint32_t>> count_in(const std::shared_ptr<ServiceState>& state,
                                                     std::atomic<std::uint32_t>& count) {
  return {state, &count};
}

}  // namespace

std::optional<Counted> Counted::try_count(std::shared_ptr<std::atomic<std::uint32_t>> count,
                                          std::uint32_t most) {
  std::uint32_t now = count->load(std::memory_order_relaxed);
  do {
    if (now >= most) return std::nullopt;
  } while (!count->compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
  Counted made;
  made.count_ = std::move(count);
  return made;
}

bool ServiceConnection::is_quiet() {
  std::array<std::uint8_t, 1> byte{};
  return stream->lasts() && stream->read(byte).state == port::IoState::kBlocked;
}

void ServicePool::Place::leave() {
  if (side_ == nullptr) return;
  side_->line.erase(at_);
  waiting_ = Counted();
  side_.reset();
}

const std::shared_ptr<ServicePool::Side>& ServicePool::side_of(const policy::Service& service) {
  std::shared_ptr<Side>& side = sides_[service.key];
  if (side == nullptr) {
    side = std::make_shared<Side>();
    side->state = table_.find(service);
  }
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

std::optional<ServiceConnection> ServicePool::take_idle(Side& side,
                                                        std::optional<std::size_t> endpoint,
                                                        const Tried& tried) {
  for (auto at = side.idle.begin(); at != side.idle.end();) {
    const bool wanted =
        endpoint ? at->connection.endpoint == *endpoint : !tried.has(at->connection.endpoint);
    if (!wanted && !at->stale) {
      ++at;
      continue;
    }
    const bool stale = at->stale;
    ServiceConnection connection = std::move(at->connection);
    at = side.idle.erase(at);
    if (stale) continue;
    connection.reused = true;
    return connection;
  }
  return std::nullopt;
}

ServicePool::Borrowed ServicePool::stand_in_line(const std::shared_ptr<Side>& side, Place& place,
                                                 port::StreamObserver& observer) {
  if (place.taken()) return Borrowed::kWait;
  if (side->line.size() >= limits::kServiceQueueMax) return Borrowed::kQueueFull;
  place.at_ = side->line.insert(side->line.end(), &place);
  place.side_ = side;
  place.observer_ = &observer;
  place.waiting_ = Counted(count_in(side->state, side->state->num_waiting));
  return Borrowed::kWait;
}

ServicePool::Outcome ServicePool::borrow(const policy::Service& service, Tried& tried, Place& place,
                                         port::StreamObserver& observer, bool fresh) {
  const std::shared_ptr<Side> side = side_of(service);
  // First come, first served.
  const bool first = place.taken() ? side->line.front() == &place : side->line.empty();
  if (!first) return {.borrowed = stand_in_line(side, place, observer)};
  Outcome outcome{.borrowed = tried.any() ? Borrowed::kUnreachable : Borrowed::kDown};
  while (const auto endpoint = choose(*side, tried)) {
    const auto begin = [&](ServiceConnection connection) {
      EndpointState& state = *side->state->endpoints[connection.endpoint];
      connection.busy = Counted({side->state, &state.num_busy});
      outcome.connection = std::move(connection);
      outcome.borrowed = Borrowed::kYes;
      place.leave();
      return std::move(outcome);
    };
    if (!fresh) {
      if (auto kept = take_idle(*side, endpoint, tried)) return begin(std::move(*kept));
    }
    auto open = Counted::try_count(count_in(side->state, side->state->num_connections),
                                   service.connections_max);
    if (!open) {
      // One that is kept elsewhere does as well, or makes room.
      auto kept = take_idle(*side, std::nullopt, tried);
      if (!kept) return {.borrowed = stand_in_line(side, place, observer)};
      if (!fresh) return begin(std::move(*kept));
      continue;
    }
    auto stream = dialer_.dial(service, service.endpoints[*endpoint]);
    if (stream) {
      ServiceConnection connection;
      connection.stream = std::move(*stream);
      connection.endpoint = *endpoint;
      connection.open = std::move(*open);
      return begin(std::move(connection));
    }
    outcome.failure = errno_text(stream.error().sys);
    outcome.borrowed = Borrowed::kNoSocket;
    if (stream.error().code == Errc::kLimit) break;  // The endpoint is not to blame.
    outcome.borrowed = Borrowed::kUnreachable;
    tried.add(*endpoint);
    failed(service, *endpoint, outcome.failure);
  }
  place.leave();
  return outcome;
}

void ServicePool::give_back(const policy::Service& service, ServiceConnection connection) {
  const auto at = sides_.find(service.key);
  if (at == sides_.end()) return;
  Side& side = *at->second;
  // Kept or closed: who stands in line may have one now.
  if (!side.line.empty()) wakeup_.request();
  if (connection.stream == nullptr || !connection.in.empty()) return;
  connection.busy = Counted();
  const bool needed_elsewhere =
      side.state->num_waiting.load(std::memory_order_relaxed) > side.line.size();
  if (needed_elsewhere || side.idle.size() >= limits::kServicePoolMax ||
      side.state->endpoints[connection.endpoint]->down()) {
    return;
  }
  Idle& kept = side.idle.emplace_front();
  connection.in.rest();
  kept.connection = std::move(connection);
  kept.since = clock_.now();
  kept.connection.stream->observe(&kept);
  kept.connection.stream->want(true, false);
}

void ServicePool::close(const policy::Service& service, ServiceConnection connection) {
  connection = ServiceConnection();
  const auto at = sides_.find(service.key);
  if (at != sides_.end() && !at->second->line.empty()) wakeup_.request();
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
    side->idle.clear();
    if (!side->line.empty()) next.emplace(key, side);
  }
  sides_ = std::move(next);
}

void ServicePool::let_turn(Side& side) {
  // Each that borrows leaves the line; the first that cannot stays, and so do all behind it.
  while (!side.line.empty()) {
    const std::size_t before = side.line.size();
    side.line.front()->observer_->on_stream_ready();
    if (side.line.size() >= before) return;
  }
}

void ServicePool::on_wakeup() {
  std::vector<std::shared_ptr<Side>> waited_for;
  for (const auto& [key, side] : sides_) {
    if (!side->line.empty()) waited_for.push_back(side);
  }
  for (const auto& side : waited_for) let_turn(*side);
}

void ServicePool::on_tick() {
  const Instant now = clock_.now();
  for (auto& [key, owned] : sides_) {
    Side& side = *owned;
    const bool needed_elsewhere =
        side.state->num_waiting.load(std::memory_order_relaxed) > side.line.size();
    side.idle.remove_if([&](const Idle& each) {
      return needed_elsewhere || each.stale || now - each.since > limits::kServiceIdleTimeout ||
             side.state->endpoints[each.connection.endpoint]->down();
    });
  }
  on_wakeup();
}

std::size_t ServicePool::num_idle(const policy::Service& service) const {
  const auto at = sides_.find(service.key);
  return at == sides_.end() ? 0 : at->second->idle.size();
}

}  // namespace interlock::session
