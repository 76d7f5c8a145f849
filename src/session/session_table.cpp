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
  if (num_open_ >= sessions_max_) {
    Gate(context_, std::move(origin))
        .refuse_handshake(Reason::overloaded, "too many connections are open");
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
  slots_[slot].session = std::make_unique<Session>(*this, id, context_, std::move(origin));
  return slots_[slot].session.get();
}

void SessionTable::refuse_unaccepted(std::string_view listener, std::string_view detail) {
  Gate(context_, {.listener = std::string(listener)}).refuse_handshake(Reason::overloaded, detail);
}

Session* SessionTable::find(SessionId id) const {
  if (id.slot >= slots_.size() || slots_[id.slot].generation != id.generation) return nullptr;
  return slots_[id.slot].session.get();
}

void SessionTable::index(SessionId id, const policy::Admission& admission) {
  forget(id.slot);
  Slot& slot = slots_[id.slot];
  slot.keys = {index_key(IndexKind::kDevice, admission.device->id),
               index_key(IndexKind::kCredential, to_hex(admission.facts->leaf->spki_sha256))};
  slot.indexed = true;
  for (const std::uint64_t key : slot.keys) index_.emplace(key, id.slot);
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
    if (slots_[from].session) slots_[from].session->on_snapshot_changed();
  }
  return from == slots_.size();
}

void SessionTable::on_tick() {
  const Instant now = context_.clock.now();
  for (Slot& slot : slots_) {
    if (!slot.session) continue;
    if (slot.session->deadline() <= now) {
      slot.session->on_deadline();
    } else if (slot.session->may_rest(now)) {
      slot.session->rest();
    }
  }
}

void SessionTable::on_wakeup() {
  for (const SessionId id : std::exchange(waiting_, {})) {
    if (Session* session = find(id)) session->advance();
  }
  for (const SessionId id : std::exchange(retired_, {})) free_slot(id);
}

void SessionTable::come_back(SessionId id) {
  waiting_.push_back(id);
  context_.wakeup.request();
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
  slot.session.reset();
  ++slot.generation;
  free_.push_back(id.slot);
  --num_open_;
}

}  // namespace interlock::session
