#include "lifecycle/violations.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace interlock::lifecycle {
namespace {

// How long all devices are not looked through again, where none could be forgotten: it takes some
// milliseconds.
constexpr Millis kLookThroughInterval{1'000};

static_assert(limits::kViolationThresholdMax <= std::numeric_limits<std::uint16_t>::max(),
              "a slot that is full has crossed every threshold");

}  // namespace

// Time that runs back, of a thread whose clock was read earlier, counts as the newest slot's. A
// window of another length, after a reload, begins with all that was counted in the old one.
void Violations::Window::advance(Millis new_slot_len, Instant now) {
  if (new_slot_len != slot_len) {
    const std::uint32_t all = std::min<std::uint32_t>(sum(), limits::kViolationThresholdMax);
    slots.fill(0);
    slot_len = new_slot_len;
    newest = now.ms / slot_len.ms;
    slots[static_cast<std::size_t>(newest) % kSlots] = static_cast<std::uint16_t>(all);
    return;
  }
  const std::int64_t current = std::max(now.ms / slot_len.ms, newest);
  if (current - newest >= static_cast<std::int64_t>(kSlots)) {
    slots.fill(0);
    newest = current;
  }
  while (newest < current) slots[static_cast<std::size_t>(++newest) % kSlots] = 0;
}

bool Violations::Window::over(Instant now) const {
  return now.ms / slot_len.ms - newest >= static_cast<std::int64_t>(kSlots);
}

std::uint32_t Violations::Window::sum() const {
  return std::accumulate(slots.begin(), slots.end(), std::uint32_t{0});
}

bool Violations::has_room(Instant now) {
  if (windows_.size() < devices_max_) return true;
  if (looked_through_ && now < looked_through_at_ + kLookThroughInterval) return false;
  std::erase_if(windows_, [&](const auto& entry) { return entry.second.over(now); });
  looked_through_ = true;
  looked_through_at_ = now;
  return windows_.size() < devices_max_;
}

Violations::Count Violations::add(std::string_view device, const ViolationRules& rules,
                                  Instant now) {
  if (rules.threshold == 0) return {};
  auto at = windows_.find(device);
  if (at == windows_.end()) {
    if (!has_room(now)) return {.counted = false};
    at = windows_.try_emplace(std::string(device)).first;
  }
  Window& window = at->second;
  // Rounded up, so that eight slots are never shorter than the window.
  window.advance(Millis{std::max<std::int64_t>((rules.window.ms + 7) / 8, 1)}, now);
  if (window.sum() < rules.threshold) window.above = false;
  auto& slot = window.slots[static_cast<std::size_t>(window.newest) % kSlots];
  if (slot < std::numeric_limits<std::uint16_t>::max()) ++slot;
  const std::uint32_t count = window.sum();
  const bool crossed = count >= rules.threshold && !window.above;
  window.above = window.above || crossed;
  return {.in_window = count, .crossed = crossed};
}

void Violations::forget(std::string_view device) {
  const auto at = windows_.find(device);
  if (at != windows_.end()) windows_.erase(at);
}

}  // namespace interlock::lifecycle
