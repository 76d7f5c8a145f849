// Functions: permits in the order of their names, and checked against each other.
#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "policy/compile.h"
#include "policy/path_relations.h"

namespace interlock::policy {
namespace {

bool share_a_method(const Permit& a, const Permit& b) {
  return std::any_of(a.methods.begin(), a.methods.end(),
                     [&](const std::string& m) { return b.permits_method(m); });
}

bool permits_methods_of(const Permit& a, const Permit& b) {
  return std::all_of(b.methods.begin(), b.methods.end(),
                     [&](const std::string& m) { return a.permits_method(m); });
}

// Bodies without a kind are permitted by both; a permit that names no kinds permits all.
bool permits_content_types_of(const Permit& a, const Permit& b) {
  if (a.content_types.empty()) return true;
  const auto has = [&](const std::string& type) {
    return std::find(a.content_types.begin(), a.content_types.end(), type) != a.content_types.end();
  };
  return !b.content_types.empty() &&
         std::all_of(b.content_types.begin(), b.content_types.end(), has);
}

}  // namespace

bool Compiling::paths_may_intersect(const Permit& a, const Permit& b) const {
  if (a.regex.empty() && b.regex.empty()) return may_intersect(a.pattern, b.pattern);
  if (a.regex.empty()) return may_intersect(regexes_.at(b.regex), a.pattern);
  if (b.regex.empty()) return may_intersect(regexes_.at(a.regex), b.pattern);
  return may_intersect(regexes_.at(a.regex), regexes_.at(b.regex));
}

bool Compiling::path_covers(const Permit& a, const Permit& b) const {
  if (a.regex.empty()) return b.regex.empty() && covers(a.pattern, b.pattern);
  return b.regex.empty() ? covers(regexes_.at(a.regex), b.pattern) : a.regex == b.regex;
}

// Every condition of a permit has its line here: one that `a` has and that can fail where those of
// `b` hold keeps `b` from being in vain. A rate always can: once it is used up, `b` has its turn.
bool Compiling::shadows(const Permit& a, const Permit& b) const {
  return path_covers(a, b) && permits_methods_of(a, b) && permits_content_types_of(a, b) &&
         a.body_bytes_max >= b.body_bytes_max && a.permits_upgrade(b.upgrade) && !a.rate;
}

// Each permit is held against those before it; the first that it collides with is enough to know.
void Compiling::check_permits(const Function& function, const Names& permits) {
  for (auto b = function.permits.begin(); b != function.permits.end(); ++b) {
    const auto rival = std::find_if(function.permits.begin(), b, [&](const Permit& a) {
      return a.service != b->service && share_a_method(a, *b) && paths_may_intersect(a, *b);
    });
    if (rival != b) {
      error(
          permits.at(b->name),
          fmt::format("permits \"{}\" and \"{}\" of function \"{}\" cover the same request on "
                      "two services, {} and {}",
                      rival->name, b->name, function.name, rival->service->name, b->service->name),
          rival->regex.empty() && b->regex.empty()
              ? "make their methods or paths differ, so that the permit alone chooses the service"
              : "make their methods differ, or the text that their paths begin with: what comes "
                "later in a path_regex is not compared");
      continue;
    }
    const auto first =
        std::find_if(function.permits.begin(), b, [&](const Permit& a) { return shadows(a, *b); });
    if (first == b) continue;
    error(permits.at(b->name),
          fmt::format("permit \"{}\" of function \"{}\" is never used: \"{}\" ({}) comes before it "
                      "in name order and covers all that it covers",
                      b->name, function.name, first->name, to_string(permits.at(first->name))),
          "remove it; or, where it is the narrower one, give it a name that comes first");
  }
}

void Compiling::compile_paths(Function& function, const Node& block) {
  std::size_t num_regexes = 0;
  for (std::uint32_t n = 0; n < function.permits.size(); ++n) {
    const Permit& permit = function.permits[n];
    if (permit.regex.empty()) {
      function.paths.add(permit.pattern, n);
    } else if (++num_regexes <= limits::kPathRegexesPerFunctionMax) {
      function.paths.add(regexes_.at(permit.regex), n);
    }
  }
  if (num_regexes > limits::kPathRegexesPerFunctionMax) {
    error(block.name_at(),
          fmt::format("function {} has {} permits with path_regex", quoted(function.name),
                      num_regexes),
          fmt::format("write at most {}, and the others with path",
                      limits::kPathRegexesPerFunctionMax));
  } else if (!function.paths.compile()) {
    error(block.name_at(),
          fmt::format("the path_regex of all permits of function {} are too costly together",
                      quoted(function.name)),
          "write simpler or fewer ones, or path with *");
  }
}

void Compiling::compile_functions(const Unit& unit) {
  for (int i = 0; i < unit.text.message.function_size(); ++i) {
    const config::Function& function = unit.text.message.function(i);
    const Node& block = *unit.text.tree.root().field("function", static_cast<std::size_t>(i));
    const bool named = define(functions_, "function", block, function.name());
    auto made = std::make_unique<Function>();
    made->name = function.name();
    compile_assurance(function, block, *made);
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
    compile_paths(*made, block);
    check_permits(*made, permits);
    if (named) out().functions.push_back(std::move(made));
  }
}

}  // namespace interlock::policy
