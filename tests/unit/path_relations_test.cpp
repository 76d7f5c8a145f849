// Is it known which paths two permits share? What is said of pairs is held against samples:
// whatever the table gets wrong, may_intersect must never miss a shared path, and covers never
// claim one.
#include "policy/path_relations.h"

#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "policy/path_trie.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

PathPattern pattern(std::string_view text) { return parse_path_pattern(text).value(); }
PathRegex regex(std::string_view text) { return PathRegex::parse(text).value(); }

// Both must be said of the pair, in either order.
void meet(std::string_view a, std::string_view b, bool expected) {
  BOOST_TEST(may_intersect(pattern(a), pattern(b)) == expected, a << " and " << b);
  BOOST_TEST(may_intersect(pattern(b), pattern(a)) == expected, b << " and " << a);
}

void cover(std::string_view a, std::string_view b, bool expected) {
  BOOST_TEST(covers(pattern(a), pattern(b)) == expected, a << " and " << b);
}

bool matches(const PathPattern& one, const std::string& path, const Device& device) {
  PathTrie trie;
  trie.add(one, 0);
  bool found = false;
  trie.match(path, device, [&](std::uint32_t) { found = true; });
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path_relations)

BOOST_AUTO_TEST_CASE(patterns_meet_where_a_path_of_some_device_fits_both) {
  meet("/a", "/a", true);
  meet("/a", "/b", false);
  meet("/a", "/a/b", false);
  meet("/*", "/a", true);
  meet("/*", "/", false);
  meet("/*/b", "/a/*", true);
  meet("/*/b", "/a/c", false);
  meet("/{device.id}", "/a", true);
  meet("/{device.id}", "/", false);
  meet("/{device.id}", "/a%20b", false);  // No attribute may be that.
  meet("/{device.id}", "/{device.line}", true);
  meet("/{device.id}/a", "/*/a", true);
}

BOOST_AUTO_TEST_CASE(the_rest_meets_all_that_begins_alike) {
  meet("/**", "/", true);
  meet("/**", "/a/b", true);
  meet("/a/**", "/a", false);
  meet("/a/**", "/a/", true);
  meet("/a/**", "/b/c", false);
  meet("/a/**", "/*/b", true);
  meet("/a/**", "/{device.id}/b", true);
  meet("/a/**", "/**", true);
  meet("/a/b/**", "/a/*/c", true);
  meet("/a/b/**", "/a/c/**", false);
  meet("/a/b/c/**", "/a/**", true);
}

BOOST_AUTO_TEST_CASE(an_expression_meets_a_literal_path_that_it_matches) {
  BOOST_TEST(may_intersect(regex("/v1/[a-z]+"), pattern("/v1/a")));
  BOOST_TEST(!may_intersect(regex("/v1/[a-z]+"), pattern("/v1/7")));
  BOOST_TEST(!may_intersect(regex("/v1/[a-z]+"), pattern("/v1/")));
}

BOOST_AUTO_TEST_CASE(an_expression_meets_a_pattern_unless_their_beginnings_differ) {
  BOOST_TEST(may_intersect(regex("/v1/[a-z]+"), pattern("/v1/*")));
  BOOST_TEST(may_intersect(regex("/v1/[a-z]+/x"), pattern("/v1/*")));  // Not looked at so far.
  BOOST_TEST(may_intersect(regex("/v1/.*"), pattern("/*/b")));
  BOOST_TEST(may_intersect(regex(".*[.]csv"), pattern("/v1/*")));
  BOOST_TEST(!may_intersect(regex("/v1/[a-z]+"), pattern("/v2/*")));
  BOOST_TEST(!may_intersect(regex("/v2/[a-z]+"), pattern("/v1/**")));
  BOOST_TEST(!may_intersect(regex("/v1/a[0-9]"), pattern("/v1/b/{device.id}")));
  BOOST_TEST(!may_intersect(regex("/v1/[0-9]+"), pattern("/v1/a/*")));
  BOOST_TEST(may_intersect(regex("(?i)/v1/.*"), pattern("/V1/*")));
}

BOOST_AUTO_TEST_CASE(expressions_meet_unless_their_beginnings_differ) {
  BOOST_TEST(may_intersect(regex("/a/[0-9]+"), regex("/a/[0-9]x")));
  BOOST_TEST(may_intersect(regex("/a/.*"), regex(".*/b")));
  BOOST_TEST(may_intersect(regex("(?i)/a/x"), regex("/A/.")));
  BOOST_TEST(!may_intersect(regex("/a/.*"), regex("/ab/.*")));
  BOOST_TEST(!may_intersect(regex("/a/.*"), regex("/b/.*")));
  BOOST_TEST(!may_intersect(regex("/b/.*"), regex("/a/.*")));
}

BOOST_AUTO_TEST_CASE(a_pattern_covers_what_can_be_nothing_else) {
  cover("/a", "/a", true);
  cover("/a", "/b", false);
  cover("/*", "/a", true);
  cover("/*", "/", false);
  cover("/a", "/*", false);
  cover("/*", "/{device.id}", true);
  cover("/{device.id}", "/{device.id}", true);
  cover("/{device.id}", "/{device.line}", false);
  cover("/{device.id}", "/a", false);
  cover("/a", "/{device.id}", false);
  cover("/**", "/", true);
  cover("/**", "/a/*/**", true);
  cover("/a/**", "/a", false);
  cover("/a/**", "/a/", true);
  cover("/a/**", "/a/b/c", true);
  cover("/a/b/**", "/a/**", false);
  cover("/a/*", "/a/**", false);
  cover("/*/**", "/a/**", true);
  cover("/a", "/a/b", false);
}

BOOST_AUTO_TEST_CASE(an_expression_covers_the_literal_paths_that_it_matches) {
  BOOST_TEST(covers(regex("/a/[0-9]+"), pattern("/a/12")));
  BOOST_TEST(!covers(regex("/a/[0-9]+"), pattern("/a/x")));
  BOOST_TEST(!covers(regex("/a/.*"), pattern("/a/*")));
}

BOOST_AUTO_TEST_CASE(no_sample_contradicts_what_is_said_of_a_pair) {
  constexpr unsigned kSeed = 20270131;
  std::mt19937 draw(kSeed);
  const auto one_of = [&](const std::vector<const char*>& words) {
    return std::string(words[draw() % words.size()]);
  };
  const auto path = [&](const std::vector<const char*>& words, const char* last) {
    std::string out;
    for (std::size_t n = 1 + draw() % 3; n > 0; --n) out += "/" + one_of(words);
    if (draw() % 3 == 0) out += last;
    return out;
  };
  Device device;
  int num_shared = 0, num_apart = 0, num_covered = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string texts[] = {
        path({"a", "b", "*", "{device.id}"}, draw() % 2 == 0 ? "/**" : "/"),
        path({"a", "b", "*", "{device.id}"}, draw() % 2 == 0 ? "/**" : "/")};
    const PathPattern a = pattern(texts[0]), b = pattern(texts[1]);
    const PathRegex expression =
        regex(path({"a", "b", "[ab]", "a+", "(a|b)", "[^/]+", "a.", ".*"}, "/?"));
    const PathRegex other = regex(path({"a", "b", "[ab]", "a+", "[^/]+", "b.*"}, "/?"));
    num_apart += may_intersect(a, b) ? 0 : 1;
    num_covered += covers(a, b) ? 1 : 0;
    for (int sample = 0; sample < 10; ++sample) {
      device.id = one_of({"a", "b", "c"});
      const std::string request = path({"a", "b", "c", "ab"}, "/");
      const bool in_a = matches(a, request, device), in_b = matches(b, request, device);
      const bool in_expression = expression.covers(request);
      const bool both = in_a && in_b;
      num_shared += both ? 1 : 0;
      const bool good =
          (!both || may_intersect(a, b)) && (!covers(a, b) || !in_b || in_a) &&
          (!(in_expression && in_a) || may_intersect(expression, a)) &&
          (!covers(expression, a) || !in_a || in_expression) &&
          (!(in_expression && other.covers(request)) || may_intersect(expression, other)) &&
          (!in_expression || request.starts_with(expression.prefix()));
      BOOST_REQUIRE_MESSAGE(good, texts[0] << " " << texts[1] << " " << expression.text() << " "
                                           << other.text() << " " << request << " seed " << kSeed);
    }
  }
  // The samples reach what matters.
  BOOST_TEST(num_shared > 100);
  BOOST_TEST(num_apart > 100);
  BOOST_TEST(num_covered > 100);
}

BOOST_AUTO_TEST_SUITE_END()
