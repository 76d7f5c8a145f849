// Permits: one line of the allowlist, read and compiled once.
#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "policy/compile.h"
#include "policy/units.h"
#include "wire/http1/media_type.h"

namespace interlock::policy {

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
    if (is_permittable_method(method)) {
      made.methods.push_back(method);
      continue;
    }
    good = false;
    std::string capitals = method;
    std::transform(capitals.begin(), capitals.end(), capitals.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (is_permittable_method(capitals)) {
      error(at, fmt::format("methods are case-sensitive: \"{}\" is not what clients send", method),
            "write it in capitals");
    } else {
      error(at, fmt::format("{} is no method that can be permitted", quoted(method)),
            "write GET, HEAD, POST, PUT, PATCH or DELETE");
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

bool Compiling::compile_content_types(const config::Function::Permit::Http& http, const Node& block,
                                      Permit& made) {
  if (static_cast<std::size_t>(http.content_type_size()) > limits::kContentTypesPerPermitMax) {
    error(block.name_at(), fmt::format("the permit has {} content types", http.content_type_size()),
          fmt::format("write at most {}, or none where any will do",
                      limits::kContentTypesPerPermitMax));
    return false;
  }
  bool good = true;
  for (int i = 0; i < http.content_type_size(); ++i) {
    const std::string& written = http.content_type(i);
    const Position at = block.field("content_type", static_cast<std::size_t>(i))->value_at();
    const std::string_view type = http1::media_type(written);
    const bool wildcard = type.find('*') != std::string_view::npos;
    if (!type.empty() && type.size() == written.size() && !wildcard) {
      made.content_types.push_back(to_lower(written));
      continue;
    }
    good = false;
    error(at,
          wildcard ? "a content type is written whole: `*` stands for nothing here"
                   : fmt::format("{} is no content type", quoted(written)),
          wildcard       ? "list each type, or leave content_type out where any will do"
          : type.empty() ? "write a type and a subtype, such as \"application/json\""
                         : fmt::format("write \"{}\": parameters are not compared", type));
  }
  return good;
}

bool Compiling::compile_upgrade(const config::Function::Permit::Http& http, const Node& block,
                                Permit& made) {
  if (!http.has_upgrade()) return true;
  const Position at = block.field("upgrade")->value_at();
  if (!is_upgrade(http.upgrade())) {
    error(at, fmt::format("{} is no protocol that can be permitted", quoted(http.upgrade())),
          "write one name, such as \"websocket\"; another version of HTTP cannot be judged inside");
    return false;
  }
  if (made.methods != std::vector<std::string>{"GET"}) {
    error(at, "another protocol is asked for with GET alone",
          "write method: \"GET\", and other methods into a permit of their own");
    return false;
  }
  made.upgrade = to_lower(http.upgrade());
  return true;
}

bool Compiling::compile_rate(const config::Rate& rate, const Node& block, Permit& made) {
  bool good = require(block, "limit", "limit: 2") && require(block, "per", "per: \"1s\"");
  const auto count = [&](const char* field, std::uint32_t value, std::uint32_t max) {
    if (value >= 1 && value <= max) return;
    good = false;
    error(block.field(field)->value_at(), fmt::format("{} is {}", field, value),
          fmt::format("write a number from 1 to {}{}", max,
                      value == 0 ? "; what nobody may do needs no permit" : ""));
  };
  if (rate.has_limit()) count("limit", rate.limit(), limits::kRateLimitMax);
  if (rate.has_burst()) count("burst", rate.burst(), limits::kRateBurstMax);
  if (!good) return false;
  const auto per = duration(block, "per");
  if (!per) return false;
  if (per->ms < 1 || *per > limits::kRatePerMax) {
    error(block.field("per")->value_at(),
          fmt::format("a rate per {} is not kept", quoted(rate.per())),
          "write a time from \"1ms\" to \"1d\", such as \"1s\"");
    return false;
  }
  made.rate = Rate{rate.limit(), *per, rate.has_burst() ? rate.burst() : rate.limit()};
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
  good &= compile_content_types(permit.http(), http, made);
  good &= compile_upgrade(permit.http(), http, made);
  if (permit.has_rate()) good &= compile_rate(permit.rate(), *block.field("rate"), made);
  if (good) good = compile_essential(permit, block, made);
  if (!good || made.service == nullptr) return std::nullopt;
  return made;
}

void Compiling::compile_assurance(const config::Function& function, const Node& block,
                                  Function& made) {
  if (!function.has_min_assurance()) return;
  const Position at = block.field("min_assurance")->value_at();
  if (function.min_assurance() > std::uint32_t{kHighestAssurance}) {
    error(at, fmt::format("min_assurance is {}", function.min_assurance()),
          "write 0, 1 (a certificate of the device's own), 2 or 3 (attested, key in hardware)");
    return;
  }
  made.min_assurance = static_cast<int>(function.min_assurance());
  if (made.min_assurance > kUniqueKeyAssurance) {
    warning(at,
            "devices cannot attest to this version yet, so every operation of this function's "
            "devices is refused",
            fmt::format("write at most {} for devices that are to work", kUniqueKeyAssurance));
  }
}

}  // namespace interlock::policy
