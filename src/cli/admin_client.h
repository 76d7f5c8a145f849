// Asks the running gateway over its admin socket.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "base/time.h"
#include "control/admin.h"

namespace interlock::cli {

// ask_gateway sends one request to the gateway that listens at `socket` and waits at most `timeout`
// for its answer. The error is a sentence that says what to do.
tl::expected<control::AdminResponse, std::string> ask_gateway(const std::string& socket,
                                                              const control::AdminRequest& request,
                                                              Millis timeout);

}  // namespace interlock::cli
