// Time and chance, supplied from outside so that a test can own them.
#pragma once

#include <cstdint>
#include <span>

#include "base/time.h"

namespace interlock::port {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;    // Monotonic.
  [[nodiscard]] virtual WallTime wall() const = 0;  // Calendar, UTC.
  // Monotonic, in microseconds since the same start as now(): for measurements alone.
  [[nodiscard]] virtual std::int64_t micros() const { return now().ms * 1000; }
};

class Random {
 public:
  virtual ~Random() = default;
  // fill writes unpredictable bytes (a denial id must not be guessable).
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

}  // namespace interlock::port
