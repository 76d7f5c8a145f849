#include "policy/snapshot.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "wire/http1/media_type.h"

namespace interlock::policy {

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

bool Permit::permits_method(std::string_view method) const {
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

bool is_permittable_method(std::string_view method) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; };
  return !method.empty() && method.size() <= limits::kHttpMethodBytesMax &&
         std::all_of(method.begin(), method.end(), is_letter) && method != "CONNECT" &&
         method != "TRACE";
}

bool Permit::permits_content_type(std::string_view field_value) const {
  if (content_types.empty()) return true;
  const std::string_view media_type = http1::media_type(field_value);
  return !media_type.empty() &&
         std::any_of(content_types.begin(), content_types.end(), [&](const std::string& each) {
           return equals_ignoring_case(each, media_type);
         });
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
