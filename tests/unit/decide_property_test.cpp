// Do the laws of the decision hold for functions, devices and operations that nobody thought of? A
// seeded generator draws from few names, so that they often meet; a failure prints its seed.
#include <algorithm>
#include <random>

#include <boost/test/unit_test.hpp>

#include "policy/describe.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

constexpr unsigned kRounds = 2500;

const Service kService{"s", {}};

// Rule is a permit as a person would check it by hand: words, no tree.
struct Rule {
  std::string name;
  std::vector<std::string> methods;
  std::string path;
  std::uint64_t body_bytes_max = 0;
  std::vector<std::string> content_types = {};
  std::optional<Budget> budget = {};  // Of its rate, as the device finds it; nothing: no rate.
  std::string upgrade = {};
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
                                .body_bytes_max = rule.body_bytes_max,
                                .content_types = rule.content_types,
                                .upgrade = rule.upgrade,
                                .rate = rule.budget ? std::optional(Rate{}) : std::nullopt});
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
      if (below(3) == 0) rule.content_types = {one_of({"a/b", "a/c"})};
      if (below(6) == 0) rule.content_types.emplace_back("a/d");
      if (below(2) == 0) rule.budget = budget();
      if (below(3) == 0) rule.upgrade = one_of({"x", "y"});
      out.push_back(std::move(rule));
    }
    return out;
  }
  Budget budget() {
    switch (below(5)) {
      case 0:
        return {Budget::State::kUnknown, {}};
      case 1:
      case 2:
        return {Budget::State::kSpent, Millis{1 + static_cast<std::int64_t>(below(3))}};
      default:
        return {};
    }
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
    std::string content_type, upgrade;
    [[nodiscard]] HttpOperation operation() const {
      return {method, path, body_bytes, content_type, upgrade};
    }
  };
  Request request() {
    Request out{one_of({"GET", "GET", "PUT", "POST", "get"}),
                path({"a", "b", "a", "b", "d7", "*"}),
                {},
                one_of({"a/b", "a/b", "A/B; x=y", "a/c", "a/d", "a/b,a/c", ""}),
                one_of({"", "", "", "", "", "", "x", "X"})};
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

// All segments that agree, wherever they stand.
std::size_t agreeing(const Rule& rule, const std::string& path, const Device& device) {
  const auto pattern = split(rule.path), names = split(path);
  std::size_t same = 0;
  for (std::size_t i = 0; i < pattern.size() && i < names.size(); ++i)
    same += covers(pattern[i], names[i], device) ? 1U : 0U;
  return same;
}

struct Verdict {
  Reason reason = Reason::no_permit;
  std::string permit;  // "" for none.
  std::int64_t wait_ms = 0;
  bool operator==(const Verdict&) const = default;
};

// Of the values that a generator draws, these are media types, and this is how they compare.
bool has_type(const Rule& rule, const std::string& content_type) {
  const std::string type = content_type == "A/B; x=y" ? "a/b" : content_type;
  return rule.content_types.empty() ||
         std::count(rule.content_types.begin(), rule.content_types.end(), type) > 0;
}

// Budgets says of each covering rule what the generator drew, and remembers of whom it was asked.
struct DrawnBudgets final : Budgets {
  const std::vector<Rule>& rules;
  std::vector<std::string> asked;
  explicit DrawnBudgets(const std::vector<Rule>& drawn) : rules(drawn) {}
  Budget left(const Permit& permit) override {
    asked.push_back(permit.name);
    for (const Rule& rule : rules)
      if (rule.name == permit.name) return rule.budget.value();
    throw std::logic_error("asked about a permit that is none");
  }
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
  const auto has_protocol = [&](const Rule& rule) {
    return request.upgrade.empty() || rule.upgrade == "x";
  };
  const auto has_room = [&](const Rule& rule) {
    if (!request.upgrade.empty()) return request.body_bytes == 0U;
    return !request.body_bytes || *request.body_bytes <= rule.body_bytes_max;
  };
  const auto has_kind = [&](const Rule& rule) {
    return request.body_bytes == 0U || has_type(rule, request.content_type);
  };
  const auto covers_all = [&](const Rule& rule) {
    return covers_path(rule) && has_method(rule) && has_protocol(rule) && has_kind(rule) &&
           has_room(rule);
  };
  for (const Rule& rule : rules)
    if (covers_all(rule) && (!rule.budget || rule.budget->state == Budget::State::kLeft))
      return {Reason::kNone, rule.name};
  for (const Rule& rule : rules)
    if (covers_all(rule) && rule.budget->state == Budget::State::kUnknown)
      return {Reason::overloaded, rule.name};
  for (std::int64_t wait = 1; wait <= 3; ++wait)
    for (const Rule& rule : rules)
      if (covers_all(rule) && rule.budget->wait.ms == wait)
        return {Reason::rate_limited, rule.name, wait};
  for (const Rule& rule : rules)
    if (covers_path(rule) && has_method(rule) && has_protocol(rule) && has_kind(rule))
      return {Reason::too_large, rule.name};
  for (const Rule& rule : rules)
    if (covers_path(rule) && has_method(rule) && has_protocol(rule))
      return {Reason::content_type_not_permitted, rule.name};
  for (const Rule& rule : rules)
    if (covers_path(rule) && has_method(rule)) return {Reason::upgrade_not_permitted, rule.name};
  for (const Rule& rule : rules)
    if (covers_path(rule)) return {Reason::method_not_permitted, rule.name};
  const Rule* nearest = nullptr;
  const auto nearness = [&](const Rule& rule) {
    return std::tuple(common(rule, request.path, device), has_method(rule),
                      agreeing(rule, request.path, device));
  };
  for (const Rule& rule : rules)
    if (nearest == nullptr || nearness(rule) > nearness(*nearest)) nearest = &rule;
  return {Reason::no_permit, nearest != nullptr ? nearest->name : ""};
}

// -------------------------------------------------------------------------------------------------

Verdict verdict_of(const Decision& decision) {
  return {decision.reason, decision.permit != nullptr ? decision.permit->name : "",
          decision.wait_ms};
}

Verdict judged(const std::vector<Rule>& rules, Device device, const Generator::Request& request) {
  const Function function = compiled(rules);
  device.function = &function;
  DrawnBudgets budgets(rules);
  const Decision decision = decide(
      {.device = device, .certificate_lifetime = {}, .budgets = &budgets}, request.operation());
  // Only a permit that covers all the rest is asked for its budget, and each at most once.
  std::sort(budgets.asked.begin(), budgets.asked.end());
  BOOST_REQUIRE(
      (std::adjacent_find(budgets.asked.begin(), budgets.asked.end()) == budgets.asked.end()));
  for (const std::string& name : budgets.asked) {
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const Rule& each) { return each.name == name; });
    Rule unlimited = *rule;
    BOOST_REQUIRE(unlimited.budget.has_value());
    unlimited.budget.reset();
    BOOST_REQUIRE((naive({unlimited}, device, request).reason == Reason::kNone));
  }
  BOOST_REQUIRE(decision.spends_rate == (decision.allowed() && decision.permit->rate.has_value()));
  return verdict_of(decision);
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
  int num_allowed = 0, num_nearly = 0, num_limited = 0;
  for_each_seed([&](Generator& draw) {
    const auto rules = draw.rules();
    const Device device = draw.device();
    const auto request = draw.request();
    const Verdict verdict = judged(rules, device, request);
    num_allowed += verdict.reason == Reason::kNone ? 1 : 0;
    num_nearly += verdict.reason != Reason::kNone && verdict.reason != Reason::no_permit ? 1 : 0;
    num_limited += verdict.reason == Reason::rate_limited ? 1 : 0;
    return verdict == naive(rules, device, request);
  });
  // The generator reaches what matters.
  BOOST_TEST(num_allowed > 30);
  BOOST_TEST(num_nearly > 30);
  BOOST_TEST(num_limited > 10);
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

BOOST_AUTO_TEST_CASE(more_assurance_never_allows_less) {
  for_each_seed([](Generator& draw) {
    Function function = compiled(draw.rules());
    function.min_assurance = static_cast<int>(draw.below(4));
    Device device = draw.device();
    device.function = &function;
    const auto request = draw.request();
    bool before = false;
    for (int assurance = 0; assurance <= kHighestAssurance; ++assurance) {
      const Decision decision = decide({device, {}, false, assurance}, request.operation());
      const bool too_low = decision.reason == Reason::assurance_too_low;
      if (too_low != (assurance < function.min_assurance)) return false;
      if (before && !decision.allowed()) return false;
      before = decision.allowed();
    }
    return true;
  });
}

BOOST_AUTO_TEST_CASE(more_budget_never_allows_less) {
  for_each_seed([](Generator& draw) {
    auto rules = draw.rules();
    const Device device = draw.device();
    const auto request = draw.request();
    const bool allowed = judged(rules, device, request).reason == Reason::kNone;
    for (Rule& rule : rules)
      if (rule.budget && draw.below(2) == 0) rule.budget = Budget{};
    return !allowed || judged(rules, device, request).reason == Reason::kNone;
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
