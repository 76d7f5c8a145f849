// Reads the configuration through the Files port.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/load.h"
#include "port/files.h"

namespace interlock::control {

// load_configuration reads, checks and compiles the configuration whose main file is `path`.
policy::Loaded load_configuration(port::Files& files, const std::string& path, WallTime now);

// configuration_files and audit_file_of are those of policy/load.h.
std::vector<std::string> configuration_files(port::Files& files, const std::string& path);
std::optional<std::string> audit_file_of(port::Files& files, const std::string& path);

// describe says in a line what a configuration holds: "2 listeners, 2 services, ...".
std::string describe(const policy::Snapshot& snapshot);

}  // namespace interlock::control
