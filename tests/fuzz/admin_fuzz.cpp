// Can bytes on the admin socket hurt us? What is no request is refused; what is one has exactly one
// spelling; whatever a response is made of, it can be said again.
#include <cstdint>
#include <cstdlib>

#include "base/hex.h"
#include "base/limits.h"
#include "control/admin_codec.h"

using namespace interlock;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = as_text({data, size});
  const auto len = control::frame_bytes(bytes, limits::kAdminRequestBytesMax);
  require(!len || !*len || **len >= 4);
  if (const auto request = control::decode_request(bytes)) {
    require(len && *len && **len == size);
    require(control::encode(*request) == bytes);
  }
  if (const auto response = control::decode_response(bytes)) {
    const std::string said = control::encode(*response);
    const auto again = control::decode_response(said);
    require(again && control::encode(*again) == said);
  }
  return 0;
}
