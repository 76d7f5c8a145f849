// Which device an identity belongs to: the inventory's index, made for a hundred thousand of them.
// One block of text, one flat array, and a table of places in it, instead of a node for each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/identity.h"
#include "policy/device.h"

namespace interlock::policy {

class Identities {
 public:
  // add binds an identity of one trust to `device`, which must outlive this; it returns the device
  // that has the identity already, and then changes nothing, or null.
  const Device* add(std::string_view trust, IdentityKind kind, std::string_view value,
                    const Device* device);

  // find returns the device, or null.
  [[nodiscard]] const Device* find(std::string_view trust, IdentityKind kind,
                                   std::string_view value) const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  // settle gives back what was kept for further entries.
  void settle();

 private:
  struct Entry {
    const Device* device;
    std::uint32_t at, len;  // Of its key in text_.
  };
  static constexpr std::uint32_t kFree = UINT32_MAX;

  // The slot that holds `key`, or the free one where it belongs.
  [[nodiscard]] std::size_t slot_of(std::string_view key) const;
  [[nodiscard]] std::string_view key_of(const Entry& entry) const {
    return std::string_view(text_).substr(entry.at, entry.len);
  }
  void grow();

  std::string text_;  // identity_key() of each, one after the other.
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // Places in entries_, by hash; a power of two.
};

// identity_key returns what no two identities share: one is bound to one trust.
std::string identity_key(std::string_view trust, IdentityKind kind, std::string_view value);

}  // namespace interlock::policy
