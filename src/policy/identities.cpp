#include "policy/identities.h"

#include <functional>

#include "base/limits.h"
#include "base/result.h"

namespace interlock::policy {

static_assert(2 * limits::kInventoryBytesMax < UINT32_MAX,
              "places in the text fit: a row's trust and identity stand in the file");

const Device* Identities::add(std::string_view trust, IdentityKind kind, std::string_view value,
                              const Device* device) {
  if ((entries_.size() + 1) * 4 > slots_.size() * 3) grow();
  const std::string key = identity_key(trust, kind, value);
  std::uint32_t& slot = slots_[slot_of(key)];
  if (slot != kFree) return entries_[slot].device;
  IL_ASSERT(text_.size() + key.size() < UINT32_MAX);
  slot = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back(
      {device, static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(key.size())});
  text_ += key;
  return nullptr;
}

const Device* Identities::find(std::string_view trust, IdentityKind kind,
                               std::string_view value) const {
  if (slots_.empty()) return nullptr;
  const std::uint32_t slot = slots_[slot_of(identity_key(trust, kind, value))];
  return slot == kFree ? nullptr : entries_[slot].device;
}

void Identities::settle() {
  text_.shrink_to_fit();
  entries_.shrink_to_fit();
}

std::size_t Identities::slot_of(std::string_view key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(key)&mask;
  while (slots_[slot] != kFree && key_of(entries_[slots_[slot]]) != key) slot = (slot + 1) & mask;
  return slot;
}

void Identities::grow() {
  slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, kFree);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) slots_[slot_of(key_of(entries_[i]))] = i;
}

std::string identity_key(std::string_view trust, IdentityKind kind, std::string_view value) {
  std::string key;
  key.reserve(trust.size() + value.size() + 2);
  key += trust;
  key += '\0';
  key += static_cast<char>('0' + static_cast<int>(kind));
  key += value;
  return key;
}

}  // namespace interlock::policy
