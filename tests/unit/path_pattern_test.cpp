// Is a permit's path read exactly, and is a mistake in one named at its place, with what to write?
#include "policy/path_pattern.h"

#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "policy/path_trie.h"
#include "policy/snapshot.h"
#include "wire/http1/target.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

std::string written(const PathPattern& pattern) {
  std::string out;
  for (const PathSegment& segment : pattern) {
    switch (segment.kind) {
      case PathSegment::Kind::kLiteral:
        out += " '" + segment.text + "'";
        break;
      case PathSegment::Kind::kAny:
        out += " any";
        break;
      case PathSegment::Kind::kRest:
        out += " the rest";
        break;
      case PathSegment::Kind::kAttribute:
        out += " the " + segment.text;
        break;
    }
  }
  return out;
}

std::string read(std::string_view text) {
  const auto pattern = parse_path_pattern(text);
  BOOST_REQUIRE_MESSAGE(pattern.has_value(), text);
  return written(*pattern);
}

void refuse(std::string_view text, std::size_t offset, std::string_view message,
            std::string_view hint) {
  BOOST_TEST_CONTEXT(text) {
    const auto pattern = parse_path_pattern(text);
    BOOST_REQUIRE(!pattern.has_value());
    BOOST_TEST(pattern.error().offset == offset);
    BOOST_TEST(pattern.error().message == message);
    BOOST_TEST(pattern.error().hint == hint);
  }
}

constexpr std::string_view kNormalise =
    "write plain names between single slashes, and escape only what must be escaped";
constexpr std::string_view kTemplate = "a template is one whole segment of the form {device.NAME}";
constexpr std::string_view kTemplateHint =
    "write {device.id}, {device.site} or {device.NAME} for the inventory column attr.NAME";

// The numbers of the patterns that cover `path`, as the tree says it.
std::vector<std::uint32_t> matched(const PathTrie& trie, std::string_view path,
                                   const Device& device) {
  std::vector<std::uint32_t> found;
  trie.match(path, device, [&](std::uint32_t number) { found.push_back(number); });
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path_pattern)

BOOST_AUTO_TEST_CASE(segments_are_literal_any_or_an_attribute) {
  BOOST_TEST(read("/") == " ''");
  BOOST_TEST(read("/v1/*/a") == " 'v1' any 'a'");
  BOOST_TEST(read("/v1/") == " 'v1' ''");
  BOOST_TEST(read("/{device.id}") == " the id");
  BOOST_TEST(read("/**") == " the rest");
  BOOST_TEST(read("/v1/*/{device.id}/**") == " 'v1' any the id the rest");
  BOOST_TEST(read("/a/{device.line_2}/*") == " 'a' the line_2 any");
  BOOST_TEST(read("/a%20b/%C3%A9") == " 'a%20b' '%C3%A9'");
}

BOOST_AUTO_TEST_CASE(a_path_begins_with_a_slash) {
  refuse("", 0, "a path begins with `/`", "write `/`");
  refuse("v1/a", 0, "a path begins with `/`", "write `/v1/a`");
  refuse("*", 0, "a path begins with `/`", "write `/*`");
}

BOOST_AUTO_TEST_CASE(a_star_stands_alone) {
  constexpr std::string_view kMessage =
      "`*` stands for one whole segment, `**` for all that follow";
  constexpr std::string_view kHint = "write it alone behind a slash, or use path_regex";
  refuse("/a*", 2, kMessage, kHint);
  refuse("/v1/*.json", 4, kMessage, kHint);
  refuse("/v1/***", 4, kMessage, kHint);
  refuse("/v1/a**", 5, kMessage, kHint);
  refuse("/v1/{device.*}", 12, kMessage, kHint);
}

BOOST_AUTO_TEST_CASE(the_rest_stands_at_the_end) {
  constexpr std::string_view kMessage = "`**` stands for the rest of the path";
  constexpr std::string_view kHint = "write it at the end alone, and `*` for one segment";
  refuse("/**/a", 1, kMessage, kHint);
  refuse("/v1/**/", 4, kMessage, kHint);
  refuse("/v1/**/**", 4, kMessage, kHint);
}

BOOST_AUTO_TEST_CASE(a_template_is_a_whole_segment_and_names_an_attribute) {
  refuse("/v1/x{device.id}", 5, kTemplate, kTemplateHint);
  refuse("/v1/{device.id}x", 4, kTemplate, kTemplateHint);
  refuse("/v1/{device.id", 4, kTemplate, kTemplateHint);
  refuse("/v1/device.id}", 13, kTemplate, kTemplateHint);
  refuse("/v1/{device.}", 4, kTemplate, kTemplateHint);
  refuse("/v1/{device.Id}", 4, kTemplate, kTemplateHint);
  refuse("/v1/{device.a.b}", 4, kTemplate, kTemplateHint);
  refuse("/v1/{id}", 4, kTemplate, kTemplateHint);
  refuse("/v1/{device.id}{device.id}", 4, kTemplate, kTemplateHint);
}

BOOST_AUTO_TEST_CASE(what_no_request_can_have_is_refused) {
  refuse("/a//b", 0, "no request can have this path: The path has an empty segment (//)",
         kNormalise);
  refuse("/a/../b", 0, "no request can have this path: The path has a dot segment (. or ..)",
         kNormalise);
  refuse("/a%2Fb", 0, "no request can have this path: The path has an encoded slash or backslash",
         kNormalise);
  refuse("/a#b", 0, "no request can have this path: The request target has a fragment (#)",
         kNormalise);
  refuse("/a\x01", 0,
         "no request can have this path: The path has a character that must be percent-encoded",
         kNormalise);
  refuse("/" + std::string(limits::kHttpTargetBytesMax, 'a'), 0,
         "no request can have this path: The request target is too long", kNormalise);
}

BOOST_AUTO_TEST_CASE(as_many_segments_as_a_request_may_have) {
  std::string most;
  for (std::size_t i = 0; i < limits::kHttpPathSegmentsMax; ++i) most += "/{device.id}";
  BOOST_TEST(parse_path_pattern(most)->size() == limits::kHttpPathSegmentsMax);
  refuse(most + "/*", 0, "no request can have this path: The path has too many segments",
         kNormalise);
}

BOOST_AUTO_TEST_CASE(a_query_is_named_where_it_begins) {
  constexpr std::string_view kMessage = "a path pattern has no query";
  constexpr std::string_view kHint = "leave out everything from `?`; queries are passed on";
  refuse("/v1/a?b=c", 5, kMessage, kHint);
  refuse("/{device.id}/a?b", 14, kMessage, kHint);
}

BOOST_AUTO_TEST_CASE(the_normal_form_is_offered_where_it_is_missed) {
  constexpr std::string_view kMessage = "the path is not in its normal form";
  refuse("/v1/%41", 4, kMessage, "write `/v1/A`");
  refuse("/{device.id}/%41/*/{device.line}/", 13, kMessage,
         "write `/{device.id}/A/*/{device.line}/`");
  refuse("/a%c3%a9", 3, kMessage, "write `/a%C3%A9`");
}

// What parse_path_pattern accepts, a request can have: no permit is there in vain.
BOOST_AUTO_TEST_CASE(every_accepted_literal_is_a_canonical_path) {
  for (const char* text : {"/", "/a", "/a/", "/a%20b/c", "/~x/_y/-z", "/a=b&c"}) {
    BOOST_REQUIRE_MESSAGE(parse_path_pattern(text).has_value(), text);
    const auto target = http1::parse_target(text);
    BOOST_TEST((target.has_value() && target->path == text), text);
  }
}

BOOST_AUTO_TEST_CASE(a_path_splits_at_its_slashes) {
  using Segments = std::vector<std::string_view>;
  BOOST_TEST((split_path("/a/b") == Segments{"a", "b"}));
  BOOST_TEST((split_path("/a/") == Segments{"a", ""}));
  BOOST_TEST((split_path("/") == Segments{""}));
  BOOST_TEST(split_path("").empty());
}

BOOST_AUTO_TEST_CASE(common_segments_count_from_the_start) {
  Device device;
  device.id = "d1";
  const PathPattern pattern = *parse_path_pattern("/v1/{device.id}/*/x");
  const auto common = [&](std::string_view path) {
    return common_segments(pattern, split_path(path), device);
  };
  BOOST_TEST(common("/v1/d1/a/x") == 4U);
  BOOST_TEST(common("/v1/d1/a/x/y") == 4U);
  BOOST_TEST(common("/v1/d1//x") == 2U);
  BOOST_TEST(common("/v1/d2/a/x") == 1U);
  BOOST_TEST(common("/v2/d1/a/x") == 0U);
  BOOST_TEST(common("/v1") == 1U);
}

BOOST_AUTO_TEST_CASE(a_tree_finds_every_pattern_that_covers_and_no_other) {
  PathTrie trie;
  const char* patterns[] = {"/a/b", "/a/*", "/*/b", "/{device.id}/b", "/a", "/a/b/", "/a/b"};
  for (std::uint32_t i = 0; i < std::size(patterns); ++i)
    trie.add(*parse_path_pattern(patterns[i]), i);
  Device device;
  device.id = "a";
  using Numbers = std::vector<std::uint32_t>;
  BOOST_TEST((matched(trie, "/a/b", device) == Numbers{0, 1, 2, 3, 6}));
  BOOST_TEST((matched(trie, "/a/c", device) == Numbers{1}));
  BOOST_TEST((matched(trie, "/a/", device) == Numbers{}));
  BOOST_TEST((matched(trie, "/a/b/", device) == Numbers{5}));
  BOOST_TEST((matched(trie, "/a", device) == Numbers{4}));
  BOOST_TEST((matched(trie, "/", device) == Numbers{}));
  device.id = "x";
  BOOST_TEST((matched(trie, "/x/b", device) == Numbers{2, 3}));
  BOOST_TEST((matched(trie, "/a/b", device) == Numbers{0, 1, 2, 6}));
}

BOOST_AUTO_TEST_CASE(the_rest_is_whatever_begins_like_the_pattern) {
  PathTrie trie;
  const char* patterns[] = {"/a/**", "/**", "/*/b/**", "/a/{device.id}/**", "/a/b"};
  for (std::uint32_t i = 0; i < std::size(patterns); ++i)
    trie.add(*parse_path_pattern(patterns[i]), i);
  Device device;
  device.id = "b";
  using Numbers = std::vector<std::uint32_t>;
  BOOST_TEST((matched(trie, "/", device) == Numbers{1}));
  BOOST_TEST((matched(trie, "/a", device) == Numbers{1}));
  BOOST_TEST((matched(trie, "/a/", device) == Numbers{0, 1}));
  BOOST_TEST((matched(trie, "/a/b", device) == Numbers{0, 1, 4}));
  BOOST_TEST((matched(trie, "/a/b/", device) == Numbers{0, 1, 2, 3}));
  BOOST_TEST((matched(trie, "/a/b/c/d/e/f", device) == Numbers{0, 1, 2, 3}));
  BOOST_TEST((matched(trie, "/ab/b/c", device) == Numbers{1, 2}));
  BOOST_TEST(matched(trie, "a/b", device).empty());
  BOOST_TEST(matched(trie, "", device).empty());
}

BOOST_AUTO_TEST_CASE(common_segments_take_the_rest_for_its_first_segment) {
  const Device device;
  const PathPattern pattern = *parse_path_pattern("/a/**");
  BOOST_TEST(common_segments(pattern, split_path("/a"), device) == 1U);
  BOOST_TEST(common_segments(pattern, split_path("/a/"), device) == 2U);
  BOOST_TEST(common_segments(pattern, split_path("/a/b/c"), device) == 2U);
  BOOST_TEST(common_segments(pattern, split_path("/b/c"), device) == 0U);
}

// Loading refuses such values; were one to come from elsewhere, it would still stand for nothing.
BOOST_AUTO_TEST_CASE(a_value_that_could_inject_binds_to_no_segment) {
  PathTrie trie;
  trie.add(*parse_path_pattern("/{device.line}"), 0);
  trie.add(*parse_path_pattern("/{device.line}/b"), 1);
  const PathSegment segment = parse_path_pattern("/{device.line}")->front();
  Device device;
  const auto bound = [&](const std::string& value) {
    device.attributes = {{"line", value}};
    BOOST_TEST(segment.matches(value, device) == binds(value, value));
    return binds(value, value) && !matched(trie, "/" + value, device).empty();
  };
  BOOST_TEST(bound("a"));
  BOOST_TEST(bound("A.b_c-9"));
  BOOST_TEST(bound(std::string(64, 'a')));
  for (const char* value :
       {"",     ".",    "..",          "a.",          "a/b", "/",    "%61", "a%20b",
        "*",    "**",   "a*",          "?",           "a b", "a\\b", "a;b", "a\n",
        "\x01", "\x7f", "caf\xc3\xa9", "{device.id}", "a:b", "a+b",  "a,b", "a@b"}) {
    BOOST_TEST(!bound(value), value);
    BOOST_TEST(matched(trie, "/" + std::string(value), device).empty(), value);
    BOOST_TEST(matched(trie, "/" + std::string(value) + "/b", device).empty(), value);
  }
  BOOST_TEST(!bound(std::string(65, 'a')));
  BOOST_TEST(!bound(std::string("a\0", 2)));
  BOOST_TEST(!binds("a", "b"));
}

BOOST_AUTO_TEST_CASE(an_attribute_the_device_has_not_matches_nothing) {
  PathTrie trie;
  trie.add(*parse_path_pattern("/{device.line}/"), 0);
  trie.add(*parse_path_pattern("/{device.line}"), 1);
  const Device nobody;
  BOOST_TEST(matched(trie, "/", nobody).empty());
  BOOST_TEST(matched(trie, "//", nobody).empty());
  BOOST_TEST(matched(trie, "/line", nobody).empty());
}

BOOST_AUTO_TEST_CASE(function_and_tier_are_attributes_like_the_columns_they_are) {
  Function function;
  function.name = "press";
  const Tier tier{.name = "critical"};
  Device device;
  device.id = "d1";
  device.site = "hall";
  device.function = &function;
  BOOST_TEST(device.attribute("tier") == "");
  device.tier = &tier;
  device.attributes = {{"line", "3"}};
  BOOST_TEST(device.attribute("id") == "d1");
  BOOST_TEST(device.attribute("site") == "hall");
  BOOST_TEST(device.attribute("function") == "press");
  BOOST_TEST(device.attribute("tier") == "critical");
  BOOST_TEST(device.attribute("line") == "3");
  BOOST_TEST(device.attribute("lines") == "");
}

BOOST_AUTO_TEST_SUITE_END()
