// Does everyone who reads a Content-Type that passes read the same media type?
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "wire/http1/media_type.h"

using namespace std::literals;
using interlock::http1::media_type;

BOOST_AUTO_TEST_SUITE(http1_media_type)

// RFC 9110, section 8.3.1.
BOOST_AUTO_TEST_CASE(the_type_is_what_stands_before_well_formed_parameters) {
  for (const std::string_view rest :
       {""sv, ";"sv, " ; "sv, ";;"sv, ";charset=utf-8"sv, "; charset=utf-8"sv,
        "\t;\tcharset=utf-8"sv, ";a=1;b=2"sv, ";a=\"\""sv, ";a=\"x y\""sv, ";a=\"x;y/z\""sv,
        ";a=\"\\\"\\\\\""sv, ";a=\"\xff\""sv, ";a=b;"sv}) {
    const std::string value = "application/json" + std::string(rest);
    BOOST_TEST(media_type(value) == "application/json", value);
  }
  BOOST_TEST(media_type("Text/CSV") == "Text/CSV");
  BOOST_TEST(media_type("application/vnd.api+json") == "application/vnd.api+json");
}

BOOST_AUTO_TEST_CASE(what_is_not_exactly_a_media_type_is_none) {
  for (const std::string_view value : {""sv,
                                       "json"sv,
                                       "/"sv,
                                       "a/"sv,
                                       "/b"sv,
                                       "a /b"sv,
                                       "a/ b"sv,
                                       " a/b"sv,
                                       "a/b "sv,
                                       "a/b c"sv,
                                       "a/b/c"sv,
                                       "a/b,c/d"sv,
                                       "a/b, c/d"sv,
                                       "a/b;c"sv,
                                       "a/b;c="sv,
                                       "a/b;=c"sv,
                                       "a/b;c =d"sv,
                                       "a/b;c= d"sv,
                                       "a/b;c=d e"sv,
                                       "a/b;c=\""sv,
                                       "a/b;c=\"d"sv,
                                       "a/b;c=\"d\\\""sv,
                                       "a/b;c=\"d\"e"sv,
                                       "a/b;c=d,e/f"sv,
                                       "a\0/b"sv,
                                       "a/b;c=\"\0\""sv,
                                       "a/b;c=\"\\\x7f\""sv,
                                       "a/b\n"sv,
                                       "\xff/b"sv}) {
    BOOST_TEST(media_type(value).empty(), std::string(value));
  }
}

BOOST_AUTO_TEST_SUITE_END()
