// Goal: the parts of HTTP/1.1 that concern a connection as a whole: requests sent ahead, sides that
// finish early, and answers that are not the answer yet. Method: scripted clients and services.
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

std::string tag(std::size_t number) { return fmt::format("X-Tag: {}\r\n", number); }

std::uint64_t num_pipelines(const World& world) {
  return world.context.meter.limits.at(static_cast<std::size_t>(session::Limit::kPipeline)).value();
}

constexpr std::string_view kExpects =
    "POST /small HTTP/1.1\r\nHost: gateway\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_http)

BOOST_AUTO_TEST_CASE(pipeline_stops_where_its_buffer_is_full_and_goes_on_in_order) {
  World world;
  world.historian.on_request = [](const Message&, Connection&) {};
  FakeClient& client = world.served();
  constexpr std::size_t kRequests = 1000;
  for (std::size_t i = 0; i < kRequests; ++i) client.request("GET", "/status/a", {}, tag(i));
  const std::size_t sent = client.in.left();
  world.settle();
  BOOST_TEST(sent - client.in.left() <= limits::kClientInBytesMax);
  BOOST_TEST(!client.wants_read);
  BOOST_TEST(world.ledger.count("allow") == 1U);
  BOOST_TEST(num_pipelines(world) == 1U);

  world.historian.on_request = FakeService::echo;
  world.historian.connections[0].send(answer_text(200, {}, tag(0)));
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    BOOST_TEST(answers[i].field("X-Tag") == fmt::format("{}", i));
  }
  BOOST_TEST(world.ledger.count("allow") == kRequests);
}

BOOST_AUTO_TEST_CASE(large_body_is_no_pipeline) {
  World world;
  FakeClient& client = world.served();
  client.request("POST", "/v1/devices/press-07/readings", std::string(900'000, 'x'));
  world.settle();
  BOOST_TEST(client.answers().size() == 1U);
  BOOST_TEST(num_pipelines(world) == 0U);
}

BOOST_AUTO_TEST_CASE(client_that_has_finished_sending_gets_all_its_answers) {
  for (const bool early : {true, false}) {
    World world;
    world.historian.on_request = [](const Message&, Connection&) {};
    FakeClient& client = world.served();
    for (std::size_t i = 1; i <= 3; ++i) client.request("GET", "/status/a", {}, tag(i));
    if (early) client.end();
    world.settle();
    world.historian.on_request = FakeService::echo;
    if (!early) client.end();
    world.historian.connections[0].send(answer_text(200, {}, tag(1)));
    world.settle();
    const std::vector<Message> answers = client.answers();
    BOOST_TEST_REQUIRE(answers.size() == 3U);
    BOOST_TEST(answers[2].field("X-Tag") == "3");
    BOOST_TEST(client.finished);
    BOOST_TEST(client.closed);
  }
}

BOOST_AUTO_TEST_CASE(service_that_finishes_with_its_answer_is_asked_on_another_connection) {
  World world;
  world.historian.on_request = [](const Message& request, Connection& c) {
    FakeService::echo(request, c);
    c.end();
  };
  FakeClient& client = world.served();
  for (std::size_t i = 1; i <= 3; ++i) client.request("PUT", "/orders/1", "x", tag(i));
  for (std::size_t i = 1; i <= 3; ++i) client.request("POST", "/small", "x", tag(i));
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 6U);
  for (const Message& answer : answers) BOOST_TEST(answer.status() == 200);
  BOOST_TEST(world.historian.connections.size() == 3U);
  world.pass(Millis{500});
  BOOST_TEST(world.historian.num_open() == 0U);
}

BOOST_AUTO_TEST_CASE(client_is_told_once_to_continue_whatever_the_service_says) {
  World world;
  world.historian.on_head = [](const Message&, Connection& c) {
    c.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
  };
  FakeClient& client = world.served();
  client.send(kExpects);
  world.settle();
  client.send("abc");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[0].status() == 100);
  BOOST_TEST(answers[1].body == "abc");
}

BOOST_AUTO_TEST_CASE(final_answer_may_follow_100_before_the_body) {
  World world;
  world.historian.on_head = [](const Message&, Connection& c) { c.send(answer_text(401, "no")); };
  FakeClient& client = world.served();
  client.send(kExpects);
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[1].status() == 401);
  BOOST_TEST(answers[1].field("Connection") == "close");
  BOOST_TEST(client.finished);
  BOOST_TEST(world.historian.num_open() == 0U);
}

// RFC 9110, section 10.1.1: HTTP/1.0 knows no interim answers.
BOOST_AUTO_TEST_CASE(client_of_http_1_0_is_never_told_to_continue) {
  World world;
  FakeClient& client = world.served();
  client.send("POST /small HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 1U);
  BOOST_TEST(answers[0].body == "abc");
}

BOOST_AUTO_TEST_SUITE_END()
