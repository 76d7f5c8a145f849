// Lines on stderr, where the service manager's journal picks them up.
#pragma once

#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace interlock::daemon {

inline void say(const std::string& line) { fmt::print(stderr, "interlockd: {}\n", line); }

}  // namespace interlock::daemon
