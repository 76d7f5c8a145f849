// Explanation: what `interlock explain` says, and how it says it.
#pragma once

#include <string>

#include "policy/propose.h"

namespace interlock::cli {

// Everything that is said, in the order in which it is said.
struct Explanation {
  std::string asked;
  std::string identity;
  bool certificate_judged = false;
  const policy::Device* device = nullptr;
  Decision decision;
  std::string detail;
  policy::Proposal proposal;  // Of a refusal; kNone without a note where there is nothing to say.
};

// decide asks the decision, its words and, where it refuses, what would allow the operation.
void decide(const policy::Snapshot& snapshot, const policy::Facts& facts,
            const HttpOperation& operation, Explanation& out);

void print_text(const Explanation& out);

// to_json returns one line without its end.
std::string to_json(const Explanation& out);

}  // namespace interlock::cli
