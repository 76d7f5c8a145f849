// Short words for tests of the machines of trust: hours of a day of their own, and a device.
#pragma once

#include "lifecycle/causes.h"
#include "lifecycle/standing_of.h"

namespace interlock::lifecycle {

constexpr Millis hours(std::int64_t h) { return {h * 3'600'000}; }
// at(h) is `h` hours after some midnight.
constexpr WallTime at(std::int64_t h) { return WallTime{1'800'000'000'000} + hours(h); }

// in_stage returns a device that entered its stage at(0), and of which nothing else is known.
inline SubjectFacts in_stage(Stage stage) {
  return new_facts({SubjectKind::kDevice, "press-07"}, stage, at(0));
}

inline HeldCause held(Cause cause, std::int64_t since,
                      std::optional<std::int64_t> until = std::nullopt) {
  return {.cause = cause,
          .since = at(since),
          .until = until ? std::optional(at(*until)) : std::nullopt,
          .evidence = "Seen.",
          .by = ""};
}

// held_by returns `facts` with one more cause.
inline SubjectFacts held_by(const SubjectFacts& facts, const HeldCause& cause) {
  return quarantine(facts, cause).facts;
}

}  // namespace interlock::lifecycle
