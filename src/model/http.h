// An HTTP operation in the terms in which it is judged. The same parsed value is judged and
// forwarded.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace interlock {

// HttpOperation is a request as the decision sees it. `path` is canonical (wire/http1/target.h).
// `body_bytes` is the announced length; nothing where the body is chunked, 0 where there is none.
struct HttpOperation {
  std::string_view method;
  std::string_view path;
  std::optional<std::uint64_t> body_bytes = 0;
};

}  // namespace interlock
