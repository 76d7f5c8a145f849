// Is an expression read as RE2 reads it, is a mistake in one named at its place, is what is too
// costly refused, and does a set that cannot run ever permit anything?
#include "policy/path_regex.h"

#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "policy/decide.h"
#include "policy/describe.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

PathRegex regex(std::string_view text) {
  auto parsed = PathRegex::parse(text);
  BOOST_REQUIRE_MESSAGE(parsed.has_value(), text);
  return *std::move(parsed);
}

void refuse(std::string_view text, std::size_t offset, std::string_view message,
            std::string_view hint) {
  BOOST_TEST_CONTEXT(text) {
    const auto parsed = PathRegex::parse(text);
    BOOST_REQUIRE(!parsed.has_value());
    BOOST_TEST(parsed.error().offset == offset);
    BOOST_TEST(parsed.error().message == message);
    BOOST_TEST(parsed.error().hint == hint);
  }
}

using Numbers = std::vector<std::uint32_t>;

// The permits of a set that cover `path`; the set must be able to say.
Numbers covering(const RegexSet& set, std::string_view path) {
  Numbers found;
  BOOST_REQUIRE(set.match(path, found));
  std::sort(found.begin(), found.end());
  return found;
}

constexpr std::string_view kSimpler = "write a shorter one, or several permits, or path with *";
constexpr std::string_view kSyntax =
    "write RE2 syntax, such as /v1/[a-z]+/[0-9]{1,4}[.]csv (it has no look-around and no "
    "references back)";

}  // namespace

BOOST_AUTO_TEST_SUITE(path_regex)

BOOST_AUTO_TEST_CASE(the_whole_path_is_matched) {
  const PathRegex csv = regex("/v1/[a-z]+[.]csv");
  BOOST_TEST(csv.covers("/v1/a.csv"));
  BOOST_TEST(!csv.covers("/v1/a.csv/"));
  BOOST_TEST(!csv.covers("x/v1/a.csv"));
  BOOST_TEST(!csv.covers("/v1/A.csv"));
  BOOST_TEST(!csv.covers("/v1/aXcsv"));
  BOOST_TEST(csv.text() == "/v1/[a-z]+[.]csv");
  BOOST_TEST(!regex("/a.b").covers("/a\nb"));
}

BOOST_AUTO_TEST_CASE(the_text_that_paths_begin_with_is_known) {
  BOOST_TEST(regex("/v1/a").prefix() == "/v1/a");
  BOOST_TEST(regex("/v1/[0-9]+").prefix() == "/v1/");
  BOOST_TEST(regex("^/v1/a[0-9]").prefix() == "/v1/a");
  BOOST_TEST(regex("(?i)/v1/a").prefix() == "/");
  BOOST_TEST(regex("/a/x|/a/y").prefix() == "/a/");
  BOOST_TEST(regex(".*[.]csv").prefix() == "");
}

BOOST_AUTO_TEST_CASE(a_mistake_is_named_at_its_place) {
  const auto wrong = [](std::string_view text, std::size_t offset, std::string_view what) {
    refuse(text, offset, "this is no regular expression: " + std::string(what), kSyntax);
  };
  wrong("/v1/[a-z", 4, "missing ]");
  wrong("/v1/**", 4, "bad repetition operator");
  wrong("/v1/x**y", 5, "bad repetition operator");
  wrong("/v1/(a", 0, "missing )");
  wrong("/v1/a)", 0, "unexpected )");
  wrong("/v1/[z-a]/b", 5, "invalid character class range");
  wrong("/(a)\\1", 4, "invalid escape sequence");
  wrong("/(?=a)b", 1, "invalid perl operator");
  wrong("/a\\", 3, "trailing \\");
}

BOOST_AUTO_TEST_CASE(a_template_is_refused) {
  refuse("/d/{device.id}/[a-z]+", 3, "a path_regex cannot hold values of the device",
         "use path, where {device.NAME}, * and ** may stand");
}

BOOST_AUTO_TEST_CASE(a_character_that_no_path_has_is_refused) {
  constexpr std::string_view kMessage = "no path has this character";
  constexpr std::string_view kHint =
      "write it as paths have it: a space is %20, and \u00e9 is %C3%A9";
  refuse("/caf\u00e9", 4, kMessage, kHint);
  refuse("/a b", 2, kMessage, kHint);
  refuse("/a\n", 2, kMessage, kHint);
  refuse(std::string_view("/\0", 2), 1, kMessage, kHint);
  refuse("/\x7f", 1, kMessage, kHint);
}

BOOST_AUTO_TEST_CASE(what_covers_no_path_is_refused) {
  constexpr std::string_view kSlash = "no path matches: paths begin with `/`";
  constexpr std::string_view kSlashHint = "write `/` first, as in /v1/[a-z]+";
  refuse("v1/.*", 0, kSlash, kSlashHint);
  refuse("[a-z]+", 0, kSlash, kSlashHint);
  refuse("a|b", 0, kSlash, kSlashHint);
  refuse("/\\p{Greek}", 0, kSlash, kSlashHint);
  constexpr std::string_view kNormal =
      "write plain names between single slashes, and escape only what must be escaped";
  refuse("/a//[a-z]+", 0, "no request can have this path: The path has an empty segment (//)",
         kNormal);
  refuse("/a/[.][.]/[a-z]+", 0,
         "no request can have this path: The path has a dot segment (. or ..)", kNormal);
  refuse("/caf%c3%a9/[0-9]+", 0, "the path is not in its normal form",
         "write `/caf%C3%A9/` at its start");
  refuse("/a[?]x/[0-9]", 0, "a path_regex has no query",
         "leave out everything from `?`; queries are passed on");
  for (const char* good : {".*[.]csv", "(/a|/b)/c", "(?:/a)+", "/.*", "[/]a", ".?/a"})
    BOOST_TEST(PathRegex::parse(good).has_value(), good);
}

BOOST_AUTO_TEST_CASE(an_expression_has_a_bounded_length) {
  BOOST_TEST(regex("/" + std::string(limits::kPathRegexBytesMax - 1, 'a')).prefix().size() > 1U);
  refuse("/" + std::string(limits::kPathRegexBytesMax, 'a'), limits::kPathRegexBytesMax,
         "a path_regex has at most 512 bytes", kSimpler);
}

BOOST_AUTO_TEST_CASE(an_expression_has_a_bounded_cost) {
  regex("/([a-z]{1,8}/){1,40}");
  refuse("/([a-z]{1,8}/){1,100}", 0,
         "the path_regex is too costly: 1704 instructions, at most 1000", kSimpler);
  std::string many = "/";
  for (int i = 0; i < 15; ++i) many += "(abcdefghijklmnopqrst){1000}";
  refuse(many, 0, "the path_regex is too costly", kSimpler);
  constexpr std::string_view kSize = "this is no regular expression: invalid repetition size";
  constexpr std::string_view kSizeHint =
      "repeat at most 1000 times, multiplied where repetitions stand in each other";
  refuse("/a{1001}/b", 2, kSize, kSizeHint);
  refuse("/((a{1,30}b){1,30}c){1,30}", 20, kSize, kSizeHint);
}

BOOST_AUTO_TEST_CASE(a_set_finds_every_expression_that_covers_and_no_other) {
  RegexSet set;
  BOOST_TEST(set.empty());
  BOOST_TEST(covering(set, "/a").empty());
  set.add(regex("/[a-c]"), 4);
  set.add(regex("/a.*"), 7);
  set.add(regex("/b/[0-9]+"), 9);
  set.add(regex("/[a-c]"), 11);
  BOOST_REQUIRE(set.compile());
  BOOST_TEST((covering(set, "/a") == Numbers{4, 7, 11}));
  BOOST_TEST((covering(set, "/a/x") == Numbers{7}));
  BOOST_TEST((covering(set, "/b/12") == Numbers{9}));
  BOOST_TEST(covering(set, "/b/12x").empty());
  BOOST_TEST(covering(set, "").empty());
}

// States are forgotten when the memory is full, and the answer stays right.
BOOST_AUTO_TEST_CASE(a_small_memory_changes_no_answer) {
  RegexSet set;
  std::vector<PathRegex> all;
  for (std::uint32_t i = 0; i < 16; ++i) {
    all.push_back(
        regex("/.*" + std::string(1, static_cast<char>('a' + i)) + ".{" + std::to_string(i) + "}"));
    set.add(all.back(), i);
  }
  BOOST_REQUIRE(set.compile(std::int64_t{64} * 1024));
  std::string path = "/";
  for (std::size_t i = 0; i < 2000; ++i) {
    path += static_cast<char>('a' + i * i * 7 % 26);
    if (i % 50 != 0) continue;
    Numbers expected;
    for (std::uint32_t n = 0; n < all.size(); ++n)
      if (all[n].covers(path)) expected.push_back(n);
    BOOST_TEST(covering(set, path) == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_set_that_cannot_run_says_so) {
  RegexSet set;
  set.add(regex("/a"), 0);
  Numbers found;
  BOOST_TEST(!set.match("/a", found));
  BOOST_TEST(!set.compile(1024));
  BOOST_TEST(!set.match("/a", found));
  BOOST_TEST(!set.match("/b", found));
  BOOST_TEST(found.empty());
}

// Even what a plain path covers: an earlier permit might have been the one.
BOOST_AUTO_TEST_CASE(where_a_set_cannot_run_everything_is_refused_and_the_reason_is_true) {
  const Service service{"s", {}};
  Function function{.name = "f"};
  function.permits.push_back({.name = "a",
                              .service = &service,
                              .methods = {"GET"},
                              .path = "/a",
                              .pattern = *parse_path_pattern("/a")});
  function.permits.push_back(
      {.name = "b", .service = &service, .methods = {"GET"}, .regex = "/b.*"});
  function.paths.add(function.permits[0].pattern, 0);
  function.paths.add(regex("/b.*"), 1);
  BOOST_REQUIRE(!function.paths.compile(1024));
  const Tier tier{.name = "t"};
  const Device device{.id = "d", .function = &function, .tier = &tier};
  const Facts facts{device, {}};
  for (const char* path : {"/a", "/b", "/c"}) {
    const HttpOperation operation{.method = "GET", .path = path};
    const Decision decision = decide(facts, operation);
    BOOST_TEST(to_string(decision.reason) == "overloaded");
    BOOST_TEST(decision.permit == nullptr);
    BOOST_TEST(describe(decision, facts, operation) ==
               "the path_regex of function \"f\" ran out of memory, so nobody knows which permit "
               "covers it");
  }
}

BOOST_AUTO_TEST_SUITE_END()
