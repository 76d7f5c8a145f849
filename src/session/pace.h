// Pace: does somebody who owes bytes move enough of them?
#pragma once

#include <cstdint>

#include "base/time.h"

namespace interlock::session {

// Pace looks at a running count of bytes in windows of time, one after the other for as long as
// more is owed. One byte now and then is no movement.
class Pace {
 public:
  static constexpr Instant kNever{INT64_MAX};

  // watch is told whenever it may have changed whether bytes are owed. Time in which they are not
  // counts for nobody.
  void watch(bool owed, std::uint64_t count, Instant now, Millis window) {
    if (owed && ends_ == kNever) begin(count, now, window);
    if (!owed) ends_ = kNever;
  }

  // is_lost says, where a window has ended at `now`, whether less than `bytes_min` moved in it, and
  // otherwise begins the next one.
  bool is_lost(std::uint64_t count, std::uint64_t bytes_min, Instant now, Millis window) {
    if (now < ends_) return false;
    if (count - from_ < bytes_min) return true;
    begin(count, now, window);
    return false;
  }

  // ends is when to ask is_lost; kNever while nothing is owed.
  [[nodiscard]] Instant ends() const { return ends_; }

 private:
  void begin(std::uint64_t count, Instant now, Millis window) {
    from_ = count;
    ends_ = now + window;
  }

  Instant ends_ = kNever;
  std::uint64_t from_ = 0;
};

}  // namespace interlock::session
