// What is wrong in a configuration, for scripts: the same in check, reload and status.
#pragma once

#include <span>

#include "base/json.h"
#include "policy/problem.h"

namespace interlock::cli {

// write_problems writes an array of objects.
void write_problems(JsonWriter& json, std::span<const policy::Problem> problems);

}  // namespace interlock::cli
