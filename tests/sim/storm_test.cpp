// Goal: the laws hold whatever happens. Method: many short random worlds, each from one seed; and
// one scenario run again and again, with the first, second, third ... call of a port failing.
//
// IL_SIM_SEED=N runs world N alone; IL_SIM_RUNS=N runs as many as one has patience for.
#include "sim/storm.h"

#include <charconv>
#include <cstdlib>

#include <boost/test/unit_test.hpp>

using namespace interlock;
using namespace interlock::sim;

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  if (const char* set = std::getenv(name)) {
    const std::string_view text = set;
    std::from_chars(text.data(), text.data() + text.size(), otherwise);
  }
  return otherwise;
}

void run_world(std::uint64_t seed) {
  World world(seed);
  Storm storm(world);
  for (std::size_t things = 20 + world.chance.below(60); things > 0; --things) storm.blow();
  finish(world);
  check_laws(world);
}

// Two devices and a stranger, every kind of request, reuse, a retry, a refusal, a change.
void run_scenario(World& world) {
  const auto ask = [](FakeClient& client, std::string_view method, std::string_view target,
                      std::string_view number, bool body) {
    const std::string tag = client.name + "-" + std::string(number) + "-300";
    client.tags.push_back(tag);
    client.request(method, target, body ? tagged_body(tag) : "", "X-Tag: " + tag + "\r\n");
  };
  const auto answer = [](const Message& request, Connection& connection) {
    const std::string tag = request.field("X-Tag");
    connection.send(answer_text(200, tagged_body(tag), "X-Tag: " + tag + "\r\n"));
  };
  world.historian.on_request = answer;
  world.mes.on_request = answer;
  FakeClient& first = world.connect("press-07");
  FakeClient& second = world.connect("press-08");
  world.connect("stranger");
  ask(first, "GET", "/status/a", "1", false);
  ask(second, "POST", "/small", "2", true);
  world.settle();
  ask(first, "PUT", "/orders/7", "3", true);
  ask(first, "DELETE", "/status/a", "4", true);
  world.historian.on_request = [&](const Message&, Connection& connection) {
    connection.end();
    world.historian.on_request = answer;
  };
  ask(second, "GET", "/status/b", "5", false);
  world.settle();
  static const auto narrowed = plant_snapshot({.devices = {{"press-07", "press", "press-07"}}});
  world.publish(narrowed);
  world.tell();
  world.settle();
  ask(first, "GET", "/status/c", "6", false);
  finish(world);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_storm)

BOOST_AUTO_TEST_CASE(laws_hold_in_random_worlds) {
  const std::uint64_t only = setting("IL_SIM_SEED", 0);
  const std::uint64_t last = only > 0 ? only : setting("IL_SIM_RUNS", 500);
  for (std::uint64_t seed = only > 0 ? only : 1; seed <= last; ++seed) {
    BOOST_TEST_CONTEXT("replay with IL_SIM_SEED=" << seed) {
      BOOST_CHECK_NO_THROW(run_world(seed));
    }
  }
}

BOOST_AUTO_TEST_CASE(laws_hold_whichever_port_call_fails) {
  World undisturbed;
  run_scenario(undisturbed);
  check_laws(undisturbed);
  BOOST_TEST(undisturbed.historian.num_requests() == 5U);
  BOOST_TEST(undisturbed.mes.num_requests() == 1U);
  const std::uint64_t num_calls = undisturbed.ledger.num_calls;
  BOOST_TEST(num_calls > 50U);
  for (std::uint64_t call = 1; call <= num_calls; ++call) {
    BOOST_TEST_CONTEXT("call " << call) {
      World world;
      world.ledger.failing_call = call;
      run_scenario(world);
      check_laws(world);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
