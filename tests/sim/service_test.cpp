// Goal: a service that is down, slow or misbehaves costs its client an honest error, never another
// device's answer, a second write, or an answer that only looks whole.
// Method: scripted services that refuse, stall, break at each byte, and say what nobody asked.
#include <boost/test/unit_test.hpp>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

// The last answer is the gateway's own about a service; on record once, with `status`.
void check_service_failed(const World& world, const FakeClient& client, int status) {
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(!answers.empty());
  BOOST_TEST(answers.back().whole);
  BOOST_TEST(answers.back().status() == status);
  BOOST_TEST(answers.back().member("reason") == "service_unavailable");
  BOOST_TEST(world.audit.count(AuditEvent::kService, Reason::service_unavailable) == 1U);
  BOOST_TEST(world.audit.entries.back().status == status);
}

void ask(FakeClient& client, std::string_view tag) {
  client.request("GET", "/status/a", {}, "X-Tag: " + std::string(tag) + "\r\n");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_service)

BOOST_AUTO_TEST_CASE(no_socket_is_503_and_not_blamed_on_the_service) {
  World world;
  world.historian.no_socket = true;
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  world.settle();
  const Message answer = client.answers().back();
  BOOST_TEST(answer.status() == 503);
  BOOST_TEST(answer.member("reason") == "overloaded");
  BOOST_TEST(answer.field("Retry-After") == "1");
  BOOST_TEST(answer.member("detail").find("Too many open files") != std::string::npos);
  BOOST_TEST(world.audit.count(AuditEvent::kService, Reason::overloaded) == 1U);
  world.historian.no_socket = false;
  ask(client, "again");  // It keeps its connection.
  world.settle();
  BOOST_TEST(client.answers().back().field("X-Tag") == "again");
}

BOOST_AUTO_TEST_CASE(refused_connection_is_502_and_keeps_the_client) {
  World world;
  world.historian.on_dial = [](Connection& c) { c.state = Connection::State::kRefused; };
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  world.settle();
  check_service_failed(world, client, 502);
  world.historian.on_dial = [](Connection&) {};
  ask(client, "again");
  world.settle();
  BOOST_TEST(client.answers().back().field("X-Tag") == "again");
}

BOOST_AUTO_TEST_CASE(connection_that_is_refused_late_is_502) {
  World world;
  world.historian.on_dial = [](Connection& c) { c.state = Connection::State::kConnecting; };
  FakeClient& client = world.served();
  client.request("POST", "/small", "abc");
  world.pass_short_of(limits::kDialTimeout);
  BOOST_TEST(client.received.empty());
  world.historian.connections[0].state = Connection::State::kRefused;
  world.settle();
  check_service_failed(world, client, 502);
}

BOOST_AUTO_TEST_CASE(connection_that_never_stands_is_504_in_time) {
  for (const std::size_t body_len : {0U, 100U, 500'000U}) {
    World world;
    world.historian.on_dial = [](Connection& c) { c.state = Connection::State::kConnecting; };
    FakeClient& client = world.served();
    client.request("POST", "/v1/devices/press-07/readings", std::string(body_len, 'x'));
    world.settle();
    world.pass_short_of(limits::kDialTimeout);
    BOOST_TEST(client.received.empty());
    world.pass(Millis{500});
    check_service_failed(world, client, 504);
    BOOST_TEST(world.historian.num_open() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(connection_that_stands_late_is_used) {
  World world;
  world.historian.on_dial = [](Connection& c) { c.state = Connection::State::kConnecting; };
  FakeClient& client = world.served();
  ask(client, "late");
  world.pass_short_of(limits::kDialTimeout);
  world.historian.connections[0].state = Connection::State::kOpen;
  world.settle();
  BOOST_TEST(client.answers().back().field("X-Tag") == "late");
}

BOOST_AUTO_TEST_CASE(service_that_does_not_answer_is_504_in_time_and_never_asked_again) {
  World world;
  world.historian.on_request = [](const Message&, Connection&) {};
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  world.settle();
  world.pass_short_of(limits::kServiceTimeout);
  BOOST_TEST(client.received.empty());
  world.pass(Millis{500});
  check_service_failed(world, client, 504);
  BOOST_TEST(world.historian.num_requests() == 1U);
  BOOST_TEST(world.historian.num_open() == 0U);
  world.pass_short_of(limits::kIdleTimeout);  // From the answer on, the client has all its time.
  BOOST_TEST(!client.closed);
  BOOST_TEST(!client.finished);
}

BOOST_AUTO_TEST_CASE(service_that_trickles_its_answer_is_not_given_up) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) { c.send("HTTP/1.1 200 OK\r\n"); };
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  for (const char* piece : {"Content-Length: 2\r\n", "\r\n", "a", "b"}) {
    world.pass_short_of(limits::kServiceTimeout);
    world.historian.connections[0].send(piece);
    world.settle();
  }
  BOOST_TEST(client.answers().back().body == "ab");
}

BOOST_AUTO_TEST_CASE(service_that_closes_before_its_answer_is_502) {
  for (const bool reset : {false, true}) {
    World world;
    world.historian.on_request = [&](const Message&, Connection& c) {
      reset ? static_cast<void>(c.broken = true) : c.end();
    };
    FakeClient& client = world.served();
    client.request("GET", "/status/a");
    world.settle();
    check_service_failed(world, client, 502);
    BOOST_TEST(world.historian.connections.size() == 1U);  // It was no used connection: no retry.
    BOOST_TEST(!client.closed);
  }
}

BOOST_AUTO_TEST_CASE(answer_that_breaks_at_any_byte_never_looks_whole) {
  const std::string length = answer_text(200, "hello, world");
  const std::string chunks =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (const std::string& whole : {length, chunks}) {
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      for (const bool reset : {false, true}) {
        World world;
        world.historian.on_request = [&](const Message&, Connection& c) {
          c.send(whole.substr(0, cut));
        };
        FakeClient& client = world.served();
        client.request("GET", "/status/a");
        client.request("GET", "/status/b");
        world.settle();
        Connection& connection = world.historian.connections.at(0);
        reset ? static_cast<void>(connection.broken = true) : connection.end();
        world.historian.on_request = FakeService::echo;
        world.settle();
        BOOST_TEST_CONTEXT("cut at " << cut) {
          const std::vector<Message> answers = client.answers();
          const bool head_came = cut >= whole.find("\r\n\r\n") + 4;
          if (head_came) {
            BOOST_TEST_REQUIRE(answers.size() == 1U);
            BOOST_TEST(!answers[0].whole);
            BOOST_TEST(client.closed);
            BOOST_TEST(!client.finished);
          } else {
            BOOST_TEST_REQUIRE(answers.size() == 2U);
            BOOST_TEST(answers[0].status() == 502);
            BOOST_TEST(answers[1].status() == 200);
          }
          BOOST_TEST(world.audit.count(AuditEvent::kService, Reason::service_unavailable) == 1U);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(answer_until_close_that_is_reset_never_looks_whole) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send("HTTP/1.1 200 OK\r\n\r\nsome of it");
  };
  for (const char* request :
       {"GET /status/a HTTP/1.1\r\nHost: g\r\n\r\n", "GET /status/a HTTP/1.0\r\n\r\n"}) {
    FakeClient& client = world.served();
    client.send(request);
    world.settle();
    world.historian.connections.back().broken = true;
    world.settle();
    BOOST_TEST(client.closed);
    BOOST_TEST(!client.finished);
  }
}

BOOST_AUTO_TEST_CASE(malformed_answer_is_502_and_its_connection_is_dropped) {
  World world;
  world.historian.on_request = [](const Message&, Connection& c) {
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
  };
  FakeClient& client = world.served();
  client.request("GET", "/status/a");
  world.settle();
  check_service_failed(world, client, 502);
  BOOST_TEST(world.historian.num_open() == 0U);
}

BOOST_AUTO_TEST_CASE(interim_answers_are_dropped_and_bounded) {
  for (const std::size_t num :
       {limits::kHttpInterimResponsesMax, limits::kHttpInterimResponsesMax + 1}) {
    World world;
    world.historian.on_request = [&](const Message& request, Connection& c) {
      for (std::size_t i = 0; i < num; ++i) c.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
      FakeService::echo(request, c);
    };
    FakeClient& client = world.served();
    client.request("GET", "/status/a");
    world.settle();
    BOOST_TEST(client.answers().size() == 1U);
    BOOST_TEST(client.answers()[0].status() ==
               (num <= limits::kHttpInterimResponsesMax ? 200 : 502));
  }
}

BOOST_AUTO_TEST_CASE(early_answer_reaches_the_client_and_ends_both_connections) {
  World world;
  world.historian.on_head = [](const Message&, Connection& c) { c.send(answer_text(507, "full")); };
  FakeClient& client = world.served();
  client.send("POST /small HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100\r\n\r\nabc");
  world.settle();
  const std::vector<Message> answers = client.answers();
  BOOST_TEST_REQUIRE(answers.size() == 1U);
  BOOST_TEST(answers[0].status() == 507);
  BOOST_TEST(answers[0].body == "full");
  BOOST_TEST(answers[0].field("Connection") == "close");
  BOOST_TEST(client.finished);
  BOOST_TEST(world.historian.num_open() == 0U);
}

BOOST_AUTO_TEST_CASE(answer_of_a_service_that_stopped_reading_is_still_read) {
  for (const bool used_before : {false, true}) {
    World world;
    FakeClient& client = world.served();
    if (used_before) ask(client, "1");
    world.settle();
    world.historian.on_head = [](const Message& request, Connection& c) {
      if (request.method() != "POST") return;
      c.deaf = true;
      c.send(answer_text(413, "no"));
    };
    client.request("POST", "/v1/devices/press-07/readings", std::string(900'000, 'x'));
    world.settle();
    BOOST_TEST(client.answers().back().status() == 413);
    BOOST_TEST(client.answers().back().body == "no");
    BOOST_TEST(world.historian.num_open() == 0U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
