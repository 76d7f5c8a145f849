// Reads the configuration through the Files port.
#pragma once

#include <string>

#include "policy/load.h"
#include "port/files.h"

namespace interlock::control {

// load_configuration reads, checks and compiles the configuration whose main file is `path`.
policy::Loaded load_configuration(port::Files& files, const std::string& path, WallTime now);

// describe says in a line what a configuration holds: "2 listeners, 2 services, ...".
std::string describe(const policy::Snapshot& snapshot);

}  // namespace interlock::control
