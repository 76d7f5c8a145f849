// What a server has cost so far, from the kernel's own accounting of its processes.
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace interlock::bench {

struct ServerCost {
  std::uint64_t cpu_ns = 0;  // User and system time of all threads of all processes.
  std::uint64_t rss_kib = 0;
  std::uint64_t pss_kib = 0;  // Shared pages count by their share.
};

// server_cost looks at `pid` and all that descend from it. Processes that have ended are not in it.
ServerCost server_cost(pid_t pid);

}  // namespace interlock::bench
