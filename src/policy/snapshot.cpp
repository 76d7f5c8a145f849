#include "policy/snapshot.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "wire/http1/media_type.h"

namespace interlock::policy {
namespace {

constexpr std::uint16_t kHttpsPort = 443;  // The one that a Host leaves out.

}  // namespace

std::string_view Device::attribute(std::string_view wanted) const {
  if (wanted == "id") return id;
  if (wanted == "site") return site;
  if (wanted == "function") return function->name;
  if (wanted == "tier") return tier != nullptr ? std::string_view(tier->name) : std::string_view();
  for (const auto& [name, value] : attributes) {
    if (name == wanted) return value;
  }
  return {};
}

std::string Service::authority() const {
  const Endpoint& first = endpoints.front();
  if (tls == nullptr) return first.to_string();
  const std::string& known_as = tls->server_name.text;
  const bool v6 = known_as.find(':') != std::string::npos;
  if (first.port == kHttpsPort) return v6 ? '[' + known_as + ']' : known_as;
  return Endpoint{known_as, first.port, v6}.to_string();
}

bool Permit::permits_method(std::string_view method) const {
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

bool is_permittable_method(std::string_view method) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; };
  return !method.empty() && method.size() <= limits::kHttpMethodBytesMax &&
         std::all_of(method.begin(), method.end(), is_letter) && method != "CONNECT" &&
         method != "TRACE";
}

bool Permit::only_reads() const {
  return upgrade.empty() && std::ranges::all_of(methods, [](const std::string& method) {
           return method == "GET" || method == "HEAD";
         });
}

bool Permit::permits_content_type(std::string_view field_value) const {
  if (content_types.empty()) return true;
  const std::string_view media_type = http1::media_type(field_value);
  return !media_type.empty() &&
         std::any_of(content_types.begin(), content_types.end(), [&](const std::string& each) {
           return equals_ignoring_case(each, media_type);
         });
}

bool Permit::permits_upgrade(std::string_view protocol) const {
  return protocol.empty() || equals_ignoring_case(upgrade, protocol);
}

bool is_upgrade(std::string_view protocol) {
  // HTTP/2 in cleartext would carry requests that nobody judges.
  const auto is_letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '/';
  };
  return !protocol.empty() && protocol.size() <= limits::kNameBytesMax &&
         std::all_of(protocol.begin(), protocol.end(), is_letter) &&
         !equals_ignoring_case(protocol, "h2c") &&
         !equals_ignoring_case(protocol.substr(0, 4), "http") &&
         !equals_ignoring_case(protocol.substr(0, 4), "tls/");
}

const Listener* Snapshot::listener(std::string_view wanted) const {
  for (const Listener& each : listeners) {
    if (each.name == wanted) return &each;
  }
  return nullptr;
}

const Device* Snapshot::device(std::string_view wanted) const {
  const auto at =
      std::lower_bound(devices.begin(), devices.end(), wanted,
                       [](const Device* each, std::string_view than) { return each->id < than; });
  return at != devices.end() && (*at)->id == wanted ? *at : nullptr;
}

const Function* Snapshot::function(std::string_view wanted) const {
  for (const auto& each : functions) {
    if (each->name == wanted) return each.get();
  }
  return nullptr;
}

}  // namespace interlock::policy
