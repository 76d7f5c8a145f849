#include "tls/process_guard.h"

#include <string_view>

#include <link.h>

namespace interlock::tls {
namespace {

int look(dl_phdr_info* info, std::size_t, void* out) {
  const std::string_view path = info->dlpi_name;
  const std::string_view file = path.substr(path.rfind('/') + 1);
  for (const std::string_view name : {"libcrypto.so.", "libssl.so."}) {
    // OpenSSL's are numbered 1.1 and 3, BoringSSL's 0.
    if (!file.starts_with(name) || file.substr(name.size()) == "0") continue;
    *static_cast<std::optional<std::string>*>(out) = std::string(path);
    return 1;
  }
  return 0;
}

}  // namespace

std::optional<std::string> foreign_tls_library() {
  std::optional<std::string> found;
  dl_iterate_phdr(look, &found);
  return found;
}

}  // namespace interlock::tls
