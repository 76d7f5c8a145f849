// What each function of a configuration may do, as `interlock check` shows it.
#pragma once

#include <string>

#include "base/json.h"
#include "policy/snapshot.h"

namespace interlock::cli {

// permit_table returns one block for each function, its permits one a line in columns.
std::string permit_table(const policy::Snapshot& snapshot);

// write_functions writes the same as an array. A permit without a rate has no member `rate`, and
// has either `path` or `path_regex`; all else is always there.
void write_functions(JsonWriter& json, const policy::Snapshot& snapshot);

}  // namespace interlock::cli
