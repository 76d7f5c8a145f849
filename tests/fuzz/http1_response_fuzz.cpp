// Can bytes from a service hurt the response decoder, or be read in two ways by a client? Whatever
// arrives: the events do not depend on the pieces, and what would be passed on is read back as the
// same answer.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/hex.h"
#include "base/result.h"
#include "support/http1_drive.h"
#include "wire/http1/encoder.h"

namespace {

using namespace interlock;
using namespace interlock::http1;

// Methods, and the protocol that is asked for with them.
constexpr std::pair<std::string_view, std::string_view> kRequests[] = {
    {"GET", ""}, {"HEAD", ""}, {"GET", "x"}};

std::string passed_on(const ResponseHead& head, std::string_view method) {
  std::string out;
  encode_response(out, head, {method, 1, head.keep_alive});
  return out;
}

void check_head(const ResponseHead& head, std::string_view method, std::string_view upgrade) {
  const std::string once = passed_on(head, method);
  ResponseDecoder client;
  client.expect(method, upgrade);
  const auto decoded = client.decode(once, false);
  if (!decoded) {  // The gateway's own fields may be the ones that are too many.
    IL_ASSERT(decoded.error().code == Errc::kLimit);
    return;
  }
  const auto* copy = std::get_if<ResponseHead>(&decoded->event);
  IL_ASSERT(copy != nullptr && decoded->consumed == once.size());
  IL_ASSERT(copy->status == head.status && copy->reason == head.reason);
  IL_ASSERT(copy->interim == head.interim && copy->content_length == head.content_length);
  IL_ASSERT(copy->upgrade == head.upgrade && (head.status == 101) == !head.upgrade.empty());
  IL_ASSERT(passed_on(*copy, method) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = as_text({data, size});
  for (const bool eof : {false, true}) {
    testing::ResponseScript whole({"GET", "HEAD", "PUT", "GET x"});
    testing::ResponseScript trickled({"GET", "HEAD", "PUT", "GET x"});
    IL_ASSERT(testing::drive(whole, testing::split_at(input, size / 2), eof) ==
              testing::drive(trickled, testing::in_bytes(input), eof));
  }
  for (const auto& [method, upgrade] : kRequests) {
    ResponseDecoder decoder;
    decoder.expect(method, upgrade);
    for (std::string_view rest = input;;) {
      const auto decoded = decoder.decode(rest, false);
      if (!decoded || std::holds_alternative<NeedMore>(decoded->event)) break;
      IL_ASSERT(decoded->consumed <= rest.size());
      if (const auto* head = std::get_if<ResponseHead>(&decoded->event)) {
        IL_ASSERT(head->status != 101 || !upgrade.empty());
        check_head(*head, method, upgrade);
      }
      rest.remove_prefix(decoded->consumed);
    }
  }
  return 0;
}
