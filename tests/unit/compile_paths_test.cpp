// Are path_regex mistakes named at their place, and are permits of one function refused that leave
// the service to luck or that can never be chosen? "@" marks where the complaints must point, in
// the order of the text. The rest of a permit: compile_test.cpp, compile_permit_test.cpp.
#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "policy/decide.h"
#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

using Messages = std::vector<std::string>;

Loaded load(std::string_view policy, int num_devices = 0) {
  TestConfig config = plant_config();
  config.policy() = "service { name: \"s\" endpoint: \"10.0.0.1:80\" } " + std::string(policy);
  for (int i = 0; i < num_devices; ++i) {
    const std::string id = "press-" + std::to_string(i);
    config.inventory() += id + ",g,,cn," + id + ",plant,\n";
  }
  return config.load();
}

void complain(std::string_view marked, const Messages& messages) {
  const Marked policy("\n" + std::string(marked));
  const Loaded loaded = load(policy.text);
  BOOST_TEST(complaints(loaded) == policy.complaints("etc/policy.d/p", messages),
             boost::test_tools::per_element());
  BOOST_TEST((loaded.snapshot == nullptr) == has_errors(loaded.problems));
}

std::string permit(std::string_view name, std::string_view service, std::string_view http,
                   std::string_view more = "") {
  return "permit { name: " + std::string(name) + " service: \"" + std::string(service) +
         "\" http { " + std::string(http) + " } " + std::string(more) + " }\n";
}

std::string function(std::string_view permits) {
  return "function { name: \"g\"\n" + std::string(permits) + "}";
}

// The http block of a permit for GET.
std::string path(std::string_view text) {
  return "method: \"GET\" path: \"" + std::string(text) + "\"";
}
std::string regex(std::string_view text) {
  return "method: \"GET\" path_regex: \"" + std::string(text) + "\"";
}

// Permits "a" for service "s" and "b" for the historian, in the wrong order.
void apart(const std::string& a, const std::string& b) {
  complain(function(permit("\"b\"", "historian", b) + permit("\"a\"", "s", a)), {});
}
void collide(const std::string& a, const std::string& b, const std::string& hint) {
  complain(function(permit("@\"b\"", "historian", b) + permit("\"a\"", "s", a)),
           {"permits \"a\" and \"b\" of function \"g\" cover the same request on two services, s "
            "and historian\n  " +
            hint});
}

// Permits "a" and "b" of one service: what follows from "b" having its turn after "a".
void reachable(const std::string& a, const std::string& b, std::string_view rate_of_a = "") {
  complain(function(permit("\"b\"", "historian", b) + permit("\"a\"", "historian", a, rate_of_a)),
           {});
}
void unreachable(const std::string& a, const std::string& b, std::string_view rate_of_b = "") {
  complain(
      function(permit("@\"b\"", "historian", b, rate_of_b) + permit("\"a\"", "historian", a)),
      {"permit \"b\" of function \"g\" is never used: \"a\" (etc/policy.d/p:4:16) comes before it "
       "in name order and covers all that it covers\n"
       "  remove it; or, where it is the narrower one, give it a name that comes first"});
}

const std::string kPathHint =
    "make their methods or paths differ, so that the permit alone chooses the service";
const std::string kRegexHint =
    "make their methods differ, or the text that their paths begin with: what comes later in a "
    "path_regex is not compared";

}  // namespace

BOOST_AUTO_TEST_SUITE(compile_paths)

BOOST_AUTO_TEST_CASE(a_permit_has_one_path_or_one_expression) {
  complain(function(permit("\"p\"", "s", path("/a") + " @path_regex: \"/b\"")),
           {"a permit has one path or one path_regex\n"
            "  leave out one of them, or write two permits"});
  complain(function(permit("\"p\"", "s", "method: \"GET\" path_regex: @\"\"")),
           {"http needs path_regex\n  write path_regex: \"/v1/files/[a-z0-9-]+[.]csv\""});
}

BOOST_AUTO_TEST_CASE(a_mistake_in_an_expression_is_named_at_its_place) {
  const std::string syntax =
      "\n  write RE2 syntax, such as /v1/[a-z]+/[0-9]{1,4}[.]csv (it has no look-around and no "
      "references back)";
  complain(function(permit("\"p\"", "s", regex("/v1/@[a-z"))),
           {"this is no regular expression: missing ]" + syntax});
  complain(function(permit("\"p\"", "s", regex("/v1/\\\\d\"\n  '/@[z'  \"/b"))),
           {"this is no regular expression: missing ]" + syntax});
  complain(function(permit("\"p\"", "s", regex("/d/@{device.id}/[a-z]+"))),
           {"a path_regex cannot hold values of the device\n"
            "  use path, where {device.NAME}, * and ** may stand"});
  complain(function(permit("\"p\"", "s", "method: \"GET\" path_regex: \"@/([a-z]{1,8}/){1,100}\"")),
           {"the path_regex is too costly: 1704 instructions, at most 1000\n"
            "  write a shorter one, or several permits, or path with *"});
}

BOOST_AUTO_TEST_CASE(a_function_has_a_bounded_number_of_expressions) {
  const auto with = [](std::size_t num_permits) {
    std::string permits;
    for (std::size_t i = 0; i < num_permits; ++i) {
      const std::string number = std::to_string(i);
      permits += permit("\"p" + number + "\"", "s", regex("/" + number + "/[a-z]+"));
    }
    return "@" + function(permits);
  };
  const Loaded most = load(Marked(with(limits::kPathRegexesPerFunctionMax)).text);
  BOOST_REQUIRE(most.snapshot != nullptr);
  complain(with(limits::kPathRegexesPerFunctionMax + 1),
           {"function \"g\" has 257 permits with path_regex\n"
            "  write at most 256, and the others with path"});
}

BOOST_AUTO_TEST_CASE(the_expressions_of_a_function_have_a_bounded_cost_together) {
  std::string permits;
  for (std::size_t i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i);
    permits += permit("\"p" + number + "\"", "s", regex("/" + number + "/([a-z]{1,8}/){1,40}"));
  }
  complain("@" + function(permits),
           {"the path_regex of all permits of function \"g\" are too costly together\n"
            "  write simpler or fewer ones, or path with *"});
}

BOOST_AUTO_TEST_CASE(an_expression_is_kept_as_written) {
  const Loaded loaded = load(function(permit("\"p\"", "s", regex("^/v1/[a-z]+\\\\.csv$"))), 1);
  BOOST_REQUIRE(loaded.snapshot != nullptr);
  const Permit& made = loaded.snapshot->function("g")->permits.at(0);
  BOOST_TEST(made.regex == "^/v1/[a-z]+\\.csv$");
  BOOST_TEST(made.regex_prefix == "/v1/");
  BOOST_TEST(made.path.empty());
  BOOST_TEST(made.pattern.empty());
}

// However many devices there are, what matches stands once, in their function.
BOOST_AUTO_TEST_CASE(paths_are_compiled_once_for_all_devices_of_a_function) {
  const Loaded loaded = load(function(permit("\"p\"", "s", regex("/v1/[a-z]+"))), 500);
  BOOST_REQUIRE(loaded.snapshot != nullptr);
  BOOST_TEST(loaded.snapshot->devices.size() == 500U);
  BOOST_TEST(loaded.snapshot->functions.size() == 1U);
  for (const auto& device : loaded.snapshot->devices)
    BOOST_REQUIRE(device->function == loaded.snapshot->functions[0].get());
  static_assert(!std::is_copy_constructible_v<Paths>, "nobody can have a copy for itself");
}

BOOST_AUTO_TEST_CASE(permits_of_one_function_never_leave_the_service_to_luck) {
  collide(path("/a"), path("/a"), kPathHint);
  collide(path("/*"), path("/a"), kPathHint);
  collide(path("/*/b"), path("/a/*"), kPathHint);
  collide(path("/{device.id}"), path("/a"), kPathHint);
  collide(path("/a/**"), path("/a/b/c"), kPathHint);
  collide(path("/**"), path("/"), kPathHint);
  collide(R"(method: ["PUT", "GET"] path: "/a")", R"(method: ["POST", "GET"] path: "/a")",
          kPathHint);
  apart(path("/a"), R"(method: "PUT" path: "/a")");
  apart(path("/a"), path("/b"));
  apart(path("/*"), path("/a/"));
  apart(path("/*/b"), path("/a/c"));
  apart(path("/a/**"), path("/a"));
}

BOOST_AUTO_TEST_CASE(nor_do_expressions) {
  collide(regex("/a/[0-9]+"), path("/a/7"), kRegexHint);
  collide(path("/a/*"), regex("/a/[0-9]+/x"), kRegexHint);
  collide(regex("/a/[0-9]+"), regex("/a/[0-9]+/x"), kRegexHint);
  collide(regex(".*[.]csv"), regex("/a/[0-9]+"), kRegexHint);
  apart(regex("/a/[0-9]+"), path("/a/x"));
  apart(regex("/a/[0-9]+"), path("/b/*"));
  apart(regex("/a/[0-9]+"), regex("/b/[0-9]+"));
  apart(regex("/a/[0-9]+"), R"(method: "PUT" path_regex: "/a/[0-9]+")");
}

BOOST_AUTO_TEST_CASE(permits_on_one_service_may_overlap) {
  reachable(path("/a") + R"( max_body: "1B")", path("/*"));
  reachable(path("/*/b"), path("/a/*"));
  reachable(path("/a/*"), path("/a/**"));
  reachable(regex("/a/[0-9]"), regex("/a/[0-9]+"));
  reachable(regex("/a/.*"), path("/a/*"));  // It is covered, but that is not looked for.
}

BOOST_AUTO_TEST_CASE(a_permit_that_can_never_be_chosen_is_refused) {
  unreachable(path("/a"), path("/a"));
  unreachable(path("/*"), path("/a"));
  unreachable(path("/a/**"), path("/a/{device.id}/x"));
  unreachable(regex("/a/[0-9]+"), path("/a/7"));
  unreachable(regex("/a/[0-9]+"), regex("/a/[0-9]+"));
  unreachable(R"(method: "PUT" method: "GET" path: "/a")", path("/a"));
  reachable(path("/a"), R"(method: "PUT" method: "GET" path: "/a")");
}

BOOST_AUTO_TEST_CASE(a_condition_that_may_fail_leaves_the_next_permit_its_turn) {
  const std::string kSmall = R"( max_body: "1KiB")", kLarge = R"( max_body: "2KiB")";
  reachable(path("/a") + kSmall, path("/a") + kLarge);
  reachable(path("/a") + kSmall, path("/a"));
  unreachable(path("/a") + kSmall, path("/a") + kSmall);
  unreachable(path("/a"), path("/a") + kLarge);
  const std::string kJson = R"( content_type: "application/json")",
                    kBoth = R"( content_type: ["text/csv", "application/json"])";
  reachable(path("/a") + kJson, path("/a"));
  reachable(path("/a") + kJson, path("/a") + kBoth);
  unreachable(path("/a") + kBoth, path("/a") + kJson);
  unreachable(path("/a"), path("/a") + kJson);
  const std::string kRate = R"(rate { limit: 1 per: "1s" })";
  reachable(path("/a"), path("/a"), kRate);
  unreachable(path("/a"), path("/a"), kRate);
}

BOOST_AUTO_TEST_SUITE_END()
