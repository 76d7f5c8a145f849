// Two kinds of time that must never be mixed: Instant (monotonic, for intervals and deadlines) and
// WallTime (the calendar, for certificates and records). Both come through port/clock.h.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace interlock {

// Millis is a length of time in milliseconds.
struct Millis {
  std::int64_t ms = 0;
  auto operator<=>(const Millis&) const = default;
};

// Instant is a point of monotonic time, in milliseconds since an arbitrary start.
struct Instant {
  std::int64_t ms = 0;
  auto operator<=>(const Instant&) const = default;
};
constexpr Instant operator+(Instant at, Millis by) { return {at.ms + by.ms}; }
constexpr Millis operator-(Instant a, Instant b) { return {a.ms - b.ms}; }

// WallTime is a point of calendar time in UTC, in milliseconds since 1970-01-01T00:00:00Z. It
// covers the whole range of X.509 (0000 to 9999), so a notAfter of 99991231235959Z is
// representable.
struct WallTime {
  std::int64_t ms = 0;
  auto operator<=>(const WallTime&) const = default;
};
constexpr WallTime operator+(WallTime at, Millis by) { return {at.ms + by.ms}; }
constexpr Millis operator-(WallTime a, WallTime b) { return {a.ms - b.ms}; }

constexpr WallTime kDistantFuture{253402300799000};  // 9999-12-31T23:59:59Z

// utc_text returns "2026-11-22T10:33:34.123Z" (RFC 3339, section 5.6). Years that do not fit four
// digits become the nearest that do.
std::array<char, 24> utc_text(WallTime at);

// format_utc is utc_text as a string.
std::string format_utc(WallTime at);

}  // namespace interlock
