// Can bytes from a client hurt the request decoder, or be read in two ways? Whatever arrives: the
// events do not depend on the pieces; every path is canonical; and what would be forwarded is read
// back as the same request.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/hex.h"
#include "base/result.h"
#include "support/http1_drive.h"
#include "wire/http1/encoder.h"
#include "wire/http1/target.h"

namespace {

using namespace interlock;
using namespace interlock::http1;

std::string forwarded(RequestHead head) {
  head.minor_version = 1;  // It goes into Via, and the copy is always HTTP/1.1.
  std::string out;
  encode_request(out, head, "service:80", "Interlock-Device: d\r\n");
  return out;
}

void check_head(const RequestHead& head) {
  const auto target = parse_target(head.path);
  IL_ASSERT(target && target->path == head.path && !target->has_query);
  const std::string once = forwarded(head);
  RequestDecoder service;
  const auto decoded = service.decode(once, true);
  if (!decoded) {  // The gateway's own fields may be the ones that are too many.
    IL_ASSERT(decoded.error().reason == Reason::too_large);
    return;
  }
  const auto* copy = std::get_if<RequestHead>(&decoded->event);
  IL_ASSERT(copy != nullptr && decoded->consumed == once.size());
  IL_ASSERT(copy->method == head.method && copy->path == head.path && copy->query == head.query);
  IL_ASSERT(copy->framing == head.framing && copy->content_length == head.content_length);
  IL_ASSERT(copy->content_type == head.content_type && copy->host == "service:80");
  const std::string twice = forwarded(*copy);
  // Interlock-Device is taken for a client's the second time and written anew in the same place.
  IL_ASSERT(twice == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = as_text({data, size});
  for (const bool eof : {false, true}) {
    RequestDecoder whole, trickled;
    IL_ASSERT(testing::drive(whole, testing::split_at(input, size / 2), eof) ==
              testing::drive(trickled, testing::in_bytes(input), eof));
  }
  RequestDecoder decoder;
  for (std::string_view rest = input;;) {
    const auto decoded = decoder.decode(rest, false);
    if (!decoded || std::holds_alternative<NeedMore>(decoded->event)) return 0;
    IL_ASSERT(decoded->consumed <= rest.size());
    if (const auto* head = std::get_if<RequestHead>(&decoded->event)) check_head(*head);
    rest.remove_prefix(decoded->consumed);
  }
}
