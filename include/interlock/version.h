// The version of this program.
#pragma once

namespace interlock {

constexpr const char* kVersion = INTERLOCK_VERSION;

}  // namespace interlock
