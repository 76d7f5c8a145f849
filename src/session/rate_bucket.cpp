#include "session/rate_bucket.h"

#include <algorithm>
#include <limits>

#include "base/limits.h"
#include "base/result.h"

namespace interlock::session {

static_assert(limits::kRatePerMax.ms <=
                  std::numeric_limits<std::int64_t>::max() / 2 / limits::kRateBurstMax,
              "a full bucket has room for one more filling");
static_assert(limits::kRatePerMax.ms <=
                  std::numeric_limits<std::int64_t>::max() / limits::kRatePerMax.ms,
              "the rest of an operation can be put into other units");

void RateBucket::fill(const policy::Rate& rate, Instant now) {
  if (rate != rate_) {
    const std::int64_t whole = credit_ / cost();
    const std::int64_t rest = credit_ % cost();
    credit_ = whole * rate.per.ms + rest * rate.per.ms / cost();
    rate_ = rate;
    credit_ = std::min(credit_, capacity());
  }
  if (now <= filled_at_) return;
  const std::int64_t elapsed = (now - filled_at_).ms;
  filled_at_ = now;
  // Divided, because a long time multiplied would overflow.
  const std::int64_t missing = capacity() - credit_;
  credit_ = elapsed > missing / rate_.limit ? capacity() : credit_ + elapsed * rate_.limit;
}

Millis RateBucket::wait() const {
  const std::int64_t missing = std::max<std::int64_t>(cost() - credit_, 0);
  return {(missing + rate_.limit - 1) / rate_.limit};
}

void RateBucket::spend() {
  IL_ASSERT(credit_ >= cost());
  credit_ -= cost();
}

}  // namespace interlock::session
