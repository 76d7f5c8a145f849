// Can a request target be read as another path than the one that was judged? Whatever is accepted
// decodes to the same bytes as what was sent, and holds nothing that a service could split, cut,
// fold or decode again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/hex.h"
#include "base/result.h"
#include "base/text.h"
#include "wire/http1/grammar.h"
#include "wire/http1/target.h"

namespace {

using namespace interlock;
using namespace interlock::http1;

// The simplest possible decoder, as a service would have it.
std::string decoded(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int octet = escaped_octet(path.substr(i));
    out += octet < 0 ? path[i] : static_cast<char>(octet);
    if (octet >= 0) i += 2;
  }
  return out;
}

void check_segments(std::string_view path) {
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t end = path.find('/', at + 1);
    const std::string_view segment = path.substr(at + 1, end - at - 1);
    IL_ASSERT(!segment.empty() || end == std::string_view::npos);
    IL_ASSERT(segment.empty() || (segment.back() != '.' && segment.back() != ' '));
    at = end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw = as_text({data, size});
  const auto target = parse_target(raw);
  if (!target) return 0;
  const std::string plain = decoded(target->path);
  IL_ASSERT(plain == decoded(raw.substr(0, raw.find('?'))));
  IL_ASSERT(is_utf8(plain) && text_end(plain, 0) == plain.size());
  IL_ASSERT(plain.find_first_of(std::string_view("\t\\%;")) == std::string::npos);
  check_segments(plain);

  const std::string written = target->path + (target->has_query ? "?" : "") + target->query;
  const auto again = parse_target(written);
  IL_ASSERT(again && again->path == target->path && again->query == target->query);
  IL_ASSERT(again->has_query == target->has_query && written.size() <= raw.size());
  return 0;
}
