// Step: what one step of a session says when it returns. "Would block" is a Step, never an error.
#pragma once

#include <cstdint>

namespace interlock::session {

// Wants: which ends a waiting session listens to. The only reason to read from one side is that the
// opposite direction has room for what comes.
struct Wants {
  bool client_read = false;
  bool client_write = false;
  bool service_read = false;
  bool service_write = false;
};

struct Step {
  enum class Kind : std::uint8_t { kAgain, kWait, kClose };
  Kind kind = Kind::kClose;
  Wants wants;

  static Step again() { return {Kind::kAgain, {}}; }
  static Step wait(Wants wants) { return {Kind::kWait, wants}; }
  static Step close() { return {Kind::kClose, {}}; }
};

}  // namespace interlock::session
