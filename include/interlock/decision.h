// Decision: the answer to "may this device do this one thing, now?". A value; a refusal is not an
// error.
#pragma once

#include <cstddef>
#include <cstdint>

#include "interlock/reason.h"

namespace interlock {

namespace policy {
struct Permit;
}

// Difference is the single thing that keeps the nearest permit from covering the operation.
enum class Difference : std::uint8_t {
  kNone,         // Allowed, or the refusal is not about a permit.
  kNoPermit,     // The function has no permit at all.
  kMethod,       // The path is covered, the method is not.
  kSegment,      // Path segment number `segment` differs.
  kLonger,       // The path goes on where the permit's ends (after `segment` segments).
  kShorter,      // The path ends where the permit's goes on.
  kRegex,        // The path does not match the permit's path_regex.
  kUpgrade,      // The request asks for another protocol, and it is not the permit's.
  kContentType,  // There is a body, and it is of no kind that the permit lists.
  kBody,         // The body is larger than the permit's max_body.
  kRate,         // All is covered; the permit's rate is used up, or cannot be counted (overloaded).
};

struct Decision {
  Reason reason = Reason::kNone;  // kNone: allowed.
  const policy::Permit* permit =
      nullptr;  // Allowed: the permit that covers it. Denied: the nearest.
  Difference difference = Difference::kNone;
  std::size_t segment = 0;  // 0-based; for kSegment, kLonger, kShorter.
  std::uint64_t body_bytes_max =
      0;  // Allowed: the body must not grow beyond this while it streams.
  // Allowed: whoever lets the operation happen spends one of the permit's rate, in the same breath.
  bool spends_rate = false;
  // rate_limited: how long until a covering permit has budget again. More than 0.
  std::int64_t wait_ms = 0;

  [[nodiscard]] bool allowed() const { return reason == Reason::kNone; }
};

}  // namespace interlock
