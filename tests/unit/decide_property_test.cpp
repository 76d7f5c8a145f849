// Do the laws of the decision hold for functions, devices and operations that nobody thought of? A
// seeded generator draws from few names, so that they often meet; a failure prints its seed.
#include <algorithm>
#include <random>

#include <boost/test/unit_test.hpp>

#include "policy/describe.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

constexpr unsigned kRounds = 800;

const Service kService{"s", {}};

// Rule is a permit as a person would check it by hand: words, no tree.
struct Rule {
  std::string name;
  std::vector<std::string> methods;
  std::string path;
  std::uint64_t body_bytes_max = 0;
};

// Function of rules in the order in which they were written.
Function compiled(const std::vector<Rule>& rules) {
  Function function{.name = "f"};
  for (const Rule& rule : rules) {
    function.permits.push_back({.name = rule.name,
                                .service = &kService,
                                .methods = rule.methods,
                                .path = rule.path,
                                .pattern = *parse_path_pattern(rule.path),
                                .body_bytes_max = rule.body_bytes_max});
  }
  std::sort(function.permits.begin(), function.permits.end(),
            [](const Permit& a, const Permit& b) { return a.name < b.name; });
  for (std::uint32_t i = 0; i < function.permits.size(); ++i)
    function.paths.add(function.permits[i].pattern, i);
  return function;
}

class Generator {
 public:
  explicit Generator(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t n) { return engine_() % n; }
  std::string one_of(std::initializer_list<const char*> words) {
    return words.begin()[below(words.size())];
  }
  std::string path(std::initializer_list<const char*> words) {
    std::string out = "/" + one_of(words);
    for (std::size_t n = below(3); n > 0; --n) out += "/" + one_of(words);
    return below(8) == 0 ? out + "/" : out;
  }
  std::vector<Rule> rules() {
    std::vector<Rule> out;
    for (std::size_t n = below(10); n > 0; --n) {
      Rule rule{.name = "p" + std::to_string(n * 7 % 10),
                .methods = {one_of({"GET", "PUT"})},
                .path = path({"a", "b", "*", "{device.id}", "{device.line}"}),
                .body_bytes_max = below(3)};
      if (below(3) == 0) rule.methods.push_back("POST");
      out.push_back(std::move(rule));
    }
    return out;
  }
  Device device() {
    Device out{.id = one_of({"a", "b", "d7"})};
    if (below(2) == 0) out.attributes = {{"line", one_of({"a", "b"})}};
    return out;
  }
  // Holds the text that its operation points into.
  struct Request {
    std::string method, path;
    std::optional<std::uint64_t> body_bytes;
    [[nodiscard]] HttpOperation operation() const { return {method, path, body_bytes}; }
  };
  Request request() {
    Request out{
        one_of({"GET", "GET", "PUT", "POST", "get"}), path({"a", "b", "a", "b", "d7", "*"}), {}};
    if (below(4) != 0) out.body_bytes = below(4);
    return out;
  }

  std::mt19937& engine() { return engine_; }

 private:
  std::mt19937 engine_;
};

// --- The decision once more, as plainly as it can be said
// -----------------------------------------

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> out = {""};
  for (const char c : path.substr(1)) {
    if (c == '/') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

bool covers(const std::string& pattern, const std::string& name, const Device& device) {
  if (pattern == "*") return !name.empty();
  if (pattern == "{device.id}") return name == device.id;
  if (pattern == "{device.line}")
    return !device.attributes.empty() && name == device.attributes[0].second;
  return pattern == name;
}

std::size_t common(const Rule& rule, const std::string& path, const Device& device) {
  const auto pattern = split(rule.path), names = split(path);
  std::size_t same = 0;
  while (same < pattern.size() && same < names.size() && covers(pattern[same], names[same], device))
    ++same;
  return same;
}

struct Verdict {
  Reason reason = Reason::no_permit;
  std::string permit;  // "" for none.
  bool operator==(const Verdict&) const = default;
};

Verdict naive(std::vector<Rule> rules, const Device& device, const Generator::Request& request) {
  std::sort(rules.begin(), rules.end(),
            [](const Rule& a, const Rule& b) { return a.name < b.name; });
  const auto covers_path = [&](const Rule& rule) {
    const std::size_t same = common(rule, request.path, device);
    return same == split(rule.path).size() && same == split(request.path).size();
  };
  const auto has_method = [&](const Rule& rule) {
    return std::count(rule.methods.begin(), rule.methods.end(), request.method) > 0;
  };
  const auto has_room = [&](const Rule& rule) {
    return !request.body_bytes || *request.body_bytes <= rule.body_bytes_max;
  };
  for (const Rule& rule : rules)
    if (covers_path(rule) && has_method(rule) && has_room(rule)) return {Reason::kNone, rule.name};
  for (const Rule& rule : rules)
    if (covers_path(rule) && has_method(rule)) return {Reason::too_large, rule.name};
  for (const Rule& rule : rules)
    if (covers_path(rule)) return {Reason::method_not_permitted, rule.name};
  const Rule* nearest = nullptr;
  const auto nearness = [&](const Rule& rule) {
    return std::pair(common(rule, request.path, device), has_method(rule));
  };
  for (const Rule& rule : rules)
    if (nearest == nullptr || nearness(rule) > nearness(*nearest)) nearest = &rule;
  return {Reason::no_permit, nearest != nullptr ? nearest->name : ""};
}

// -------------------------------------------------------------------------------------------------

Verdict verdict_of(const Decision& decision) {
  return {decision.reason, decision.permit != nullptr ? decision.permit->name : ""};
}

Verdict judged(const std::vector<Rule>& rules, Device device, const Generator::Request& request) {
  const Function function = compiled(rules);
  device.function = &function;
  return verdict_of(decide({device, {}}, request.operation()));
}

// for_each_seed runs `law` with a generator for each round, and says which one broke it.
template <class Law>
void for_each_seed(Law law) {
  for (unsigned seed = 1; seed <= kRounds; ++seed) {
    Generator generator(seed);
    BOOST_REQUIRE_MESSAGE(law(generator), "seed " << seed);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_property)

BOOST_AUTO_TEST_CASE(the_decision_is_what_the_plain_one_says) {
  int num_allowed = 0, num_nearly = 0;
  for_each_seed([&](Generator& draw) {
    const auto rules = draw.rules();
    const Device device = draw.device();
    const auto request = draw.request();
    const Verdict verdict = judged(rules, device, request);
    num_allowed += verdict.reason == Reason::kNone ? 1 : 0;
    num_nearly += verdict.reason != Reason::kNone && verdict.reason != Reason::no_permit ? 1 : 0;
    return verdict == naive(rules, device, request);
  });
  // The generator reaches what matters.
  BOOST_TEST(num_allowed > 30);
  BOOST_TEST(num_nearly > 30);
}

BOOST_AUTO_TEST_CASE(the_order_of_permits_never_matters) {
  for_each_seed([](Generator& draw) {
    auto rules = draw.rules();
    const Device device = draw.device();
    const auto request = draw.request();
    const Verdict verdict = judged(rules, device, request);
    std::shuffle(rules.begin(), rules.end(), draw.engine());
    return judged(rules, device, request) == verdict;
  });
}

BOOST_AUTO_TEST_CASE(a_function_with_fewer_permits_never_allows_more) {
  for_each_seed([](Generator& draw) {
    auto rules = draw.rules();
    if (rules.empty()) return true;
    const Device device = draw.device();
    const auto request = draw.request();
    const bool allowed = judged(rules, device, request).reason == Reason::kNone;
    rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(draw.below(rules.size())));
    return allowed || judged(rules, device, request).reason != Reason::kNone;
  });
}

BOOST_AUTO_TEST_CASE(a_smaller_body_is_never_refused_where_a_larger_one_is_allowed) {
  for_each_seed([](Generator& draw) {
    const auto rules = draw.rules();
    const Device device = draw.device();
    auto request = draw.request();
    request.body_bytes = 1 + draw.below(3);
    const bool allowed = judged(rules, device, request).reason == Reason::kNone;
    --*request.body_bytes;
    return !allowed || judged(rules, device, request).reason == Reason::kNone;
  });
}

BOOST_AUTO_TEST_CASE(another_site_or_an_unmet_tier_never_allows) {
  const Tier tiers[] = {{.name = "t", .hardware_backed_key = true},
                        {.name = "t", .attestation = true},
                        {.name = "t", .max_certificate_lifetime = Millis{1}}};
  for_each_seed([&](Generator& draw) {
    const Function function = compiled(draw.rules());
    Device device = draw.device();
    device.function = &function;
    const auto request = draw.request();
    device.foreign = draw.below(2) == 0;
    if (!device.foreign) device.tier = &tiers[draw.below(std::size(tiers))];
    return !decide({device, Millis{2}}, request.operation()).allowed();
  });
}

// describe is for people; it must say something about everything, and nothing about nothing.
BOOST_AUTO_TEST_CASE(every_decision_has_a_sentence_that_names_its_permit) {
  for_each_seed([](Generator& draw) {
    const Function function = compiled(draw.rules());
    Device device = draw.device();
    device.function = &function;
    const auto request = draw.request();
    const Facts facts{device, {}};
    const Decision decision = decide(facts, request.operation());
    const std::string sentence = describe(decision, facts, request.operation());
    const std::string name = decision.permit != nullptr ? decision.permit->name : "no permits";
    return sentence.find(name) != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
