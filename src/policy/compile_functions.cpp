// Functions: permits in the order of their names, and checked against each other.
#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "policy/compile.h"

namespace interlock::policy {
namespace {

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
    check_overlaps(*made, permits);
    if (named) out().functions.push_back(std::move(made));
  }
}

}  // namespace interlock::policy
