// What a reload may change, and what it says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/load.h"

namespace interlock::control {

// refuse_fixed adds a problem for each setting of `next` that holds for as long as the daemon runs
// and differs from what `running` has.
void refuse_fixed(const policy::Snapshot& running, const policy::Snapshot& next,
                  std::vector<policy::Problem>& problems);

// same_files says whether both were made of the same files with the same content.
bool same_files(const policy::Snapshot& a, const policy::Snapshot& b);

// first_error returns the problem that a record of the refusal names: the first that is more than a
// warning. One must be there.
const policy::Problem& first_error(const std::vector<policy::Problem>& problems);

}  // namespace interlock::control
