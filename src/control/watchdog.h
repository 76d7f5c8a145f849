// Does every data thread still make progress? The service manager's watchdog is fed only then.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"

namespace interlock::control {

// Watchdog is used by the control thread, whose own progress is that it asks.
class Watchdog {
 public:
  // `interval` is how often the service manager must hear at least; nothing: it does not listen.
  explicit Watchdog(std::optional<Millis> interval) : interval_(interval) {}

  // due says whether to tell the service manager now: half of the interval has passed, and each of
  // the counters, which data threads move as they go round their loops, has moved since last time.
  bool due(Instant now, std::span<const std::uint64_t> progress);

 private:
  const std::optional<Millis> interval_;
  Instant last_;
  std::vector<std::uint64_t> seen_;
};

}  // namespace interlock::control
