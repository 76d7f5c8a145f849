// Permits: one line of the allowlist, read and compiled once.
#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "policy/compile.h"
#include "policy/units.h"

namespace interlock::policy {
namespace {

bool is_method(std::string_view method) {
  return !method.empty() && method.size() <= limits::kHttpMethodBytesMax &&
         std::all_of(method.begin(), method.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
         });
}

}  // namespace

const Service* Compiling::permit_service(const config::Function::Permit& permit,
                                         const Node& block) {
  if (!require(block, "service", "service: \"historian\", the name of a service")) return nullptr;
  const auto at =
      std::find_if(out().services.begin(), out().services.end(),
                   [&](const auto& service) { return service->name == permit.service(); });
  if (at != out().services.end()) return at->get();
  if (!services_.contains(permit.service())) {
    unknown_name(block.field("service")->value_at(), "service", permit.service(), services_);
  }
  return nullptr;
}

bool Compiling::compile_methods(const config::Function::Permit::Http& http, const Node& block,
                                Permit& made) {
  bool good = require(block, "method", "method: \"GET\"");
  for (int i = 0; i < http.method_size(); ++i) {
    const std::string& method = http.method(i);
    const Position at = block.field("method", static_cast<std::size_t>(i))->value_at();
    if (!is_method(method) || method == "CONNECT" || method == "TRACE") {
      error(at, fmt::format("{} is no method that can be permitted", quoted(method)),
            "write GET, HEAD, POST, PUT, PATCH or DELETE");
      good = false;
    } else if (std::any_of(method.begin(), method.end(),
                           [](char c) { return c >= 'a' && c <= 'z'; })) {
      error(at, fmt::format("methods are case-sensitive: \"{}\" is not what clients send", method),
            "write it in capitals");
      good = false;
    } else {
      made.methods.push_back(method);
    }
  }
  return good;
}

bool Compiling::compile_path(const config::Function::Permit::Http& http, const Node& block,
                             Permit& made) {
  if (http.has_path_regex()) return compile_path_regex(http, block, made);
  if (!require(block, "path", "path: \"/v1/devices/{device.id}/readings\"")) return false;
  made.path = http.path();
  auto pattern = parse_path_pattern(made.path);
  if (!pattern) {
    error(block.field("path")->inside(pattern.error().offset), pattern.error().message,
          pattern.error().hint);
    return false;
  }
  made.pattern = std::move(*pattern);
  return true;
}

bool Compiling::compile_path_regex(const config::Function::Permit::Http& http, const Node& block,
                                   Permit& made) {
  const Node& field = *block.field("path_regex");
  if (http.has_path()) {
    error(field.name_at(), "a permit has one path or one path_regex",
          "leave out one of them, or write two permits");
    return false;
  }
  if (!require(block, "path_regex", "path_regex: \"/v1/files/[a-z0-9-]+[.]csv\"")) return false;
  auto regex = PathRegex::parse(http.path_regex());
  if (!regex) {
    error(field.inside(regex.error().offset), regex.error().message, regex.error().hint);
    return false;
  }
  made.regex = regex->text();
  made.regex_prefix = regex->prefix();
  regexes_.insert_or_assign(made.regex, std::move(*regex));
  return true;
}

bool Compiling::compile_body(const config::Function::Permit::Http& http, const Node& block,
                             Permit& made) {
  made.body_bytes_max = limits::kHttpBodyBytesMax;
  if (!http.has_max_body()) return true;
  const auto size = parse_size(http.max_body());
  if (!size) {
    error(block.field("max_body")->value_at(),
          fmt::format("{} is no size", quoted(http.max_body())), std::string(kSizeHint));
    return false;
  }
  made.body_bytes_max = *size;
  return true;
}

std::optional<Permit> Compiling::compile_permit(const config::Function::Permit& permit,
                                                const Node& block) {
  Permit made{.name = permit.name(), .service = permit_service(permit, block)};
  if (!require(block, "http", "http { method: \"GET\" path: \"/v1/status\" }")) return std::nullopt;
  const Node& http = *block.field("http");
  bool good = compile_methods(permit.http(), http, made);
  good &= compile_path(permit.http(), http, made);
  good &= compile_body(permit.http(), http, made);
  if (!good || made.service == nullptr) return std::nullopt;
  return made;
}

}  // namespace interlock::policy
