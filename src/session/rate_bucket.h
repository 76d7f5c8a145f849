// One budget: fills steadily by its rate, holds at most its burst. Exact whole numbers, so that a
// rate is neither more nor less in the long run than what is written.
#pragma once

#include <cstdint>

#include "policy/snapshot.h"

namespace interlock::session {

// RateBucket belongs to one device and permit. Time is given to it, and never runs back in it: what
// comes from a thread whose clock was read earlier counts as now.
class RateBucket {
 public:
  // A new bucket is full.
  RateBucket(const policy::Rate& rate, Instant now)
      : rate_(rate), credit_(capacity()), filled_at_(now) {}

  // fill adds what has come since the last call, all at this rate, also where it was another
  // before: what is in the bucket then stays, as far as the new burst holds it.
  void fill(const policy::Rate& rate, Instant now);
  void fill(Instant now) { fill(rate_, now); }

  // wait returns how long until there is one operation; 0 where there is one now.
  [[nodiscard]] Millis wait() const;

  // spend takes one operation, which must be there.
  void spend();

  [[nodiscard]] bool full() const { return credit_ == capacity(); }

 private:
  // One operation costs as many units as `per` has milliseconds, and `limit` units come in each of
  // them. limits::kRate* keep every product far below 2^63.
  [[nodiscard]] std::int64_t cost() const { return rate_.per.ms; }
  [[nodiscard]] std::int64_t capacity() const { return rate_.burst * cost(); }

  policy::Rate rate_;
  std::int64_t credit_;  // In units.
  Instant filled_at_;
};

}  // namespace interlock::session
