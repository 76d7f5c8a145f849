// Goal: no storm of refusals fills the trail, and none of them is lost: what has no record of its
// own is counted on one. Method: many refusals in little virtual time; lines and counts add up.
#include <set>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "sim/world.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

// Refusals of a caller for one reason: those with a record of their own, and those counted.
struct Sum {
  std::size_t num_lines = 0, num_counts = 0;
  std::uint64_t num_counted = 0;
};

Sum sum_of(const World& world, std::string_view caller, Reason reason) {
  Sum sum;
  for (const Entry& each : world.audit.entries) {
    if (each.reason != reason || (each.device.empty() ? each.peer : each.device) != caller)
      continue;
    const bool is_count = each.event == AuditEvent::kRefusalsCounted;
    BOOST_TEST(is_count == (each.suppressed > 0));
    ++(is_count ? sum.num_counts : sum.num_lines);
    sum.num_counted += each.suppressed;
  }
  return sum;
}

AuditRecord refusal(std::string_view device, std::string_view peer, Reason reason) {
  AuditRecord record;
  record.reason = reason;
  record.device = device;
  record.peer = peer;
  return record;
}

void refuse_strangers(World& world, std::size_t num, const char* format) {
  for (std::size_t i = 0; i < num; ++i) {
    const std::string peer = fmt::format(fmt::runtime(format), i / 250, i % 250);
    static_cast<void>(world.context.refusals.write(refusal({}, peer, Reason::untrusted_chain)));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_refusal_storm)

BOOST_AUTO_TEST_CASE(a_device_that_insists_gets_a_few_lines_and_one_count) {
  World world;
  FakeClient& client = world.served("press-07");
  constexpr std::size_t kNum = limits::kRefusalLinesPerWindow + 30;
  for (std::size_t i = 0; i < kNum; ++i) {
    client.request("DELETE", "/status/a");
    world.settle();
  }
  Sum sum = sum_of(world, "press-07", Reason::method_not_permitted);
  BOOST_TEST(sum.num_lines == limits::kRefusalLinesPerWindow);
  BOOST_TEST(sum.num_counts == 0U);
  world.pass(limits::kRefusalWindow);
  sum = sum_of(world, "press-07", Reason::method_not_permitted);
  BOOST_TEST(sum.num_counts == 1U);
  BOOST_TEST(sum.num_counted == 30U);
  BOOST_TEST(world.context.meter.refusals_counted.value() == 30U);

  // Each answer's id leads to a record; those that were counted share that of the last line.
  std::set<std::string> ids;
  for (const Entry& each : world.audit.entries) ids.insert(each.denial_id);
  for (const Message& answer : client.answers())
    BOOST_TEST(ids.contains(answer.member("denial_id")));
  const Entry& count = world.audit.entries.back();
  BOOST_TEST(count.denial_id == client.answers().back().member("denial_id"));

  // The next window begins with lines again.
  client.request("DELETE", "/status/a");
  world.settle();
  BOOST_TEST((world.audit.entries.back().event == AuditEvent::kOperation));
}

BOOST_AUTO_TEST_CASE(other_reasons_and_other_devices_keep_their_lines) {
  World world;
  FakeClient& one = world.served("press-07");
  for (std::size_t i = 0; i < 100; ++i) one.request("DELETE", "/status/a");
  one.request("GET", "/nothing");
  FakeClient& two = world.served("press-08");
  two.request("DELETE", "/status/a");
  world.settle();
  BOOST_TEST(sum_of(world, "press-07", Reason::no_permit).num_lines == 1U);
  BOOST_TEST(sum_of(world, "press-08", Reason::method_not_permitted).num_lines == 1U);
}

BOOST_AUTO_TEST_CASE(a_strangers_address_counts_whatever_its_ports) {
  World world;
  for (std::size_t i = 0; i < limits::kRefusalLinesPerWindow + 7; ++i) world.connect("stranger");
  world.settle();
  world.pass(limits::kRefusalWindow);
  std::size_t num_lines = 0;
  for (const Entry& each : world.audit.entries)
    num_lines += each.event == AuditEvent::kHandshake ? 1 : 0;
  BOOST_TEST(num_lines == limits::kRefusalLinesPerWindow);
  BOOST_TEST(world.audit.entries.back().peer == "192.0.2.7");
  BOOST_TEST(world.audit.entries.back().suppressed == 7U);
}

// A flood from more addresses than anybody can tell apart: a bounded number of records, every
// refusal in one of them, and a known device's record is written in the middle of it.
BOOST_AUTO_TEST_CASE(many_strangers_share_a_quota) {
  World world;
  constexpr std::size_t kNum = 50'000;
  refuse_strangers(world, kNum, "198.51.{}.{}:40112");
  static_cast<void>(
      world.context.refusals.write(refusal("press-07", "192.0.2.7:40112", Reason::no_permit)));
  BOOST_TEST(world.audit.entries.back().device == "press-07");
  BOOST_TEST(world.audit.entries.size() == limits::kStrangerLinesBurst + 1);
  world.pass(limits::kRefusalWindow);
  BOOST_TEST(world.audit.entries.size() == limits::kStrangerLinesBurst + 2);
  const Entry& count = world.audit.entries.back();
  BOOST_TEST(count.peer.empty());
  BOOST_TEST(count.suppressed == kNum - limits::kStrangerLinesBurst);
}

BOOST_AUTO_TEST_CASE(the_strangers_quota_fills_again_with_time) {
  World world;
  refuse_strangers(world, limits::kStrangerLinesBurst, "198.51.{}.{}:1");
  refuse_strangers(world, 10, "203.0.{}.{}:1");
  BOOST_TEST(world.audit.entries.size() == limits::kStrangerLinesBurst);
  world.clock.pass(Millis{3 * limits::kStrangerLineInterval.ms});
  refuse_strangers(world, 10, "203.0.{}.{}:1");
  BOOST_TEST(world.audit.entries.size() == limits::kStrangerLinesBurst + 3);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_counted_until_it_can) {
  World world;
  FakeClient& client = world.served("press-07");
  world.audit.full = true;
  for (int i = 0; i < 5; ++i) {
    client.request("GET", "/status/a");
    world.settle();
  }
  world.pass({3 * limits::kRefusalWindow.ms});
  BOOST_TEST(world.audit.entries.empty());
  world.audit.full = false;
  world.pass(Millis{500});
  const Sum sum = sum_of(world, "press-07", Reason::audit_unavailable);
  BOOST_TEST(sum.num_lines == 0U);
  BOOST_TEST(sum.num_counted == 5U);
  BOOST_TEST(world.audit.entries.back().denial_id == client.answers()[0].member("denial_id"));
}

// More callers than there are windows: the oldest goes, with its count; while nothing can be
// written its count stays with that of all callers together.
BOOST_AUTO_TEST_CASE(a_full_table_loses_no_count) {
  for (const bool full : {false, true}) {
    World world;
    world.audit.full = full;
    constexpr std::size_t kDevices = limits::kRefusalWindowsMax + 500;
    constexpr std::size_t kEach = limits::kRefusalLinesPerWindow + 2;
    for (std::size_t i = 0; i < kDevices; ++i) {
      const std::string device = fmt::format("d-{}", i);
      for (std::size_t times = 0; times < kEach; ++times) {
        static_cast<void>(
            world.context.refusals.write(refusal(device, "192.0.2.7:1", Reason::no_permit)));
      }
    }
    world.audit.full = false;
    world.context.refusals.flush();
    std::size_t num_lines = 0;
    std::uint64_t num_counted = 0;
    for (const Entry& each : world.audit.entries) {
      num_lines += each.suppressed == 0 ? 1 : 0;
      num_counted += each.suppressed;
    }
    BOOST_TEST(num_lines == (full ? 0 : kDevices * limits::kRefusalLinesPerWindow));
    BOOST_TEST(num_lines + num_counted == kDevices * kEach);
  }
}

// The same, with strangers above their quota in between: what has no window of its own is together.
BOOST_AUTO_TEST_CASE(a_full_table_and_strangers_lose_no_count_either) {
  World world;
  world.audit.full = true;
  constexpr std::size_t kDevices = limits::kRefusalWindowsMax + 500;
  for (std::size_t i = 0; i < kDevices; ++i) {
    const std::string device = fmt::format("d-{}", i);
    static_cast<void>(
        world.context.refusals.write(refusal(device, "192.0.2.7:1", Reason::untrusted_chain)));
    refuse_strangers(world, 1, "198.51.{}.{}:1");
  }
  world.audit.full = false;
  world.pass(limits::kRefusalWindow);
  std::uint64_t num_counted = 0;
  std::size_t num_nameless = 0;
  for (const Entry& each : world.audit.entries) {
    num_counted += each.suppressed;
    num_nameless += each.peer.empty() && each.device.empty() ? 1 : 0;
  }
  BOOST_TEST(num_counted == 2 * kDevices);
  BOOST_TEST(num_nameless == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
