// Goal: health checks find out which endpoints are in order, before and without any request.
// Method: services whose health path answers well, badly, with garbage, late or not at all.
#include <boost/test/unit_test.hpp>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;
using session::EndpointState;

namespace {

struct Fixture : World {
  Fixture() {
    check(historian);
    check(second);
    with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080" health_path: "/healthz")");
    pass(Millis{500});
  }
  void with(const std::string& settings) {
    publish(plant_snapshot({.historian = settings}));
    tell();
  }
  void check(FakeService& service) {
    const bool first = &service == &historian;
    service.on_request = [this, first](const Message& m, Connection& c) {
      if (m.target() != "/healthz") return FakeService::echo(m, c);
      checks_seen.push_back(m);
      c.send(first ? answer_of_first : answer_text(200, "well"));
    };
  }
  EndpointState::Health health(std::size_t endpoint = 0) {
    return services.find(*snapshots.current()->services.front())->endpoints[endpoint]->health();
  }
  void pass_checks(std::int64_t number) { pass({number * limits::kHealthInterval.ms}); }
  int ask() {
    FakeClient& client = served();
    client.request("GET", "/status/a");
    settle();
    return client.answers().back().status();
  }
  std::size_t asked_first() {
    std::size_t count = 0;
    for (const Connection& each : historian.connections) {
      for (const Message& request : each.requests) count += request.target() == "/status/a";
    }
    return count;
  }

  std::string answer_of_first = answer_text(200, "well");
  std::vector<Message> checks_seen;
};

constexpr auto kUp = EndpointState::Health::kUp;
constexpr auto kDown = EndpointState::Health::kDown;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sim_health, Fixture)

BOOST_AUTO_TEST_CASE(every_endpoint_is_asked_in_each_interval_and_told_nothing_of_devices) {
  BOOST_TEST(checks_seen.size() == 2U);
  pass_checks(2);
  BOOST_TEST(checks_seen.size() == 6U);
  for (const Message& each : checks_seen) {
    BOOST_TEST(each.method() == "GET");
    BOOST_TEST(each.field("Host") == "10.20.0.5:8080");
    BOOST_TEST(each.field("Client-Cert").empty());
    BOOST_TEST(each.field("Interlock-Device").empty());
  }
  BOOST_TEST((health(0) == kUp));
  pass(Millis{500});
  BOOST_TEST(historian.num_open() + second.num_open() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_down_gets_no_request_until_it_has_been_up_twice) {
  answer_of_first = answer_text(500, "ill");
  pass_checks(limits::kHealthChecksDown - 1);
  BOOST_TEST((health(0) == kUp));
  pass_checks(1);
  BOOST_TEST((health(0) == kDown));
  for (int i = 0; i < 6; ++i) BOOST_TEST(ask() == 200);
  BOOST_TEST(asked_first() == 0U);
  answer_of_first = answer_text(204, "");
  pass_checks(limits::kHealthChecksUp - 1);
  BOOST_TEST((health(0) == kDown));
  pass_checks(1);
  BOOST_TEST((health(0) == kUp));
  for (int i = 0; i < 2; ++i) BOOST_TEST(ask() == 200);
  BOOST_TEST(asked_first() == 1U);
}

BOOST_AUTO_TEST_CASE(one_bad_answer_among_good_ones_changes_nothing) {
  for (int i = 0; i < 4; ++i) {
    answer_of_first = answer_text(i % 2 == 0 ? 500 : 200, "");
    pass_checks(2);
  }
  BOOST_TEST((health(0) == kUp));
}

BOOST_AUTO_TEST_CASE(whatever_is_no_good_answer_is_down) {
  const std::string_view bad[] = {
      "",  // Never answers: the check ends by time.
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
  };
  for (const std::string_view each : bad) {
    BOOST_TEST_CONTEXT(each) {
      answer_of_first = each;
      pass_checks(limits::kHealthChecksDown);
      pass(limits::kHealthTimeout);  // Of one that is never answered.
      BOOST_TEST((health(0) == kDown));
      answer_of_first = answer_text(200, "");
      pass_checks(2 * limits::kHealthChecksUp);
      BOOST_TEST((health(0) == kUp));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_check_that_is_refused_is_down_and_one_without_a_socket_is_not) {
  historian.no_socket = true;
  pass_checks(limits::kHealthChecksDown);
  BOOST_TEST((health(0) == kUp));
  historian.no_socket = false;
  historian.on_dial = [](Connection& c) { c.state = Connection::State::kRefused; };
  pass_checks(limits::kHealthChecksDown);
  BOOST_TEST((health(0) == kDown));
}

BOOST_AUTO_TEST_CASE(where_all_are_down_a_request_is_refused_at_once_and_told_when_to_come_back) {
  historian.on_dial = second.on_dial = [](Connection& c) { c.state = Connection::State::kRefused; };
  pass_checks(limits::kHealthChecksDown);
  const std::size_t dialed = historian.connections.size() + second.connections.size();
  FakeClient& client = served();
  client.request("GET", "/status/a");
  settle();
  const Message answer = client.answers().back();
  BOOST_TEST(answer.status() == 503);
  BOOST_TEST(answer.member("reason") == "service_unavailable");
  BOOST_TEST(answer.field("Retry-After") == "5");
  BOOST_TEST(historian.connections.size() + second.connections.size() == dialed);
}

BOOST_AUTO_TEST_CASE(a_check_that_is_under_way_goes_on_over_a_reload) {
  historian.on_request = [](const Message&, Connection&) {};  // It never answers.
  for (std::size_t i = 0; i < 4 * limits::kHealthChecksDown; ++i) {
    pass(Millis{limits::kHealthInterval.ms / 2});
    with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080" health_path: "/healthz")");
  }
  BOOST_TEST((health(0) == kDown));
}

BOOST_AUTO_TEST_CASE(verdicts_outlive_a_reload_and_end_with_the_checks) {
  answer_of_first = answer_text(500, "ill");
  pass_checks(limits::kHealthChecksDown);
  with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080" health_path: "/healthz"
          queue_wait: "3s")");
  BOOST_TEST((health(0) == kDown));
  with(R"(endpoint: "10.20.0.5:8080" endpoint: "10.20.0.7:8080")");
  BOOST_TEST((health(0) == kUp));
  const std::size_t before = checks_seen.size();
  pass_checks(3);
  BOOST_TEST(checks_seen.size() == before);
}

BOOST_AUTO_TEST_SUITE_END()
