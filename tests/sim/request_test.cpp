// Goal: each request is judged, on record before a byte of it moves on, and answered in order.
// Method: requests on established connections, answers read by an independent reader.
#include <boost/test/unit_test.hpp>

#include "base/text.h"
#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

// The only answer that has come.
Message only_answer(const FakeClient& client) {
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 1U);
  BOOST_TEST(answers[0].whole);
  return answers[0];
}

void check_problem(const Message& answer, int status, Reason reason) {
  BOOST_TEST(answer.whole);
  BOOST_TEST(answer.status() == status);
  BOOST_TEST(answer.field("Content-Type") == "application/problem+json");
  BOOST_TEST(answer.member("reason") == to_string(reason));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_request)

BOOST_AUTO_TEST_CASE(allowed_request_is_on_record_before_a_byte_reaches_the_service) {
  World world;
  FakeClient& client = world.served();
  client.request("POST", "/v1/devices/press-07/readings", "21.5");
  world.settle();
  BOOST_TEST(only_answer(client).body == "21.5");
  const std::vector<std::string> expected = {"allow POST /v1/devices/press-07/readings none",
                                             "dial 10.20.0.5:8080",
                                             "head POST /v1/devices/press-07/readings "};
  BOOST_TEST(world.ledger.trail == expected, boost::test_tools::per_element());
  const Entry& entry = world.audit.entries.at(0);
  BOOST_TEST(entry.device == "press-07");
  BOOST_TEST(entry.permit == "readings");
  BOOST_TEST(entry.service == "historian");
  BOOST_TEST(entry.denial_id.empty());
}

BOOST_AUTO_TEST_CASE(denied_request_never_dials) {
  World world;
  FakeClient& client = world.served();
  client.request("DELETE", "/v1/devices/press-07/readings");
  world.settle();
  const Message answer = only_answer(client);
  check_problem(answer, 403, Reason::method_not_permitted);
  BOOST_TEST(world.ledger.count("dial") == 0U);
  BOOST_TEST_REQUIRE(world.audit.entries.size() == 1U);
  BOOST_TEST(answer.member("denial_id") == world.audit.entries[0].denial_id);
  BOOST_TEST(world.audit.entries[0].denial_id.size() == 32U);
  BOOST_TEST(!client.closed);
}

BOOST_AUTO_TEST_CASE(another_devices_path_is_denied) {
  World world;
  FakeClient& client = world.served("press-08");
  client.request("POST", "/v1/devices/press-07/readings", "1");
  world.settle();
  check_problem(only_answer(client), 403, Reason::no_permit);
  BOOST_TEST(world.ledger.count("dial") == 0U);
}

BOOST_AUTO_TEST_CASE(nothing_is_forwarded_while_the_audit_trail_cannot_be_written) {
  World world;
  FakeClient& client = world.served();
  world.audit.full = true;
  client.request("GET", "/status/a");
  world.settle();
  check_problem(only_answer(client), 503, Reason::audit_unavailable);
  BOOST_TEST(world.ledger.trail.empty());

  world.audit.full = false;
  client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST_REQUIRE(client.answers().size() == 2U);
  BOOST_TEST(client.answers()[1].status() == 200);
}

BOOST_AUTO_TEST_CASE(refusal_stands_although_it_cannot_be_written) {
  World world;
  FakeClient& client = world.served();
  world.audit.full = true;
  client.request("GET", "/elsewhere");
  world.settle();
  check_problem(only_answer(client), 403, Reason::no_permit);
}

BOOST_AUTO_TEST_CASE(forged_identity_fields_are_removed_and_true_ones_are_there) {
  World world;
  FakeClient& client = world.served("press-08");
  client.request(
      "GET", "/status/a", {},
      "Interlock-Device: press-07\r\nINTERLOCK-ASSURANCE: 3\r\ninterlock_device: press-07"
      "\r\nClient-Cert: :AAAA:\r\nX-Forwarded-Client-Cert: Hash=00\r\n"
      "Forwarded: for=10.0.0.1\r\nX-Forwarded-For: 10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\n"
      "X-Harmless: yes\r\n");
  world.settle();
  const Message& seen = world.historian.only();
  BOOST_TEST(seen.num_fields("Interlock-Device") == 1U);
  BOOST_TEST(seen.field("Interlock-Device") == "press-08");
  BOOST_TEST(seen.field("Interlock-Function") == "press");
  BOOST_TEST(seen.field("Interlock-Assurance") == "1");
  BOOST_TEST(seen.num_fields("Client-Cert") == 1U);
  BOOST_TEST(seen.field("Forwarded") == "for=\"192.0.2.7:40001\";proto=https");
  BOOST_TEST(seen.field("X-Harmless") == "yes");
  BOOST_TEST(seen.head.find("press-07") == std::string::npos);
  BOOST_TEST(seen.head.find("10.0.0.1") == std::string::npos);
  BOOST_TEST(seen.field("Host") == "10.20.0.5:8080");
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_each_judged_and_answered_in_order) {
  World world;
  FakeClient& client = world.served();
  client.request("GET", "/status/a", {}, "X-Tag: 1\r\n");
  client.request("GET", "/forbidden");
  client.request("PUT", "/orders/7", "seven", "X-Tag: 3\r\n");
  client.request("GET", "/status/b", {}, "X-Tag: 4\r\n");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 4U);
  BOOST_TEST(answers[0].field("X-Tag") == "1");
  check_problem(answers[1], 403, Reason::no_permit);
  BOOST_TEST(answers[2].field("X-Tag") == "3");
  BOOST_TEST(answers[2].body == "seven");
  BOOST_TEST(answers[3].field("X-Tag") == "4");
  const std::vector<std::string> expected = {
      "allow GET /status/a none",      "dial 10.20.0.5:8080",      "head GET /status/a 1",
      "deny GET /forbidden no_permit", "allow PUT /orders/7 none", "dial 10.20.0.6:8080",
      "head PUT /orders/7 3",          "allow GET /status/b none", "head GET /status/b 4"};
  BOOST_TEST(world.ledger.trail == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(steps_of_one_wake_up_are_bounded_and_others_have_their_turn) {
  World world;
  FakeClient& greedy = world.served();
  FakeClient& modest = world.served("press-08");
  constexpr std::size_t kRequests = 200;
  for (std::size_t i = 0; i < kRequests; ++i) greedy.request("GET", "/status/a");
  modest.request("GET", "/status/a");
  while (modest.answers().empty()) BOOST_TEST_REQUIRE(world.tick());
  BOOST_TEST(greedy.answers().size() < limits::kStepsPerWakeup);
  world.settle();
  BOOST_TEST(greedy.answers().size() == kRequests);
}

BOOST_AUTO_TEST_CASE(head_request_has_no_body_and_keeps_the_connection) {
  World world;
  FakeClient& client = world.served();
  client.request("HEAD", "/status/a");
  client.request("HEAD", "/forbidden");
  client.request("GET", "/status/a");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 3U);
  BOOST_TEST(answers[0].status() == 200);
  BOOST_TEST(answers[0].field("Content-Length") == "7");
  BOOST_TEST(answers[1].status() == 403);
  BOOST_TEST(answers[2].status() == 200);
}

BOOST_AUTO_TEST_CASE(answers_without_body_keep_both_connections) {
  World world;
  world.historian.on_request = [](const Message& request, Connection& connection) {
    const bool none = request.target() == "/status/none";
    connection.send(none ? "HTTP/1.1 204 No Content\r\n\r\n"
                         : "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
  };
  FakeClient& client = world.served();
  client.request("GET", "/status/none");
  client.request("GET", "/status/same");
  client.request("GET", "/status/none");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 3U);
  BOOST_TEST(answers[0].status() == 204);
  BOOST_TEST(answers[1].status() == 304);
  BOOST_TEST(answers[2].status() == 204);
  BOOST_TEST(world.historian.connections.size() == 1U);
}

// RFC 9110, section 9.3.2: the head of an answer to HEAD may announce chunks that never come.
BOOST_AUTO_TEST_CASE(head_request_answered_with_chunked_keeps_both_connections) {
  World world;
  world.historian.on_request = [](const Message& request, Connection& connection) {
    if (request.method() != "HEAD") return FakeService::echo(request, connection);
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Tag: head\r\n\r\n");
  };
  FakeClient& client = world.served();
  client.request("HEAD", "/status/a");
  client.request("GET", "/status/a", {}, "X-Tag: get\r\n");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[0].field("X-Tag") == "head");
  BOOST_TEST(answers[1].field("X-Tag") == "get");
  BOOST_TEST(world.historian.connections.size() == 1U);
}

BOOST_AUTO_TEST_CASE(http_1_0_client_that_asks_for_it_keeps_its_connection) {
  World world;
  FakeClient& client = world.served();
  for (const char* tag : {"1", "2"})
    client.send(std::string("GET /status/a HTTP/1.0\r\nConnection: keep-alive\r\nX-Tag: ") + tag +
                "\r\n\r\n");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[0].field("Connection") == "keep-alive");
  BOOST_TEST(answers[1].field("X-Tag") == "2");
  BOOST_TEST(world.ledger.count("allow") == 2U);
  BOOST_TEST(!client.finished);
}

BOOST_AUTO_TEST_CASE(http_1_0_client_gets_a_plain_body_and_a_clean_end) {
  World world;
  world.historian.on_request = [](const Message&, Connection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  };
  FakeClient& client = world.served();
  client.send("GET /status/a HTTP/1.0\r\n\r\n");
  world.settle();
  client.end();
  world.settle();
  const Message answer = only_answer(client);
  BOOST_TEST(answer.body == "abc");
  BOOST_TEST(answer.num_fields("Transfer-Encoding") == 0U);
  BOOST_TEST(answer.field("Connection") == "close");
  BOOST_TEST(client.finished);
  BOOST_TEST(client.closed);
}

BOOST_AUTO_TEST_CASE(client_that_asks_to_close_is_closed_after_its_answer) {
  World world;
  FakeClient& client = world.served();
  client.request("GET", "/status/a", {}, "Connection: close\r\n");
  client.request("GET", "/status/b");
  world.settle();
  BOOST_TEST(only_answer(client).field("Connection") == "close");
  BOOST_TEST(client.finished);
  BOOST_TEST(world.ledger.count("allow") == 1U);
}

BOOST_AUTO_TEST_CASE(client_that_ends_after_its_request_still_gets_the_answer) {
  World world;
  FakeClient& client = world.served();
  client.request("POST", "/small", "last words");
  client.end();
  world.settle();
  BOOST_TEST(only_answer(client).body == "last words");
  BOOST_TEST(client.finished);
  BOOST_TEST(client.closed);
}

BOOST_AUTO_TEST_CASE(malformed_request_is_answered_recorded_and_the_connection_drained) {
  World world;
  FakeClient& client = world.served();
  client.send("GET /status/a HTTP/1.1\r\n\r\nGET /status/b");
  world.settle();
  check_problem(only_answer(client), 400, Reason::malformed);
  BOOST_TEST(client.finished);
  BOOST_TEST(!client.closed);
  client.send(std::string(limits::kDrainBytesMax, 'x'));
  world.settle();
  client.send("xx");
  world.settle();
  BOOST_TEST(client.closed);
  BOOST_TEST(world.audit.entries.size() == 1U);
  BOOST_TEST(world.ledger.count("dial") == 0U);
}

BOOST_AUTO_TEST_CASE(ambiguous_request_is_never_forwarded) {
  World world;
  FakeClient& client = world.served();
  client.send(
      "POST /small HTTP/1.1\r\nHost: gateway\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
      "\r\n0\r\n\r\nGET /status/a HTTP/1.1\r\nHost: gateway\r\n\r\n");
  world.settle();
  check_problem(only_answer(client), 400, Reason::ambiguous_request);
  BOOST_TEST(world.ledger.count("dial") == 0U);
}

BOOST_AUTO_TEST_CASE(pieces_of_a_request_may_come_one_by_one) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
    World world(piece);
    FakeClient& client = world.served();
    client.in.piece_max = piece;
    client.send("POST /small HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("5\r\nhello\r\n1;x=y\r\n,\r\n6\r\n world\r\n0\r\nX-Trailer: x\r\n\r\n");
    client.request("GET", "/status/a", {}, "X-Tag: after\r\n");
    world.settle();
    const std::vector<Message> answers = client.answers();
    BOOST_TEST_REQUIRE(answers.size() == 2U);
    BOOST_TEST(answers[0].body == "hello, world");
    BOOST_TEST(answers[1].field("X-Tag") == "after");
  }
}

BOOST_AUTO_TEST_SUITE_END()
