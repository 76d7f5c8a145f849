// The one decision. The gateway, `explain` and `expect` all call it.
#pragma once

#include <optional>
#include <string>

#include "interlock/decision.h"
#include "model/http.h"
#include "policy/snapshot.h"

namespace interlock::policy {

// Facts: what is known about the caller. Whether its certificate still holds has been judged before
// (pki::judge, policy/admit.h); here it only counts how long it lives.
struct Facts {
  const Device& device;
  // notAfter - notBefore of the client's certificate; nothing where intent alone is judged
  // (`expect`, `explain --device`).
  std::optional<Millis> certificate_lifetime;
  // Taken as attested, with a key held in hardware: only where intent alone is judged (`expect`).
  bool trusted = false;
};

// decide is pure and total: no clock, no log, no device list; its cost does not grow with the
// number of devices. Denies whatever no permit covers. Of several covering permits the first in
// name order is taken. Allocates only when it denies, or where the
// function has a path_regex.
Decision decide(const Facts& facts, const HttpOperation& operation);

// describe says a decision in one plain sentence: the permit that covers the operation, or the
// nearest one and the single thing that differs.
std::string describe(const Decision& decision, const Facts& facts, const HttpOperation& operation);

}  // namespace interlock::policy
