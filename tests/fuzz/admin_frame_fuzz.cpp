// Any bytes on the admin socket: a frame is refused or means one thing, which survives being
// written and read again; nothing is read beyond its length.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hex.h"
#include "base/limits.h"
#include "base/result.h"
#include "control/admin_codec.h"

using namespace interlock;
using namespace interlock::control;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  const auto len = frame_bytes(text, limits::kAdminResponseBytesMax);
  if (!len || !*len) return 0;
  IL_ASSERT(**len <= limits::kAdminResponseBytesMax + 4);
  if (**len > size) return 0;
  const std::string_view frame = text.substr(0, **len);
  if (const auto request = decode_request(frame)) {
    const auto again = decode_request(encode(*request));
    IL_ASSERT(again && *again == *request);
  }
  if (const auto response = decode_response(frame)) {
    const std::string once = encode(*response);
    const auto again = decode_response(once);
    IL_ASSERT(again.has_value());
    IL_ASSERT(encode(*again) == once);
  }
  return 0;
}
