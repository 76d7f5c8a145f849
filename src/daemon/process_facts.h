// What the kernel says about this process, for the metrics.
#pragma once

#include "control/metrics.h"

namespace interlock::daemon {

// process_facts reads everything but when the process started. What cannot be read is 0.
control::ProcessFacts process_facts();

}  // namespace interlock::daemon
