// Are durations, sizes and endpoints read as people mean them, and everything else refused?
#include "policy/units.h"

#include <limits>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "base/text.h"
#include "model/identity.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

std::string why_not(std::string_view text) {
  const auto endpoint = parse_endpoint(text);
  return endpoint.has_value() ? "accepted" : endpoint.error().what;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(units)

BOOST_AUTO_TEST_CASE(a_duration_is_a_number_and_a_unit) {
  const std::pair<std::string_view, std::int64_t> cases[] = {
      {"200ms", 200},         {"90s", 90'000},       {"5m", 300'000}, {"36h", 129'600'000},
      {"30d", 2'592'000'000}, {"2w", 1'209'600'000}, {"0s", 0}};
  for (const auto& [text, ms] : cases) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_REQUIRE(parse_duration(text).has_value());
      BOOST_TEST(parse_duration(text)->ms == ms);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_duration_without_unit_or_with_another_spelling_is_refused) {
  for (const std::string_view text : {"", "36", "h", "36H", "36 h", " 36h", "36h ", "+36h", "-36h",
                                      "1.5h", "1h30m", "36hours", "1M", "0x10s"}) {
    BOOST_TEST(!parse_duration(text).has_value(), text);
  }
  BOOST_TEST(!parse_duration(std::string_view("36h\0", 4)).has_value());
}

BOOST_AUTO_TEST_CASE(a_duration_above_a_hundred_years_is_refused) {
  BOOST_REQUIRE(parse_duration("36525d").has_value());
  BOOST_TEST(parse_duration("36525d")->ms == limits::kConfigDurationMax.ms);
  BOOST_TEST(!parse_duration("36526d").has_value());
  BOOST_TEST(!parse_duration("18446744073709551615w").has_value());
  BOOST_TEST(!parse_duration("18446744073709551616ms").has_value());
}

BOOST_AUTO_TEST_CASE(a_size_is_a_number_and_a_unit) {
  const std::pair<std::string_view, std::uint64_t> cases[] = {
      {"512B", 512},       {"10kB", 10'000},       {"4KiB", 4096},          {"1MB", 1'000'000},
      {"1MiB", 1'048'576}, {"2GB", 2'000'000'000}, {"1GiB", 1'073'741'824}, {"0B", 0}};
  for (const auto& [text, bytes] : cases) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_REQUIRE(parse_size(text).has_value());
      BOOST_TEST(*parse_size(text) == bytes);
    }
  }
  for (const std::string_view text :
       {"", "4", "4K", "4k", "4kb", "4Kib", "4 KiB", "-1B", "1.5MiB"}) {
    BOOST_TEST(!parse_size(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(a_size_that_overflows_is_refused) {
  BOOST_TEST(*parse_size("18446744073709551615B") == std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST(!parse_size("18446744073709551616B").has_value());
  BOOST_TEST(*parse_size("17179869183GiB") == 17179869183ULL << 30);
  BOOST_TEST(!parse_size("17179869184GiB").has_value());
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
  const std::pair<std::int64_t, const char*> durations[] = {{0, "0ms"},
                                                            {1, "1ms"},
                                                            {1000, "1s"},
                                                            {1001, "1001ms"},
                                                            {90'000, "90s"},
                                                            {3'600'000, "1h"},
                                                            {36 * 3'600'000, "36h"},
                                                            {30LL * 24 * 3'600'000, "30d"},
                                                            {604'800'000, "1w"}};
  for (const auto& [ms, text] : durations) {
    BOOST_TEST(format_duration(Millis{ms}) == text);
    BOOST_TEST(parse_duration(text).value().ms == ms);
  }
  const std::pair<std::uint64_t, const char*> sizes[] = {
      {0, "0B"},
      {1, "1B"},
      {1000, "1000B"},
      {1024, "1KiB"},
      {4097, "4097B"},
      {1 << 20, "1MiB"},
      {3ULL << 30, "3GiB"},
      {std::numeric_limits<std::uint64_t>::max(), "18446744073709551615B"}};
  for (const auto& [bytes, text] : sizes) {
    BOOST_TEST(format_size(bytes) == text);
    BOOST_TEST(parse_size(text).value() == bytes);
  }
}

BOOST_AUTO_TEST_CASE(an_endpoint_is_an_address_and_a_port) {
  const auto v4 = parse_endpoint("10.20.0.5:8080");
  BOOST_REQUIRE(v4.has_value());
  BOOST_TEST((*v4 == Endpoint{"10.20.0.5", 8080, false}));
  BOOST_TEST(v4->to_string() == "10.20.0.5:8080");
  const auto v6 = parse_endpoint("[2001:DB8:0::1]:65535");
  BOOST_REQUIRE(v6.has_value());
  BOOST_TEST((*v6 == Endpoint{"2001:db8::1", 65535, true}));
  BOOST_TEST(v6->to_string() == "[2001:db8::1]:65535");
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_is_none_is_told_why) {
  const std::string_view no_port = "the port is missing";
  for (const std::string_view text : {"", "10.0.0.1", "[::1]", "[::1]8080", "historian"}) {
    BOOST_TEST(why_not(text) == no_port, text);
  }
  const std::string_view bad_port = "the port is not a number from 1 to 65535";
  for (const std::string_view text : {"10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:080",
                                      "10.0.0.1:+80", "10.0.0.1:80 ", "[::1]:99999"}) {
    BOOST_TEST(why_not(text) == bad_port, text);
  }
  const std::string_view no_address =
      "the host is not an IPv4 or IPv6 address (names are not looked up)";
  for (const std::string_view text :
       {"historian:80", "localhost:80", ":80", "*:80", "010.0.0.1:80", "10.1:80", "[10.0.0.1]:80",
        "[]:80", "[::ffff:10.0.0.1]:80", "[fe80::1%eth0]:80", "10.0.0.1 :80"}) {
    BOOST_TEST(why_not(text) == no_address, text);
  }
  BOOST_TEST(why_not(std::string_view("10.0.0.1\0:80", 12)) == no_address);
  BOOST_TEST(why_not("::1:8443") == "an IPv6 address stands in brackets");
  BOOST_TEST(why_not("[::1:8443") == "the closing ] is missing");
}

BOOST_AUTO_TEST_CASE(identity_words_name_their_kinds) {
  for (const IdentityKind kind : kIdentityKinds) {
    BOOST_TEST((identity_kind(identity_word(kind)) == kind), identity_word(kind));
  }
  BOOST_TEST(!identity_kind("").has_value());
  BOOST_TEST(!identity_kind("SPKI").has_value());
}

BOOST_AUTO_TEST_CASE(invisible_characters_are_known_and_their_neighbours_are_not) {
  for (const std::string_view character : {"\u061c", "\u200b", "\u200e", "\u200f", "\u202a",
                                           "\u202e", "\u2060", "\u2066", "\u2069", "\ufeff"}) {
    BOOST_TEST(is_invisible(character));
  }
  for (const std::string_view character : {"a", "\u00e9", "\u061b", "\u200c", "\u200d", "\u2010",
                                           "\u2029", "\u202f", "\u2065", "\u206a", "\U0001f600"}) {
    BOOST_TEST(!is_invisible(character));
  }
  BOOST_TEST(is_control("\x1f"));
  BOOST_TEST(is_control("\x7f"));
  BOOST_TEST(is_control("\u009f"));
  BOOST_TEST(!is_control("\u00a0"));
  BOOST_TEST(!is_control("\u00e9"));
}

BOOST_AUTO_TEST_SUITE_END()
