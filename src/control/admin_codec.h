// The frames of the admin socket: include/interlock/admin.proto behind our own structs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "control/admin.h"

namespace interlock::control {

// frame_bytes returns how many bytes the frame at the start of `received` has in all, or nothing
// while its length is not there yet. kLimit where the message is longer than `bytes_max`.
Result<std::optional<std::size_t>> frame_bytes(std::string_view received, std::size_t bytes_max);

// encode returns the whole frame. A response that would be longer than
// limits::kAdminResponseBytesMax becomes a refusal that says so.
std::string encode(const AdminRequest& request);
std::string encode(const AdminResponse& response);

// decode_request reads one whole frame. kMalformed for whatever is not exactly one known request.
Result<AdminRequest> decode_request(std::string_view frame);

// decode_response reads one whole frame and passes over fields it does not know. kMalformed where
// it is no response.
Result<AdminResponse> decode_response(std::string_view frame);

}  // namespace interlock::control
