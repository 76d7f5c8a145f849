// Do the laws hold for messages nobody thought of? What is written is read back as it was, nothing
// that only the gateway may say survives from a client, and what is said does not depend on how the
// bytes arrive. Each case prints its seed when it fails.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "support/http1_drive.h"
#include "wire/http1/encoder.h"
#include "wire/http1/fields.h"
#include "wire/http1/grammar.h"
#include "wire/http1/target.h"

using namespace interlock;
using namespace interlock::http1;
using namespace interlock::http1::testing;

namespace {

// Generator makes heads and bodies; the same seed makes the same ones.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::size_t up_to(std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random_);
  }
  bool coin() { return up_to(1) == 1; }

  std::string letters(std::string_view from, std::size_t least, std::size_t most) {
    std::string out(least + up_to(most - least), ' ');
    for (char& c : out) c = from[up_to(from.size() - 1)];
    return out;
  }

  template <std::size_t N>
  std::string one_of(const char* const (&words)[N]) {
    return words[up_to(N - 1)];
  }

  std::string method() {
    return coin() ? one_of({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
                  : letters("ABCabc!#$%&'*+-.^_`|~09", 1, 20);
  }

  // A canonical path: whatever the parser makes of pieces that it takes.
  std::string path() {
    std::string raw;
    for (std::size_t i = up_to(4) + 1; i > 0; --i) {
      raw += '/';
      for (std::size_t pieces = up_to(5) + 1; pieces > 0; --pieces) {
        raw += one_of({"a", "Z9", "-", "_~", "%c3%a9", "%20b", "%3A", "@", "$&", "%61", "(x)"});
      }
    }
    const auto target = parse_target(raw + (coin() ? "/" : ""));
    BOOST_REQUIRE_MESSAGE(target.has_value(), raw);
    return target->path;
  }

  std::string value() {
    const std::string inner = letters("abc \t,;=\"\\\x80\xff~!/:", 0, 30);
    return std::string(trim_ows(inner));
  }

  std::string forged_name() {
    std::string name = one_of({"Client-Cert", "Interlock-Device", "X-Forwarded-For", "Via",
                               "X-SSL-Client-DN", "Forwarded", "X-HTTP-Method-Override", "TE",
                               "Keep-Alive", "Upgrade", "Proxy-Authorization"});
    for (char& c : name) {
      if (c == '-' && coin()) c = '_';
      if (c >= 'a' && c <= 'z' && coin()) c = static_cast<char>(c - 'a' + 'A');
    }
    return name;
  }

  std::string bytes(std::size_t most) {
    std::string out(up_to(most), ' ');
    for (char& c : out) c = static_cast<char>(up_to(255));
    return out;
  }

  std::vector<std::string_view> pieces(std::string_view input) {
    std::vector<std::string_view> out;
    while (!input.empty()) {
      const std::size_t len = std::min(input.size(), up_to(coin() ? 3 : 60) + 1);
      out.push_back(input.substr(0, len));
      input.remove_prefix(len);
    }
    if (out.empty()) out.push_back(input);
    return out;
  }

 private:
  std::mt19937 random_;
};

// Fields that go through, mixed with ones that must not.
struct Fields {
  std::vector<std::string> text;  // Owns names and values in turn.
  std::vector<Field> all;
  std::vector<Field> forwarded;

  explicit Fields(Generator& generate) {
    const std::size_t count = generate.up_to(12);
    text.reserve(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
      const bool forged = generate.coin();
      text.push_back(forged ? generate.forged_name()
                            : "Q" + generate.letters("abcXYZ09-_.!~", 0, 12));
      text.push_back(generate.value());
      all.push_back({text[2 * i], text[2 * i + 1]});
      if (!forged) forwarded.push_back(all.back());
    }
  }
};

std::string lines_of(const std::vector<Field>& fields) {
  std::string out;
  for (const Field& field : fields) {
    out += std::string(field.name) + ": " + std::string(field.value) + "\n";
  }
  return out;
}

std::string lines_of(std::span<const Field> fields) {
  return lines_of(std::vector<Field>(fields.begin(), fields.end()));
}

void append_body(std::string& out, std::string_view body, bool chunked, Generator& generate) {
  if (!chunked) {
    out += body;
    return;
  }
  for (const std::string_view piece : generate.pieces(body)) encode_chunk(out, piece);
  encode_last_chunk(out);
}

// What follows a head, read to its end; the head itself is the caller's to look at first.
template <class Decoder>
std::string read_body(Decoder& decoder, std::string_view rest) {
  std::string body;
  for (;;) {
    const auto decoded = decoder.decode(rest, true);
    BOOST_REQUIRE(decoded.has_value());
    if (const auto* piece = std::get_if<BodyBytes>(&decoded->event)) body += piece->bytes;
    rest.remove_prefix(decoded->consumed);
    if (std::holds_alternative<MessageEnd>(decoded->event)) break;
    BOOST_REQUIRE(!std::holds_alternative<NeedMore>(decoded->event));
  }
  BOOST_TEST(rest.empty());
  return body;
}

constexpr unsigned kSeeds = 400;

}  // namespace

BOOST_AUTO_TEST_SUITE(http1_properties)

BOOST_AUTO_TEST_CASE(requests_are_read_back_as_they_were_written) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      Generator generate(seed);
      const Fields fields(generate);
      const std::string method = generate.method();
      const std::string path = generate.path();
      const std::string query = generate.letters("ab=&/?:@;,~", 0, 10);
      const std::string body = generate.bytes(200);
      RequestHead head{.method = method, .path = path};
      head.query = query;
      head.has_query = !query.empty() || generate.coin();
      head.fields = fields.all;
      head.framing = generate.coin() ? Framing::kChunked : Framing::kLength;
      head.content_length = head.framing == Framing::kLength ? body.size() : 0;

      std::string out;
      encode_request(out, head, "service.plant:80", "Interlock-Device: press-07\r\n");
      append_body(out, body, head.framing == Framing::kChunked, generate);
      RequestDecoder decoder;
      const auto decoded = decoder.decode(out, false);
      BOOST_REQUIRE(decoded.has_value());
      const auto& read = std::get<RequestHead>(decoded->event);
      BOOST_TEST(read.method == method);
      BOOST_TEST(read.path == path);
      BOOST_TEST(read.query == query);
      BOOST_TEST(read.has_query == head.has_query);
      BOOST_TEST(read.host == "service.plant:80");
      BOOST_TEST((read.framing == head.framing));
      BOOST_TEST(read.content_length == head.content_length);

      std::vector<Field> expected{{"Host", "service.plant:80"}};
      expected.insert(expected.end(), fields.forwarded.begin(), fields.forwarded.end());
      expected.push_back({"Interlock-Device", "press-07"});
      expected.push_back({"Via", "1.1 interlock"});
      const std::string length = std::to_string(body.size());
      if (head.framing == Framing::kLength) expected.push_back({"Content-Length", length});
      if (head.framing == Framing::kChunked) expected.push_back({"Transfer-Encoding", "chunked"});
      BOOST_TEST(lines_of(read.fields) == lines_of(expected));
      BOOST_TEST(read_body(decoder, std::string_view(out).substr(decoded->consumed)) == body);
    }
  }
}

BOOST_AUTO_TEST_CASE(answers_are_read_back_as_they_were_written) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      Generator generate(seed);
      const Fields fields(generate);
      const std::string reason = generate.letters("ab c\xe9", 0, 8);
      const std::string body = generate.bytes(200);
      const RequestContext request{"GET", generate.coin() ? 1 : 0, generate.coin()};
      ResponseHead head{.status = 200 + static_cast<int>(generate.up_to(3)), .reason = reason};
      head.fields = fields.all;
      head.framing =
          std::vector{Framing::kLength, Framing::kChunked, Framing::kUntilClose}[generate.up_to(2)];
      if (head.framing == Framing::kLength) head.content_length = body.size();

      std::string out;
      const ResponsePlan plan = encode_response(out, head, request);
      append_body(out, body, plan.body == BodyForm::kChunked, generate);
      ResponseDecoder decoder;
      decoder.expect("GET");
      const auto decoded = decoder.decode(out, false);
      BOOST_REQUIRE(decoded.has_value());
      const auto& read = std::get<ResponseHead>(decoded->event);
      BOOST_TEST(read.status == head.status);
      BOOST_TEST(read.reason == reason);
      BOOST_TEST(read.keep_alive == !plan.close);
      BOOST_TEST(read.content_length.has_value() == head.content_length.has_value());
      std::vector<Field> through(read.fields.begin(), read.fields.end());
      std::erase_if(through, [](const Field& field) {
        return traits_of(field.name).reach != FieldReach::kEndToEnd;
      });
      BOOST_TEST(lines_of(through) == lines_of(fields.forwarded));
      BOOST_TEST(read_body(decoder, std::string_view(out).substr(decoded->consumed)) == body);
    }
  }
}

// Damaged messages too: what is said, and where it stops, does not depend on the pieces.
BOOST_AUTO_TEST_CASE(events_do_not_depend_on_how_bytes_arrive) {
  const std::string request =
      "\r\nPOST /a/%7eb?c HTTP/1.1\r\nHost: a:80\r\nConnection: keep-alive, X-Y\r\nX-Y: z\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5;e=f\r\nhello\r\n0\r\nT: u\r\n\r\n"
      "PUT /b HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody";
  const std::string answer =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\n\r\nHTTP/1.0 404 Not Found\r\nServer: x\r\n\r\nuntil the end";
  for (unsigned seed = 0; seed < 4 * kSeeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      Generator generate(seed);
      std::string damaged = seed % 2 == 0 ? request : answer;
      for (std::size_t i = generate.up_to(3); i > 0; --i) {
        const std::size_t at = generate.up_to(damaged.size() - 1);
        damaged.replace(at, generate.up_to(2),
                        generate.letters({"\r\n :;,\t0aG/\0\xff", 13}, 0, 2));
      }
      const bool eof = generate.coin();
      const std::vector<std::string_view> pieces = generate.pieces(damaged);
      if (seed % 2 == 0) {
        RequestDecoder whole, piecewise;
        BOOST_TEST((drive(whole, std::vector<std::string_view>{damaged}, eof) ==
                    drive(piecewise, pieces, eof)));
      } else {
        ResponseScript whole({"GET", "PUT"}), piecewise({"GET", "PUT"});
        BOOST_TEST((drive(whole, std::vector<std::string_view>{damaged}, eof) ==
                    drive(piecewise, pieces, eof)));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
