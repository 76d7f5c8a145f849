// Is everything that a peer can make the HTTP/1.1 codec hold bounded, and is each bound exact? Each
// test fills one limit to the brim, which must pass, and then adds the least that must not.
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "support/http1_drive.h"
#include "wire/http1/request_decoder.h"
#include "wire/http1/target.h"

using namespace interlock;
using namespace interlock::http1;
using namespace interlock::http1::testing;

namespace {

const std::string kChunkedPost = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

// The last thing said about the bytes, however they arrive.
std::string outcome(const std::string& bytes) {
  RequestDecoder decoder;
  const Transcript whole = drive(decoder, std::vector<std::string_view>{bytes}, false);
  RequestDecoder trickled;
  BOOST_TEST((drive(trickled, in_bytes(bytes), false) == whole));
  return whole.lines.empty() ? "incomplete" : whole.lines.back();
}

std::string repeated(std::size_t times, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

// A head of exactly `len` bytes.
std::string head_of(std::size_t len) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  return begin + std::string(len - begin.size() - 4, 'x') + "\r\n\r\n";
}

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http1_limits)

// Row 28 of the framing table.
BOOST_AUTO_TEST_CASE(head_ends_within_its_limit) {
  BOOST_TEST(outcome(head_of(limits::kHttpHeadBytesMax)) == "end");
  BOOST_TEST(outcome(head_of(limits::kHttpHeadBytesMax + 1)) == "refuse too_large 431");
  const std::string endless = head_of(limits::kHttpHeadBytesMax + 4);
  BOOST_TEST(outcome(endless.substr(0, limits::kHttpHeadBytesMax)) == "refuse too_large 431");
  BOOST_TEST(outcome(endless.substr(0, limits::kHttpHeadBytesMax - 1)) == "incomplete");
}

BOOST_AUTO_TEST_CASE(fields_are_counted) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\n";
  BOOST_TEST(outcome(begin + repeated(limits::kHttpFieldsMax - 1, "X: y\r\n") + "\r\n") == "end");
  BOOST_TEST(outcome(begin + repeated(limits::kHttpFieldsMax, "X: y\r\n")) ==
             "refuse too_large 431");
}

// Row 29.
BOOST_AUTO_TEST_CASE(target_has_a_length) {
  const auto target_of = [](std::size_t len) { return "/" + std::string(len - 1, 'a'); };
  BOOST_TEST(outcome(get(target_of(limits::kHttpTargetBytesMax))) == "end");
  BOOST_TEST(outcome(get(target_of(limits::kHttpTargetBytesMax + 1))) == "refuse too_large 414");
  BOOST_TEST(outcome(get("http://a" + target_of(limits::kHttpTargetBytesMax - 7))) ==
             "refuse too_large 414");
  BOOST_TEST(outcome("GET " + target_of(limits::kHttpHeadBytesMax)) == "refuse too_large 414");
  BOOST_TEST(!parse_target(target_of(limits::kHttpTargetBytesMax + 1)).has_value());
}

BOOST_AUTO_TEST_CASE(path_segments_are_counted) {
  BOOST_TEST(outcome(get(repeated(limits::kHttpPathSegmentsMax, "/a"))) == "end");
  BOOST_TEST(outcome(get(repeated(limits::kHttpPathSegmentsMax + 1, "/a"))) ==
             "refuse too_large 414");
  BOOST_TEST(outcome(get(repeated(limits::kHttpPathSegmentsMax, "/a") + "/")) ==
             "refuse too_large 414");
}

BOOST_AUTO_TEST_CASE(method_has_a_length) {
  const std::string rest = " / HTTP/1.1\r\nHost: a\r\n\r\n";
  BOOST_TEST(outcome(std::string(limits::kHttpMethodBytesMax, 'M') + rest) == "end");
  BOOST_TEST(outcome(std::string(limits::kHttpMethodBytesMax + 1, 'M') + rest) ==
             "refuse malformed 501");
}

BOOST_AUTO_TEST_CASE(connection_options_are_counted) {
  const auto with_options = [](std::size_t count) {
    return "GET / HTTP/1.1\r\nHost: a\r\nConnection: x" + repeated(count - 1, ",") + "\r\n\r\n";
  };
  BOOST_TEST(outcome(with_options(limits::kHttpConnectionOptionsMax)) == "end");
  BOOST_TEST(outcome(with_options(limits::kHttpConnectionOptionsMax + 1)) ==
             "refuse too_large 431");
}

BOOST_AUTO_TEST_CASE(chunk_line_has_a_length) {
  const auto line_of = [](std::size_t len) { return "1;" + std::string(len - 4, 'x') + "\r\n"; };
  const std::string rest = "a\r\n0\r\n\r\n";
  BOOST_TEST(outcome(kChunkedPost + line_of(limits::kHttpChunkLineBytesMax) + rest) == "end");
  BOOST_TEST(outcome(kChunkedPost + line_of(limits::kHttpChunkLineBytesMax + 1) + rest) ==
             "refuse too_large 413");
}

BOOST_AUTO_TEST_CASE(chunk_extensions_of_a_message_have_a_budget) {
  constexpr std::size_t kExtensionLen = 64;
  constexpr std::size_t kChunks = limits::kHttpChunkExtensionBytesMax / kExtensionLen;
  const std::string chunk = "1;" + std::string(kExtensionLen - 1, 'x') + "\r\na\r\n";
  BOOST_TEST(outcome(kChunkedPost + repeated(kChunks, chunk) + "0\r\n\r\n") == "end");
  BOOST_TEST(outcome(kChunkedPost + repeated(kChunks, chunk) + "1;\r\n") == "refuse too_large 413");
}

BOOST_AUTO_TEST_CASE(trailers_have_a_budget) {
  const std::string field = "T: " + std::string(59, 'x') + "\r\n";
  const std::size_t count = limits::kHttpTrailerBytesMax / field.size();
  static_assert(limits::kHttpTrailerBytesMax % 64 == 0);
  BOOST_REQUIRE(field.size() == 64);
  const std::string almost = kChunkedPost + "0\r\n" + repeated(count - 1, field);
  BOOST_TEST(outcome(almost + "T: " + std::string(57, 'x') + "\r\n\r\n") == "end");
  BOOST_TEST(outcome(almost + "T: " + std::string(58, 'x') + "\r\n\r\n") == "refuse too_large 431");
}

// A second message begins with budgets of its own.
BOOST_AUTO_TEST_CASE(budgets_belong_to_one_message) {
  const std::string chunk = "1;" + std::string(199, 'x') + "\r\na\r\n";
  const std::string message = kChunkedPost + repeated(15, chunk) + "0\r\n\r\n";
  BOOST_TEST(outcome(message + message) == "end");
}

BOOST_AUTO_TEST_CASE(service_heads_have_the_same_limit) {
  ResponseScript script({"GET"});
  const std::string endless =
      "HTTP/1.1 200 OK\r\nX: " + std::string(limits::kHttpHeadBytesMax, 'x');
  const Transcript said = drive(script, std::vector<std::string_view>{endless}, false);
  BOOST_TEST((said.lines == std::vector<std::string>{"error limit"}));
}

// Idle connections and long-lived ones: a second request finds the memory of the first.
BOOST_AUTO_TEST_CASE(memory_is_reused_from_one_request_to_the_next) {
  const std::string request =
      "GET /a/path/that/is/longer/than/a/small/string HTTP/1.1\r\nHost: a\r\n"
      "X: y\r\n\r\n";
  RequestDecoder decoder;
  const Field* fields = nullptr;
  const char* path = nullptr;
  for (int i = 0; i < 3; ++i) {
    const auto decoded = decoder.decode(request, false);
    BOOST_REQUIRE(decoded.has_value());
    const auto& head = std::get<RequestHead>(decoded->event);
    BOOST_TEST((i == 0 || (head.fields.data() == fields && head.path.data() == path)));
    fields = head.fields.data();
    path = head.path.data();
    BOOST_TEST(std::holds_alternative<MessageEnd>(decoder.decode("", false)->event));
  }
}

BOOST_AUTO_TEST_CASE(idle_tells_a_quiet_connection_from_a_slow_head) {
  RequestDecoder decoder;
  BOOST_TEST(decoder.idle());
  BOOST_TEST(decoder.decode("\r\n", false)->consumed == 2U);
  BOOST_TEST(decoder.idle());
  BOOST_TEST(decoder.decode("G", false)->consumed == 0U);
  BOOST_TEST(!decoder.idle());
  BOOST_REQUIRE(decoder.decode("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false).has_value());
  BOOST_TEST(!decoder.idle());
  BOOST_REQUIRE(decoder.decode("", false).has_value());
  BOOST_TEST(decoder.idle());
}

BOOST_AUTO_TEST_SUITE_END()
