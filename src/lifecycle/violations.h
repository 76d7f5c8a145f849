// How often each device was denied lately: a sliding window per device, and one event when a
// threshold is crossed, however long the storm.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/limits.h"

namespace interlock::lifecycle {

// ViolationRules is what a tier says. A threshold of 0 counts nothing.
struct ViolationRules {
  std::uint32_t threshold = 0;  // At most limits::kViolationThresholdMax.
  Millis window;                // Above 0.
};

// Violations belongs to one thread. It outlives configurations: a reload forgives nothing.
class Violations {
 public:
  explicit Violations(std::size_t devices_max = limits::kViolationDevicesMax)
      : devices_max_(devices_max) {}

  struct Count {
    std::uint32_t in_window = 0;  // With this one. Never fewer than there were in `window`, never
                                  // more than there were in 9/8 of it.
    bool crossed = false;  // This one reached the threshold. It is not said again before the count
                           // has fallen below, or the device was forgotten.
    bool counted = true;   // False: there is no room for another device. Nothing is known then.
  };

  // add counts one violation of a device. Allocates for the first one only.
  Count add(std::string_view device, const ViolationRules& rules, Instant now);

  // forget begins anew: for a device whose quarantine for violations was released, so that the next
  // storm is an event again.
  void forget(std::string_view device);

  [[nodiscard]] std::size_t size() const { return windows_.size(); }

 private:
  static constexpr std::size_t kSlots = 9;  // Eight whole ones, and the one that is filling.

  // Window counts in slots of an eighth of its length.
  struct Window {
    std::array<std::uint16_t, kSlots> slots{};  // Of the times `newest - i`, at [that % kSlots].
    bool above = false;                         // The threshold was crossed, and still is.
    std::int64_t newest = 0;                    // Number of the newest slot: time / slot_len.
    Millis slot_len;

    void advance(Millis new_slot_len, Instant now);
    [[nodiscard]] bool over(Instant now) const;  // Nothing in it counts any more.
    [[nodiscard]] std::uint32_t sum() const;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  bool has_room(Instant now);

  const std::size_t devices_max_;
  Instant looked_through_at_;  // When there was last no room, and nobody to forget.
  bool looked_through_ = false;
  std::unordered_map<std::string, Window, Hash, std::equal_to<>> windows_;
};

}  // namespace interlock::lifecycle
