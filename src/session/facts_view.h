// FactsView is what is known of devices beyond intent, at one moment: immutable, and published
// whole, as a Snapshot is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/facts.h"
#include "session/slot.h"

namespace interlock::session {

class FactsView {
 public:
  using FactsPtr = std::shared_ptr<const SubjectFacts>;

  // A view that has no facts, and says so: every device is `state_unavailable`.
  static FactsView unavailable() { return FactsView(false); }

  FactsView() = default;

  // with returns a view in which this is known of a device.
  [[nodiscard]] FactsView with(FactsPtr facts) const {
    FactsView next = *this;
    next.add(std::move(facts));
    return next;
  }
  // add makes this known of a device, while the view is being made.
  void add(FactsPtr facts) { devices_.insert_or_assign(facts->subject.id, std::move(facts)); }

  // find returns null where nothing is known: then intent alone speaks.
  [[nodiscard]] FactsPtr find(std::string_view device) const {
    const auto at = devices_.find(device);
    return at == devices_.end() ? nullptr : at->second;
  }
  [[nodiscard]] bool available() const { return available_; }

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Devices = std::unordered_map<std::string, FactsPtr, Hash, std::equal_to<>>;
  [[nodiscard]] const Devices& devices() const { return devices_; }

 private:
  explicit FactsView(bool available) : available_(available) {}

  bool available_ = true;
  Devices devices_;  // By id.
};

using FactsSlot = Slot<FactsView>;
using FactsReader = SlotReader<FactsView>;

}  // namespace interlock::session
