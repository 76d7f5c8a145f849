// Goal: whatever a service sends, no client gets the answer of another, and none looks whole that
// is not. Method: a table of hostile answers, each with a forged one in its tail; they come whole
// and in pieces, to a client whose neighbours then ask the same service.
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

struct Hostile {
  std::string name;
  std::string bytes;  // What answers the first request; the forged answer follows it.
  bool ends = false;  // The service closes after it, and there is no forged answer.
  // What the client of the first request may get: its whole answer, or only a refusal or a cut.
  bool good = false;
  std::string method = "GET";
};

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\n";
constexpr std::string_view kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

Hostile fields(std::string name, std::string_view lines, std::string_view body = {}) {
  return {std::move(name), fmt::format("{}{}\r\n{}", kOk, lines, body)};
}
Hostile chunks(std::string name, std::string_view body) {
  return {std::move(name), fmt::format("{}{}", kChunked, body)};
}

std::string many_fields(std::size_t num) {
  std::string lines;
  for (std::size_t i = 0; i < num; ++i) lines += fmt::format("X-{}: 1\r\n", i);
  return lines;
}

std::string interim(std::size_t num) {
  std::string text;
  for (std::size_t i = 0; i < num; ++i) text += "HTTP/1.1 100 Continue\r\n\r\n";
  return text;
}

std::vector<Hostile> hostile_answers() {
  const std::string zero = "Content-Length: 0\r\n";
  std::vector<Hostile> all = {
      fields("two lengths", "Content-Length: 0\r\nContent-Length: 900\r\n"),
      fields("the same length twice", zero + zero),
      fields("a list of lengths", "Content-Length: 0, 0\r\n"),
      fields("a length below zero", "Content-Length: -1\r\n"),
      fields("a length with a sign", "Content-Length: +0\r\n"),
      fields("a length in hexadecimal", "Content-Length: 0x0\r\n"),
      fields("a length beyond 64 bits", "Content-Length: 18446744073709551616\r\n"),
      fields("an empty length", "Content-Length:\r\n"),
      fields("a length spelled otherwise", "Content_Length: 0\r\n"),
      fields("a space before the colon", "Content-Length : 0\r\n"),
      fields("a length and chunks", zero + "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      fields("chunks and a length", "Transfer-Encoding: chunked\r\n" + zero, "0\r\n\r\n"),
      fields("a coding that is not known", "Transfer-Encoding: xchunked\r\n"),
      fields("a coding before chunked", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      fields("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      fields("a folded line", zero + "X: a\r\n b: c\r\n"),
      fields("a bare line feed", "Content-Length: 0\nX: y\r\n"),
      fields("a bare carriage return", "Content-Length: 0\rX: y\r\n"),
      fields("a line without a name", ": x\r\n" + zero),
      fields("a NUL", zero + std::string("X: \0\r\n", 7)),
      fields("a lost Set-Cookie", zero + "Connection: Set-Cookie\r\n"),
      fields("a head without an end", "X: " + std::string(limits::kHttpHeadBytesMax, 'x')),
      fields("too many fields", many_fields(limits::kHttpFieldsMax) + zero),
      chunks("a chunk size below zero", "-1\r\n"),
      chunks("a chunk size with a prefix", "0x1\r\na\r\n0\r\n\r\n"),
      chunks("a chunk size beyond 64 bits", "10000000000000000\r\n0\r\n\r\n"),
      chunks("a chunk size with a space", "1 \r\na\r\n0\r\n\r\n"),
      chunks("an empty chunk size", "\r\n\r\n"),
      chunks("a chunk longer than its size", "1\r\nab\r\n0\r\n\r\n"),
      chunks("a chunk that ends in a line feed", "1\r\na\n0\r\n\r\n"),
      chunks("a trailer that is none", "0\r\nnothing\r\n\r\n"),
      chunks("endless trailers", "0\r\n" + std::string(limits::kHttpTrailerBytesMax + 1, 'x')),
      {"too many interim answers", interim(limits::kHttpInterimResponsesMax + 1)},
      {"a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"},
      {"a length on 204", "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"},
      {"chunks on 204", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"HTTP/0.9", "hello\r\n"},
      {"another version", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"},
      {"an empty line first", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
      // What is one whole answer stays one, and what follows it is nobody's.
      {"a second answer", answer_text(200, "mine"), false, true},
      {"a second answer in chunks", std::string(kChunked) + "4\r\nmine\r\n0\r\n\r\n", false, true},
      {"a body on 204", "HTTP/1.1 204 No Content\r\n\r\n", false, true},
      {"a body on 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", false, true},
      {"a body on HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", false, true, "HEAD"},
      // What ends too early is nothing whole.
      {"an end in the head", "HTTP/1.1 200 OK\r\nContent-Le", true},
      {"an end before the length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true},
      {"an end in chunks", std::string(kChunked) + "4\r\nhalf\r\n", true},
      {"an end in trailers", std::string(kChunked) + "0\r\nX: y\r\n", true},
      {"an end after an interim answer", interim(1), true},
  };
  return all;
}

void check_own(const FakeClient& client, std::string_view tag) {
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(!answers.empty());
  BOOST_TEST(answers.back().whole);
  const bool own = answers.back().field("X-Tag") == tag;
  BOOST_TEST((own || answers.back().status() == 502));
  BOOST_TEST(client.received.find("forged") == std::string::npos);
}

// The first request gets the hostile answer; its client, and another that waits for the only
// connection, go on asking.
void check(const Hostile& hostile, std::size_t piece_max, bool together) {
  static const auto narrow = plant_snapshot(
      {.historian = R"(endpoint: "10.20.0.5:8080" max_connections: 1 queue_wait: "60s")"});
  World world(1 + piece_max, narrow);
  world.historian.on_dial = [&](Connection& c) { c.out.piece_max = piece_max; };
  world.historian.on_request = [&](const Message& request, Connection& c) {
    if (request.field("X-Tag") != "victim") return FakeService::echo(request, c);
    c.send(hostile.bytes);
    hostile.ends ? c.end() : c.send(answer_text(200, "forged", "X-Tag: forged\r\n"));
  };
  FakeClient& victim = world.served("press-07");
  FakeClient& other = world.served("press-08");
  victim.request(hostile.method, "/status/a", {}, "X-Tag: victim\r\n");
  if (!together) world.settle();
  victim.request("GET", "/status/b", {}, "X-Tag: next\r\n");
  other.request("POST", "/small", "body", "X-Tag: other\r\n");
  world.settle();
  other.request("GET", "/status/c", {}, "X-Tag: last\r\n");
  world.settle();

  check_own(other, "last");
  const std::vector<Message> answers = victim.answers();
  if (hostile.good) {
    BOOST_TEST(answers.at(0).whole);
    BOOST_TEST(answers.at(0).status() < 400);
    check_own(victim, "next");
  } else if (victim.closed) {
    BOOST_TEST((answers.empty() || (answers.size() == 1 && !answers[0].whole)));
    BOOST_TEST(!victim.finished);
    BOOST_TEST(victim.received.find("forged") == std::string::npos);
  } else {
    BOOST_TEST(answers.at(0).status() == 502);
    check_own(victim, "next");
  }
  BOOST_TEST(world.audit.count(AuditEvent::kOperation, Reason::kNone) >= 3U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_answers)

BOOST_AUTO_TEST_CASE(no_hostile_answer_reaches_another_client) {
  for (const Hostile& hostile : hostile_answers()) {
    for (const std::size_t piece_max : {0U, 1U, 40U}) {
      for (const bool together : {true, false}) {
        // Bytes still on their way when the next request is sent are its answer: nobody can tell.
        if (hostile.good && together && piece_max > 0) continue;
        BOOST_TEST_CONTEXT(hostile.name << ", in pieces of " << piece_max << ", asked "
                                        << (together ? "together" : "one by one")) {
          check(hostile, piece_max, together);
        }
      }
    }
  }
}

// Trailers say what nobody has judged, and may name what only a head may say.
BOOST_AUTO_TEST_CASE(trailers_of_an_answer_are_dropped) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send(std::string(kChunked) + "2\r\nok\r\n0\r\nSet-Cookie: forged\r\nX-Sum: 1\r\n\r\n");
  };
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  client.request("GET", "/status/b");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[1].body == "ok");
  BOOST_TEST(client.received.find("forged") == std::string::npos);
  BOOST_TEST(world.historian.connections.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
