#include "control/watchdog.h"

#include <algorithm>

namespace interlock::control {

bool Watchdog::due(Instant now, std::span<const std::uint64_t> progress) {
  if (!interval_ || now < last_ + Millis{interval_->ms / 2}) return false;
  const bool all_moved =
      seen_.size() != progress.size() ||
      std::equal(seen_.begin(), seen_.end(), progress.begin(),
                 [](std::uint64_t before, std::uint64_t after) { return before != after; });
  if (!all_moved) return false;
  last_ = now;
  seen_.assign(progress.begin(), progress.end());
  return true;
}

}  // namespace interlock::control
