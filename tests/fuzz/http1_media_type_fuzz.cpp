// Can a Content-Type that passes be read as another media type than the one that was judged? What
// is accepted is one type and subtype, whatever a lenient reader makes of the rest.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/hex.h"
#include "base/result.h"
#include "wire/http1/grammar.h"
#include "wire/http1/media_type.h"

using namespace interlock;
using namespace interlock::http1;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value = as_text({data, size});
  const std::string_view found = media_type(value);
  if (found.empty()) return 0;
  // What readers do that look for the end of the type in the simplest way.
  IL_ASSERT(value.starts_with(found));
  IL_ASSERT(trim_ows(value.substr(0, value.find(';'))) == found);
  const std::size_t slash = found.find('/');
  IL_ASSERT(is_token(found.substr(0, slash)) && is_token(found.substr(slash + 1)));
  // Nothing that could end the line, and no second type outside of quotes.
  IL_ASSERT(text_end(value, 0) == value.size());
  bool quoted = false;
  for (std::size_t i = found.size(); i < value.size(); ++i) {
    if (quoted && value[i] == '\\') {
      ++i;
    } else if (value[i] == '"') {
      quoted = !quoted;
    } else {
      IL_ASSERT(quoted || (value[i] != ',' && value[i] != '/'));
    }
  }
  IL_ASSERT(!quoted);
  IL_ASSERT(media_type(found) == found);
  return 0;
}
