#include "pki/server_name.h"

#include <algorithm>
#include <optional>

#include <arpa/inet.h>

#include "base/limits.h"
#include "base/text.h"
#include "pki/san.h"

namespace interlock::pki {
namespace {

std::optional<std::string> canonical_address(const std::string& text) {
  in6_addr address{};
  char out[INET6_ADDRSTRLEN] = "";
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), &address) != 1) continue;
    inet_ntop(family, &address, out, sizeof out);
    return out;
  }
  return std::nullopt;
}

}  // namespace

Result<ServerName> parse_server_name(std::string_view text) {
  const auto refuse = [](const char* what) { return fail(Errc::kMalformed, Origin::kOwn, what); };
  std::string name = to_lower(text);
  if (name.find('*') != std::string::npos) {
    return refuse("a server_name is one name: a wildcard could be any service");
  }
  // inet_pton would stop at a NUL.
  if (name.find('\0') == std::string::npos) {
    if (auto address = canonical_address(name)) return ServerName{std::move(*address), true};
  }
  if (!is_host_name(name)) return refuse("this is no host name and no address");
  return ServerName{std::move(name), false};
}

bool names_server(const Certificate& certificate, const ServerName& name) {
  const auto& names = name.is_address ? certificate.names.addresses : certificate.names.dns;
  return std::ranges::find(names, name.text) != names.end();
}

std::string describe_server_names(const Certificate& certificate) {
  std::string all;
  for (const auto* names : {&certificate.names.dns, &certificate.names.addresses}) {
    for (const std::string& each : *names) all += (all.empty() ? "" : ", ") + each;
  }
  if (all.empty()) return "no server (its subject alternative name has no plain name or address)";
  return all.size() <= limits::kNameInSentenceBytesMax
             ? all
             : all.substr(0, limits::kNameInSentenceBytesMax) + "...";
}

}  // namespace interlock::pki
