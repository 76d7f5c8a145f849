// How a reload ended and how the disk differs, in text and for scripts: `reload` and `status` say
// the same.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "control/admin.h"

namespace interlock::cli {

// to_string returns "applied", "unchanged" or "rejected".
std::string_view to_string(control::ReloadReport::Outcome outcome);

// describe says how the disk differs: "changed: a, b; new: c". Empty where it does not.
std::string describe(const control::DiskReport& disk);

// The objects of `--json`.
void write(JsonWriter& json, const control::DiskReport& disk);
void write(JsonWriter& json, const control::ReloadReport& reload);

}  // namespace interlock::cli
