// An HTTP operation in the terms in which it is judged. The same parsed value is judged and
// forwarded.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace interlock {

// HttpOperation is a request as the decision sees it. `path` is canonical (wire/http1/target.h).
// `body_bytes` is the announced length; nothing where the body is chunked, 0 where there is none.
// `content_type` is the value of the one Content-Type field, as it is forwarded; empty where there
// is none. `upgrade` is the protocol that the request asks to go on in; empty where it asks for
// none.
struct HttpOperation {
  std::string_view method;
  std::string_view path;
  std::optional<std::uint64_t> body_bytes = 0;
  std::string_view content_type = {};
  std::string_view upgrade = {};

  // has_body is true also where nobody knows yet whether any byte will come (chunked).
  [[nodiscard]] bool has_body() const { return body_bytes != 0U; }
};

}  // namespace interlock
