// OpenSSL and BoringSSL in one process share symbol names and corrupt each other.
#pragma once

#include <optional>
#include <string>

namespace interlock::tls {

// foreign_tls_library returns the path of an OpenSSL library that is loaded in this process, or
// nothing. Both programs ask before they do anything else, and refuse to run beside one.
std::optional<std::string> foreign_tls_library();

}  // namespace interlock::tls
