// Is the ground solid: text, hexadecimal, base64, JSON and the calendar?
#include <boost/test/unit_test.hpp>

#include "base/hex.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "interlock/reason.h"

using namespace interlock;

BOOST_AUTO_TEST_SUITE(base)

BOOST_AUTO_TEST_CASE(hex_round_trips_and_refuses_everything_else) {
  const auto bytes = from_hex("00fF7a");
  BOOST_REQUIRE(bytes.has_value());
  BOOST_TEST(to_hex(*bytes) == "00ff7a");
  BOOST_TEST(!from_hex("0").has_value());
  BOOST_TEST(!from_hex("0g").has_value());
}

BOOST_AUTO_TEST_CASE(base64_matches_rfc_4648_section_10) {
  BOOST_TEST(to_base64(as_bytes("")) == "");
  BOOST_TEST(to_base64(as_bytes("f")) == "Zg==");
  BOOST_TEST(to_base64(as_bytes("fo")) == "Zm8=");
  BOOST_TEST(to_base64(as_bytes("foobar")) == "Zm9vYmFy");
}

BOOST_AUTO_TEST_CASE(json_escapes_controls_and_bytes_that_are_no_utf8) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("a", "x\"\\\n").member("b", "\xff\xc3\xa9").key("c").begin_array();
  json.value(1).value(true).end_array().end_object();
  BOOST_TEST(out == "{\"a\":\"x\\\"\\\\\\u000a\",\"b\":\"\\u00ff\xc3\xa9\",\"c\":[1,true]}");
}

BOOST_AUTO_TEST_CASE(json_escapes_each_byte_alike_wherever_it_stands) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    std::string alone;
    JsonWriter(alone).value(one);
    const std::string escaped = alone.substr(1, alone.size() - 2);
    const bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
    BOOST_TEST((escaped == one) == plain);
    for (std::size_t before = 0; before < 17; ++before) {
      std::string out;
      JsonWriter(out).value(std::string(before, 'a') + one + "~~~~~~~~~");
      BOOST_TEST(out == "\"" + std::string(before, 'a') + escaped + "~~~~~~~~~\"");
    }
  }
}

BOOST_AUTO_TEST_CASE(utf8_refuses_overlong_forms_surrogates_and_cut_sequences) {
  BOOST_TEST(is_utf8("h\xc3\xa9"));
  BOOST_TEST(!is_utf8("\xc0\xaf"));
  BOOST_TEST(!is_utf8("\xe0\x80\xaf"));
  BOOST_TEST(!is_utf8("\xed\xa0\x80"));
  BOOST_TEST(!is_utf8("\xf4\x90\x80\x80"));
  BOOST_TEST(!is_utf8("\xe2\x82"));
}

BOOST_AUTO_TEST_CASE(nearest_suggests_a_typo_and_nothing_far) {
  const std::string_view words[] = {"listener", "service", "function"};
  BOOST_TEST(nearest("lisener", words) == "listener");
  BOOST_TEST(nearest("zzzzz", words) == "");
}

BOOST_AUTO_TEST_CASE(times_cover_the_range_of_certificates) {
  BOOST_TEST(format_utc(WallTime{0}) == "1970-01-01T00:00:00.000Z");
  BOOST_TEST(format_utc(kDistantFuture) == "9999-12-31T23:59:59.000Z");
  BOOST_TEST(format_utc(WallTime{-1}) == "1969-12-31T23:59:59.999Z");
  BOOST_TEST(format_utc(WallTime{951782400000}) == "2000-02-29T00:00:00.000Z");
  BOOST_TEST(format_utc(WallTime{INT64_MAX}) == "9999-12-31T23:59:59.999Z");
  BOOST_TEST(format_utc(WallTime{INT64_MIN}) == "0000-01-01T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(every_reason_has_its_code_and_help) {
  for (const Reason reason : all_reasons()) {
    BOOST_TEST((reason_from_string(to_string(reason)) == reason));
    BOOST_TEST(!what_happened(reason).empty());
    BOOST_TEST(!what_to_do(reason).empty());
  }
  BOOST_TEST(!reason_from_string("none").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
