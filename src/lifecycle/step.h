// What every machine of trust returns. The machines are pure: facts and an event in, facts out.
// They know no file, clock or thread; who calls them stores, publishes and records what they
// return.
#pragma once

#include <string>

#include "model/facts.h"

namespace interlock::lifecycle {

// Step is the facts after an event, and what it changed.
struct Step {
  SubjectFacts facts;
  std::string changed;  // One plain sentence, for the record; empty: nothing changed.
};

// after returns `at + by`, and at most kDistantFuture, whatever a database said.
constexpr WallTime after(WallTime at, Millis by) {
  return at.ms > kDistantFuture.ms - by.ms ? kDistantFuture : at + by;
}

}  // namespace interlock::lifecycle
