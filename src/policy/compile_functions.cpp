// Functions: permits compiled once, in the order of their names, and checked against each other.
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

// Two patterns intersect if some path of some device matches both. What an attribute may be is not
// known here, so it counts as anything.
bool may_intersect(const PathPattern& a, const PathPattern& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const PathSegment& x, const PathSegment& y) {
           const bool literal =
               x.kind == PathSegment::Kind::kLiteral && y.kind == PathSegment::Kind::kLiteral;
           return !literal || x.text == y.text;
         });
}

bool share_a_method(const Permit& a, const Permit& b) {
  return std::any_of(a.methods.begin(), a.methods.end(),
                     [&](const std::string& m) { return b.permits_method(m); });
}

}  // namespace

std::optional<Permit> Compiling::compile_permit(const config::Function::Permit& permit,
                                                const Node& block) {
  Permit made{.name = permit.name(), .body_bytes_max = limits::kHttpBodyBytesMax};
  bool good = true;
  if (require(block, "service", "service: \"historian\", the name of a service")) {
    const auto at =
        std::find_if(out().services.begin(), out().services.end(),
                     [&](const auto& service) { return service->name == permit.service(); });
    if (at != out().services.end()) made.service = at->get();
    if (!services_.contains(permit.service())) {
      unknown_name(block.field("service")->value_at(), "service", permit.service(), services_);
    }
  }
  if (!require(block, "http", "http { method: \"GET\" path: \"/v1/status\" }")) return std::nullopt;
  const Node& http = *block.field("http");
  good &= require(http, "method", "method: \"GET\"");
  for (int i = 0; i < permit.http().method_size(); ++i) {
    const std::string& method = permit.http().method(i);
    const Position at = http.field("method", static_cast<std::size_t>(i))->value_at();
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
  if (!require(http, "path", "path: \"/v1/devices/{device.id}/readings\"")) return std::nullopt;
  made.path = permit.http().path();
  if (auto pattern = parse_path_pattern(made.path)) {
    made.pattern = std::move(*pattern);
  } else {
    error(http.field("path")->inside(pattern.error().offset), pattern.error().message,
          pattern.error().hint);
    good = false;
  }
  if (permit.http().has_max_body()) {
    const auto size = parse_size(permit.http().max_body());
    if (!size) {
      error(http.field("max_body")->value_at(),
            fmt::format("{} is no size", quoted(permit.http().max_body())), std::string(kSizeHint));
      good = false;
    } else {
      made.body_bytes_max = *size;
    }
  }
  if (!good || made.service == nullptr) return std::nullopt;
  return made;
}

// Each permit is held against those before it; the first that it collides with is enough to know.
void Compiling::check_overlaps(const Function& function, const Names& permits) {
  for (auto b = function.permits.begin(); b != function.permits.end(); ++b) {
    const auto a = std::find_if(function.permits.begin(), b, [&](const Permit& each) {
      return each.service != b->service && share_a_method(each, *b) &&
             may_intersect(each.pattern, b->pattern);
    });
    if (a == b) continue;
    error(permits.at(b->name),
          fmt::format("permits \"{}\" and \"{}\" of function \"{}\" cover the same request on "
                      "two services, {} and {}",
                      a->name, b->name, function.name, a->service->name, b->service->name),
          "make their methods or paths differ, so that the permit alone chooses the service");
  }
}

void Compiling::compile_functions(const Unit& unit) {
  for (int i = 0; i < unit.text.message.function_size(); ++i) {
    const config::Function& function = unit.text.message.function(i);
    const Node& block = *unit.text.tree.root().field("function", static_cast<std::size_t>(i));
    const bool named = define(functions_, "function", block, function.name());
    auto made = std::make_unique<Function>();
    made->name = function.name();
    Names permits;
    if (static_cast<std::size_t>(function.permit_size()) > limits::kPermitsPerFunctionMax) {
      error(block.name_at(),
            fmt::format("function {} has {} permits", quoted(function.name()),
                        function.permit_size()),
            fmt::format("write at most {}: one permit may have several methods, and * and "
                        "{{device.NAME}} in its path",
                        limits::kPermitsPerFunctionMax));
      continue;
    }
    for (int p = 0; p < function.permit_size(); ++p) {
      const Node& each = *block.field("permit", static_cast<std::size_t>(p));
      const bool good = define(permits, "permit", each, function.permit(p).name());
      auto permit = compile_permit(function.permit(p), each);
      if (good && permit) made->permits.push_back(std::move(*permit));
    }
    std::sort(made->permits.begin(), made->permits.end(),
              [](const Permit& a, const Permit& b) { return a.name < b.name; });
    for (std::uint32_t n = 0; n < made->permits.size(); ++n) {
      made->paths.add(made->permits[n].pattern, n);
    }
    check_overlaps(*made, permits);
    if (named) out().functions.push_back(std::move(made));
  }
}

}  // namespace interlock::policy
