// Seeded chance: the same seed makes the same world, on every machine.
#pragma once

#include <cstdint>
#include <string>

#include "port/clock.h"

namespace interlock::sim {

// Chance is SplitMix64: small, fast, and without a library's freedom to differ.
class Chance final : public port::Random {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // below returns a number from 0 to `end` - 1; `end` is at least 1.
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(next() % end); }
  bool one_in(std::size_t n) { return below(n) == 0; }

  std::string letters(std::size_t len) {
    std::string text(len, ' ');
    for (char& c : text) c = static_cast<char>('a' + below(26));
    return text;
  }

  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(next());
  }

 private:
  std::uint64_t state_;
};

}  // namespace interlock::sim
