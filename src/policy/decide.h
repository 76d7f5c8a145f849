// The one decision. The gateway, `explain` and `expect` all call it.
#pragma once

#include <optional>

#include "interlock/decision.h"
#include "model/http.h"
#include "model/identity.h"
#include "model/scope.h"
#include "policy/snapshot.h"

namespace interlock::policy {

// Budget is what one device has left of one permit's rate.
struct Budget {
  enum class State : std::uint8_t {
    kLeft,     // At least one operation.
    kSpent,    // None; `wait` from now there is one again.
    kUnknown,  // It cannot be counted: there is no room to keep it.
  };
  State state = State::kLeft;
  Millis wait;
};

// Budgets answers for the device that is judged, as of now. Its answers must not change until the
// operation they allowed has been spent.
class Budgets {
 public:
  virtual ~Budgets() = default;
  // left is asked only about permits with a rate that cover everything else of the operation.
  virtual Budget left(const Permit& permit) = 0;
};

// Facts: what is known about the caller. Whether its certificate still holds has been judged before
// (pki::judge, policy/admit.h); here it only counts how long it lives.
struct Facts {
  const Device& device;
  // notAfter - notBefore of the client's certificate; nothing where intent alone is judged
  // (`expect`, `explain --device`).
  std::optional<Millis> certificate_lifetime;
  // Taken as attested, with a key held in hardware, and so of the highest assurance: only where
  // intent alone is judged (`expect`).
  bool trusted = false;
  int assurance = kUniqueKeyAssurance;  // 0 to 3.
  Budgets* budgets = nullptr;           // Null: all budgets are full (`expect`, `explain`).
  // Where the device stands; null where intent alone is judged, as of one that is active and
  // trusted.
  const Standing* standing = nullptr;
  const Function* remediation = nullptr;  // What its scope may name; null: it permits nothing.
};

// decide is pure and total: no clock, no log, no device list; its cost does not grow with the
// number of devices. Denies whatever no permit covers. Of several covering permits the first in
// name order that has budget is taken. A scope that is not the device's own (model/scope.h) leaves
// less: what it does not cover is denied with the reason of the standing. Allocates only when it
// denies, or where the function has a path_regex.
Decision decide(const Facts& facts, const HttpOperation& operation);

}  // namespace interlock::policy
