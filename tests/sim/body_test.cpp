// Goal: bodies pass exactly, within their bounds, and a refused one reaches nobody.
// Method: large and small bodies in every framing, trickled by seeds; permits with small limits.
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

constexpr std::string_view kReadings = "/v1/devices/press-07/readings";

// chunked writes `body` in chunks of random length.
std::string chunked(std::string_view body, Chance& chance) {
  std::string text;
  while (!body.empty()) {
    const std::size_t len = std::min(body.size(), 1 + chance.below(9000));
    text += fmt::format("{:x}\r\n{}\r\n", len, body.substr(0, len));
    body.remove_prefix(len);
  }
  return text + "0\r\n\r\n";
}

std::string chunked_head(std::string_view target) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n",
                     target);
}

void check_one_answer(const FakeClient& client, int status, Reason reason) {
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 1U);
  BOOST_TEST(answers[0].status() == status);
  BOOST_TEST(answers[0].member("reason") == to_string(reason));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_body)

BOOST_AUTO_TEST_CASE(large_bodies_pass_exactly_both_ways_however_they_are_cut) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      World world(seed);
      const std::string body = world.chance.letters(200'000 + world.chance.below(200'000));
      const bool request_chunks = seed % 2 == 0;
      const int answer_form = static_cast<int>(seed % 3);
      world.historian.on_dial = [&](Connection& connection) {
        connection.piece_max = 20'000;
        connection.out.piece_max = 1 + world.chance.below(30'000);
      };
      world.historian.on_request = [&](const Message& request, Connection& connection) {
        if (answer_form == 0) {
          connection.send(answer_text(200, request.body));
        } else if (answer_form == 1) {
          connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                          chunked(request.body, world.chance));
        } else {
          connection.send("HTTP/1.1 200 OK\r\n\r\n" + request.body);
          connection.end();
        }
      };
      FakeClient& client = world.served();
      client.in.piece_max = 1 + world.chance.below(30'000);
      if (request_chunks) {
        client.send(chunked_head(kReadings) + chunked(body, world.chance));
      } else {
        client.request("POST", kReadings, body);
      }
      world.settle();
      const std::vector<Message> answers = client.answers();
      BOOST_TEST_REQUIRE(answers.size() == 1U);
      BOOST_TEST(answers[0].whole);
      BOOST_TEST((answers[0].body == body));
      BOOST_TEST((world.historian.only().body == body));
      BOOST_TEST(!client.closed);
    }
  }
}

BOOST_AUTO_TEST_CASE(announced_body_over_the_permit_is_refused_without_dialing) {
  World world;
  FakeClient& client = world.served();
  client.request("POST", "/small", std::string(4097, 'x'));
  world.settle();
  check_one_answer(client, 413, Reason::too_large);
  BOOST_TEST(world.ledger.count("dial") == 0U);
  client.request("POST", "/small", std::string(4096, 'x'));
  world.settle();
  BOOST_TEST_REQUIRE(client.answers().size() == 2U);
  BOOST_TEST(client.answers()[1].status() == 200);
}

BOOST_AUTO_TEST_CASE(chunked_body_that_grows_over_the_permit_never_reaches_the_service_whole) {
  World world;
  FakeClient& client = world.served();
  client.send(chunked_head("/small") + chunked(std::string(4096, 'x'), world.chance));
  world.settle();
  BOOST_TEST(world.historian.num_requests() == 1U);

  client.send(chunked_head("/small") + chunked(std::string(4097, 'x'), world.chance));
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[1].status() == 413);
  BOOST_TEST(answers[1].field("Connection") == "close");
  BOOST_TEST(client.finished);
  BOOST_TEST(world.historian.num_requests() == 1U);
  BOOST_TEST(world.historian.num_open() == 0U);
  BOOST_TEST(world.audit.count(AuditEvent::kOperation, Reason::too_large) == 1U);
}

BOOST_AUTO_TEST_CASE(broken_chunk_never_reaches_the_service_whole) {
  World world;
  FakeClient& client = world.served();
  client.send(chunked_head("/small") + "3\r\nabc\r\nzz\r\n");
  world.settle();
  check_one_answer(client, 400, Reason::ambiguous_request);
  BOOST_TEST(world.historian.num_requests() == 0U);
  BOOST_TEST(world.historian.num_open() == 0U);
}

BOOST_AUTO_TEST_CASE(body_that_is_cut_off_never_reaches_the_service_whole) {
  World world;
  FakeClient& client = world.served();
  client.send("POST /small HTTP/1.1\r\nHost: gateway\r\nContent-Length: 10\r\n\r\nabc");
  world.settle();
  client.end();
  world.settle();
  BOOST_TEST(world.historian.num_requests() == 0U);
  BOOST_TEST(world.historian.num_open() == 0U);
  check_one_answer(client, 400, Reason::malformed);
}

BOOST_AUTO_TEST_CASE(short_body_of_a_refused_request_is_dropped_and_the_connection_kept) {
  World world;
  FakeClient& client = world.served();
  client.in.piece_max = 5000;
  client.request("POST", "/forbidden", std::string(limits::kDiscardedBodyBytesMax, 'x'));
  client.request("GET", "/status/a");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[0].status() == 403);
  BOOST_TEST(answers[1].status() == 200);
}

BOOST_AUTO_TEST_CASE(long_body_of_a_refused_request_closes_the_connection) {
  World world;
  FakeClient& client = world.served();
  client.request("POST", "/forbidden", std::string(limits::kDiscardedBodyBytesMax + 1, 'x'));
  client.request("GET", "/status/a");
  world.settle();
  check_one_answer(client, 403, Reason::no_permit);
  BOOST_TEST(client.finished);
  client.end();
  world.settle();
  BOOST_TEST(client.closed);
}

BOOST_AUTO_TEST_CASE(refused_request_in_chunks_closes_the_connection) {
  World world;
  FakeClient& client = world.served();
  client.send(chunked_head("/forbidden") + "3\r\nabc\r\n0\r\n\r\n");
  world.settle();
  check_one_answer(client, 403, Reason::no_permit);
  BOOST_TEST(client.answers()[0].field("Connection") == "close");
}

BOOST_AUTO_TEST_CASE(client_that_expects_100_is_told_to_go_on_once_its_request_is_allowed) {
  World world;
  FakeClient& client = world.served();
  client.send(
      "POST /small HTTP/1.1\r\nHost: gateway\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  world.settle();
  BOOST_TEST(client.received == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  world.settle();
  BOOST_TEST(client.answers().back().body == "abc");
  BOOST_TEST(world.historian.only().num_fields("Expect") == 0U);
}

BOOST_AUTO_TEST_CASE(client_that_expects_100_and_is_denied_gets_the_refusal_alone) {
  World world;
  FakeClient& client = world.served();
  client.send(
      "POST /forbidden HTTP/1.1\r\nHost: gateway\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
      "\r\n");
  world.settle();
  check_one_answer(client, 403, Reason::no_permit);
  BOOST_TEST(client.answers()[0].field("Connection") == "close");
  BOOST_TEST(client.finished);
}

BOOST_AUTO_TEST_CASE(service_that_does_not_read_stops_reading_from_the_client) {
  World world;
  world.historian.on_dial = [](Connection& connection) { connection.room = 0; };
  FakeClient& client = world.served();
  const std::string body = world.chance.letters(1'000'000);
  client.request("POST", kReadings, body);
  const std::size_t sent = client.in.left();
  world.settle();
  BOOST_TEST(sent - client.in.left() <=
             limits::kServiceOutBytesMax + 2 * limits::kClientInBytesMax);
  BOOST_TEST(!client.wants_read);

  world.historian.connections[0].room = kRoomUnlimited;
  world.settle();
  BOOST_TEST((world.historian.only().body == body));
}

BOOST_AUTO_TEST_CASE(client_that_does_not_read_stops_reading_from_the_service) {
  World world;
  const std::string body = world.chance.letters(1'000'000);
  world.historian.on_request = [&](const Message&, Connection& connection) {
    connection.send(answer_text(200, body));
  };
  FakeClient& client = world.served();
  client.room = 0;
  client.request("GET", "/status/a");
  world.settle();
  const Connection& connection = world.historian.connections.at(0);
  const std::size_t taken = body.size() - connection.out.left();
  BOOST_TEST(client.unsent.size() >= limits::kClientInBytesMax);
  BOOST_TEST(taken <= 2 * (limits::kClientOutBytesMax + limits::kServiceInBytesMax) +
                          limits::kServiceInBytesMax);
  BOOST_TEST(!connection.wants_read);

  while (client.received.size() < body.size()) {
    client.room = 1 + world.chance.below(50'000);
    world.settle();
  }
  client.room = kRoomUnlimited;
  world.settle();
  BOOST_TEST_REQUIRE(client.answers().size() == 1U);
  BOOST_TEST((client.answers()[0].body == body));
}

// What TLS has taken is out of the gateway's hands only when the socket has it.
BOOST_AUTO_TEST_CASE(end_of_a_request_that_found_no_room_leaves_while_the_client_reads_nothing) {
  World world;
  world.historian.on_dial = [](Connection& c) {
    c.buffers = true;
    c.room = 4'000;
  };
  world.historian.on_head = [](const Message&, Connection& c) {
    c.send(answer_text(200, std::string(1'000'000, 'y')));
  };
  world.historian.on_request = [](const Message&, Connection&) {};
  FakeClient& client = world.served();
  client.room = 0;
  client.request("POST", kReadings, std::string(20'000, 'x'));
  world.settle();
  BOOST_TEST_REQUIRE(!world.historian.connections.at(0).unsent.empty());
  world.historian.connections[0].room = kRoomUnlimited;
  world.settle();
  BOOST_TEST(world.historian.only().body.size() == 20'000U);
  BOOST_TEST(client.received.empty());
}

BOOST_AUTO_TEST_CASE(client_that_does_not_read_its_answers_sends_no_more_requests) {
  World world;
  FakeClient& client = world.served();
  client.room = 0;
  for (int i = 0; i < 100; ++i) client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(world.ledger.count("allow") <= 2U);
  client.room = kRoomUnlimited;
  world.settle();
  BOOST_TEST(client.answers().size() == 100U);
}

BOOST_AUTO_TEST_SUITE_END()
