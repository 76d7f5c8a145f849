// What `interlock status` shows of a configuration.
#pragma once

#include "control/admin.h"
#include "policy/snapshot.h"

namespace interlock::control {

// status_of fills in what the configuration itself says; all else is left for the caller.
StatusReport status_of(const policy::Snapshot& snapshot);

}  // namespace interlock::control
