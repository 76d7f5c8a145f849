#include "session/session_table.h"

#include <algorithm>

namespace interlock::session {
namespace {

std::uint64_t index_key(IndexKind kind, std::string_view key) {
  return std::hash<std::string_view>{}(key) + static_cast<std::uint64_t>(kind);
}

bool is_under(IndexKind kind, std::string_view key, const policy::Admission& admission) {
  switch (kind) {
    case IndexKind::kDevice:
      return admission.device != nullptr && admission.device->id == key;
    case IndexKind::kCredential:
      return admission.facts->leaf && to_hex(admission.facts->leaf->spki_sha256) == key;
    case IndexKind::kIssuer:
      return std::ranges::any_of(admission.facts->path, [key](const pki::PathLink& link) {
        return to_hex(link.issuer) == key;
      });
  }
  return false;
}

}  // namespace

Session* SessionTable::open(std::string peer, std::string_view listener) {
  Origin origin{
      .session = ++num_accepted_, .peer = std::move(peer), .listener = std::string(listener)};
  ListenerMeter& counted = context_.meter.listeners.of(listener);
  counted.accepted.add();
  Place place;
  if (const auto refused = context_.capacity.enter(origin.peer, place)) {
    context_.meter.reached(refused->limit);
    wants_room_ |= refused->known && refused->limit == Limit::kConnections;
    Gate(context_, std::move(origin)).refuse_handshake(Reason::overloaded, refused->detail);
    counted.closed.add();
    return nullptr;
  }
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  ++num_open_;
  const SessionId id{slot, slots_[slot].generation};
  slots_[slot].session =
      std::make_unique<Session>(*this, id, context_, std::move(origin), std::move(place));
  return slots_[slot].session.get();
}

void SessionTable::refuse_unaccepted(std::string_view listener, std::string_view detail) {
  context_.meter.reached(Limit::kDescriptors);
  Gate(context_, {.listener = std::string(listener)}).refuse_handshake(Reason::overloaded, detail);
}

Session* SessionTable::find(SessionId id) const {
  if (id.slot >= slots_.size() || slots_[id.slot].generation != id.generation) return nullptr;
  return slots_[id.slot].session.get();
}

void SessionTable::index(SessionId id, const Gate& gate) {
  const policy::Admission& admission = gate.admission();
  forget(id.slot);
  Slot& slot = slots_[id.slot];
  slot.keys = {index_key(IndexKind::kDevice, admission.device->id),
               index_key(IndexKind::kCredential, to_hex(admission.facts->leaf->spki_sha256))};
  slot.indexed = true;
  for (const std::uint64_t key : slot.keys) index_.emplace(key, id.slot);
  expires(gate.expires_at());
}

std::vector<std::uint32_t> SessionTable::found_under(IndexKind kind, std::string_view key) const {
  std::vector<std::uint32_t> found;
  const auto look_at = [&](std::uint32_t slot) {
    if (!slots_[slot].indexed) return;
    if (is_under(kind, key, slots_[slot].session->gate().admission())) found.push_back(slot);
  };
  if (kind == IndexKind::kIssuer) {
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) look_at(slot);
  } else {
    const auto [first, last] = index_.equal_range(index_key(kind, key));
    for (auto at = first; at != last; ++at) look_at(at->second);
  }
  return found;
}

std::size_t SessionTable::cut(IndexKind kind, std::string_view key, Reason reason,
                              std::string_view detail) {
  const std::vector<std::uint32_t> found = found_under(kind, key);
  for (const std::uint32_t slot : found) slots_[slot].session->cut(reason, detail);
  return found.size();
}

void SessionTable::on_snapshot_changed() {
  std::size_t from = 0;
  look_again(from, slots_.size());
}

bool SessionTable::look_again(std::size_t& from, std::size_t most) {
  const std::size_t end = from + std::min(most, slots_.size() - from);
  for (; from < end; ++from) {
    if (slots_[from].session) slots_[from].session->look_again();
  }
  return from == slots_.size();
}

void SessionTable::judge_expired() {
  const WallTime now = context_.clock.wall();
  if (now <= expires_at_) return;
  expires_at_ = kDistantFuture;
  for (const Slot& slot : slots_) {
    if (!slot.indexed) continue;
    const Gate& gate = slot.session->gate();
    if (gate.is_outdated()) slot.session->look_again();
    if (slot.session->phase() == Session::Phase::kServe) {
      expires(gate.expires_at());
    }
  }
}

void SessionTable::on_tick() {
  relieve();
  const Instant now = context_.clock.now();
  for (Slot& slot : slots_) {
    if (!slot.session) continue;
    if (slot.session->deadline() <= now) {
      slot.session->on_deadline();
    } else if (slot.session->may_rest(now)) {
      slot.session->rest();
    }
  }
  context_.refusals.on_tick();
}

void SessionTable::relieve() {
  if (context_.capacity.is_full()) {
    for (const Slot& slot : slots_) {
      if (slot.session && slot.session->held() > 0) slot.session->rest();
    }
    if (!context_.capacity.is_relieved()) cut_largest();
  }
  if (std::exchange(wants_room_, false)) end_idle();
  if (context_.capacity.is_full()) return;
  for (const SessionId id : std::exchange(paused_, {})) {
    if (find(id) == nullptr) continue;
    slots_[id.slot].paused = false;
    come_back(id);
  }
}

// Whoever holds no more than an even share is never cut, and if memory is full somebody holds more:
// on this thread or on another.
void SessionTable::cut_largest() {
  const std::uint64_t share = context_.capacity.even_share();
  std::vector<Session*> large;
  for (const Slot& slot : slots_) {
    if (slot.session && slot.session->held() > share) large.push_back(slot.session.get());
  }
  std::sort(large.begin(), large.end(),
            [](const Session* a, const Session* b) { return a->held() > b->held(); });
  for (Session* each : large) {
    if (context_.capacity.is_relieved()) return;
    each->shed("cut because memory was used up, and it held more than its share");
  }
}

// Those that have been idle for longest: their clients may come back.
void SessionTable::end_idle() {
  std::vector<Session*> idle;
  for (const Slot& slot : slots_) {
    if (slot.session && slot.session->is_idle()) idle.push_back(slot.session.get());
  }
  std::sort(idle.begin(), idle.end(),
            [](const Session* a, const Session* b) { return a->deadline() < b->deadline(); });
  if (idle.size() > limits::kIdleEndedAtOnce) idle.resize(limits::kIdleEndedAtOnce);
  for (Session* each : idle) each->end_idle();
}

bool SessionTable::may_handshake(SessionId id, bool known) {
  auto& [of_known, of_others] = handshakes_;
  context_.wakeup.request();  // The next turn, for those who wait, or to count from anew.
  const bool first = of_known.empty() && of_others.empty();
  if (called_ || (first && handshakes_left_ > 0)) {
    --handshakes_left_;
    return true;
  }
  if (!std::exchange(slots_[id.slot].queued, true)) (known ? of_known : of_others).push_back(id);
  return false;
}

void SessionTable::go_on_with_handshakes() {
  handshakes_left_ = limits::kHandshakesPerTurn;
  for (auto& queue : handshakes_) {
    while (handshakes_left_ > 0 && !queue.empty()) {
      const SessionId id = queue.front();
      queue.pop_front();
      Session* session = find(id);
      if (session == nullptr) continue;
      slots_[id.slot].queued = false;
      called_ = true;
      session->advance();
      called_ = false;
    }
  }
}

void SessionTable::on_wakeup() {
  relieve();
  go_on_with_handshakes();
  for (const SessionId id : std::exchange(waiting_, {})) {
    if (Session* session = find(id)) session->advance();
  }
  for (const SessionId id : std::exchange(retired_, {})) free_slot(id);
}

void SessionTable::come_back(SessionId id) {
  waiting_.push_back(id);
  context_.wakeup.request();
}

void SessionTable::pause(SessionId id) {
  if (!std::exchange(slots_[id.slot].paused, true)) paused_.push_back(id);
}

void SessionTable::retire(SessionId id) {
  retired_.push_back(id);
  context_.wakeup.request();
}

void SessionTable::forget(std::uint32_t slot) {
  if (!std::exchange(slots_[slot].indexed, false)) return;
  for (const std::uint64_t key : slots_[slot].keys) {
    const auto [first, last] = index_.equal_range(key);
    const auto at =
        std::find_if(first, last, [&](const auto& each) { return each.second == slot; });
    index_.erase(at);
  }
}

void SessionTable::free_slot(SessionId id) {
  if (find(id) == nullptr) return;
  Slot& slot = slots_[id.slot];
  forget(id.slot);
  // Of a listener that is gone nothing is counted: it may come back, and begin at nothing.
  if (ListenerMeter* counted = context_.meter.listeners.find(slot.session->gate().listener())) {
    counted->closed.add();
  }
  slot.session.reset();
  slot.queued = slot.paused = false;
  ++slot.generation;
  free_.push_back(id.slot);
  --num_open_;
}

}  // namespace interlock::session
