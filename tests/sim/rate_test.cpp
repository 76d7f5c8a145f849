// Goal: a device has as many operations as its permit's rate gives it, over all of its sessions and
// over changes of the configuration, and is told when to come back. What does not happen costs it
// nothing. Method: virtual time; permit "alarms" of the plant (two at once, one in ten seconds).
#include <boost/test/unit_test.hpp>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

constexpr std::string_view kJson = "Content-Type: application/json\r\n";

Message alarm(World& world, FakeClient& client, std::string_view fields = kJson,
              std::string_view body = "{}") {
  const std::size_t before = client.answers().size();
  client.request("POST", "/alarms", body, fields);
  world.settle();
  BOOST_TEST_REQUIRE(client.answers().size() == before + 1);
  return client.answers().back();
}

void check_limited(const Message& answer, std::string_view retry_after) {
  BOOST_TEST(answer.status() == 429);
  BOOST_TEST(answer.member("reason") == "rate_limited");
  BOOST_TEST(answer.field("Retry-After") == retry_after);
  BOOST_TEST(answer.member("denial_id").size() == 32U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_rate)

BOOST_AUTO_TEST_CASE(beyond_the_burst_it_is_told_when_to_come_back) {
  World world;
  FakeClient& client = world.served();
  BOOST_TEST(alarm(world, client).status() == 200);
  BOOST_TEST(alarm(world, client).status() == 200);
  check_limited(alarm(world, client), "10");
  BOOST_TEST(world.historian.num_requests() == 2U);
  BOOST_TEST(world.audit.entries.back().status == 429);
  BOOST_TEST(world.audit.entries.back().permit == "alarms");
  BOOST_TEST(!client.closed);

  world.pass(Millis{9500});
  check_limited(alarm(world, client), "1");
  world.pass(Millis{500});
  BOOST_TEST(alarm(world, client).status() == 200);
  check_limited(alarm(world, client), "10");
}

BOOST_AUTO_TEST_CASE(sessions_of_one_device_share_a_budget_and_others_have_their_own) {
  World world;
  FakeClient& one = world.served("press-07");
  FakeClient& two = world.served("press-07");
  FakeClient& other = world.served("press-08");
  BOOST_TEST(alarm(world, one).status() == 200);
  BOOST_TEST(alarm(world, two).status() == 200);
  check_limited(alarm(world, one), "10");
  check_limited(alarm(world, two), "10");
  BOOST_TEST(alarm(world, other).status() == 200);
}

BOOST_AUTO_TEST_CASE(a_new_connection_is_no_new_budget) {
  World world;
  FakeClient& first = world.served();
  alarm(world, first);
  alarm(world, first);
  first.end();
  world.settle();
  world.pass(limits::kDrainTimeout);
  BOOST_TEST(first.closed);
  check_limited(alarm(world, world.served()), "8");
}

BOOST_AUTO_TEST_CASE(a_permit_without_a_rate_is_as_before) {
  World world;
  FakeClient& client = world.served();
  alarm(world, client);
  alarm(world, client);
  for (int i = 0; i < 20; ++i) client.request("GET", "/status/a");
  world.settle();
  BOOST_TEST(world.historian.num_requests() == 22U);
  BOOST_TEST(world.rates.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_change_of_configuration_keeps_the_budget) {
  World world;
  FakeClient& client = world.served();
  alarm(world, client);
  alarm(world, client);
  Intent intent;
  intent.permits_status = false;
  world.publish(plant_snapshot(intent));
  world.tell();
  check_limited(alarm(world, client), "10");
}

BOOST_AUTO_TEST_CASE(a_changed_rate_applies_at_once) {
  World world;
  FakeClient& client = world.served();
  alarm(world, client);
  alarm(world, client);
  Intent faster;
  faster.alarms_rate = R"(limit: 1 per: "1s" burst: 3)";
  world.publish(plant_snapshot(faster));
  check_limited(alarm(world, client), "1");
  world.pass(Millis{60'000});
  for (int i = 0; i < 3; ++i) BOOST_TEST(alarm(world, client).status() == 200);
  check_limited(alarm(world, client), "1");

  Intent smaller;
  smaller.alarms_rate = R"(limit: 1 per: "1h" burst: 1)";
  world.pass(Millis{60'000});
  world.publish(plant_snapshot(smaller));
  // Three in the last minute are more than one in an hour.
  check_limited(alarm(world, client), "3540");
}

BOOST_AUTO_TEST_CASE(what_is_refused_for_another_reason_spends_nothing) {
  World world;
  FakeClient& client = world.served();
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(alarm(world, client, "Content-Type: text/csv\r\n").status() == 415);
    client.request("PUT", "/alarms");
    world.settle();
    BOOST_TEST(client.answers().back().status() == 403);
  }
  world.audit.full = true;
  for (int i = 0; i < 3; ++i) BOOST_TEST(alarm(world, client).status() == 503);
  world.audit.full = false;
  BOOST_TEST(world.rates.size() == 0U);
  BOOST_TEST(alarm(world, client).status() == 200);
  BOOST_TEST(alarm(world, client).status() == 200);
  check_limited(alarm(world, client), "10");
}

BOOST_AUTO_TEST_CASE(a_refused_alarm_spends_nothing_either) {
  World world;
  FakeClient& client = world.served();
  alarm(world, client);
  alarm(world, client);
  for (int i = 0; i < 5; ++i) {
    world.pass(Millis{1500});
    BOOST_TEST(alarm(world, client).status() == 429);
  }
  world.pass(Millis{2500});
  BOOST_TEST(alarm(world, client).status() == 200);
}

BOOST_AUTO_TEST_CASE(a_budget_that_cannot_be_counted_refuses) {
  World world;
  const policy::Device press_07{.id = "press-07",
                                .function = first_snapshot()->device("press-07")->function};
  policy::Permit each{.rate = policy::Rate{.limit = 1, .per = limits::kRatePerMax, .burst = 2}};
  for (std::size_t i = 0; i < limits::kRateShardBucketsMax; ++i) {
    each.name = std::to_string(i);
    session::RateTable::Hold hold(world.rates, press_07, world.clock.now());
    BOOST_REQUIRE((hold.left(each).state == policy::Budget::State::kLeft));
    hold.spend(each);
  }
  const Message answer = alarm(world, world.served());
  BOOST_TEST(answer.status() == 503);
  BOOST_TEST(answer.member("reason") == "overloaded");
  BOOST_TEST(answer.num_fields("Retry-After") == 0U);
  BOOST_TEST(world.ledger.count("dial") == 0U);
}

BOOST_AUTO_TEST_CASE(kind_of_body_is_judged_as_it_is_forwarded) {
  World world;
  FakeClient& client = world.served();
  constexpr std::string_view kSpelt = "content-type: \tApplication/JSON ; charset=utf-8\r\n";
  BOOST_TEST(alarm(world, client, kSpelt).status() == 200);
  BOOST_TEST(world.historian.only().field("Content-Type") == "Application/JSON ; charset=utf-8");
  for (const std::string_view fields :
       {"", "Content-Type:\r\n", "Content-Type: application/json,text/csv\r\n"}) {
    const Message answer = alarm(world, client, fields);
    BOOST_TEST(answer.status() == 415);
    BOOST_TEST(answer.member("reason") == "content_type_not_permitted");
  }
  BOOST_TEST(world.historian.num_requests() == 1U);
}

BOOST_AUTO_TEST_CASE(two_kinds_of_body_are_refused_before_any_permit) {
  World world;
  FakeClient& client = world.served();
  const Message answer =
      alarm(world, client, "Content-Type: application/json\r\nContent-Type: text/csv\r\n");
  BOOST_TEST(answer.status() == 400);
  BOOST_TEST(answer.member("reason") == "ambiguous_request");
}

BOOST_AUTO_TEST_CASE(without_a_body_no_kind_is_asked_for) {
  World world;
  FakeClient& client = world.served();
  BOOST_TEST(alarm(world, client, "", "").status() == 200);
  client.send("POST /alarms HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n\r\n");
  world.settle();
  BOOST_TEST(client.answers().back().status() == 200);
  // In chunks there may be a body, even if none comes.
  FakeClient& other = world.served("press-08");
  other.send(
      "POST /alarms HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  world.settle();
  BOOST_TEST(other.answers().back().status() == 415);
}

BOOST_AUTO_TEST_SUITE_END()
