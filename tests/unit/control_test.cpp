// Does the loader do one thing at a time for all who asked before, is the watchdog fed only while
// all threads move, is the disk compared with what runs, and does nothing change that must not?
#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "control/disk.h"
#include "control/reload.h"
#include "control/status.h"
#include "control/turns.h"
#include "control/watchdog.h"
#include "support/test_config.h"

using namespace interlock;
using namespace interlock::control;
using namespace interlock::test;

namespace {

using Kind = Turn::Kind;
using Names = std::vector<std::string>;

// The files of a TestConfig through the port.
struct TestFiles final : port::Files {
  explicit TestFiles(const TestConfig& from) : config(from) {}
  Result<std::string> read(const std::string& path, std::size_t bytes_max) override {
    return config.access().read(path, bytes_max);
  }
  std::vector<std::string> glob(const std::string& pattern) override {
    return config.access().glob(pattern);
  }
  const TestConfig& config;
};

void check_difference(const TestConfig& config, const Names& changed, const Names& gone,
                      const Names& added) {
  static const auto running = snapshot_of(plant_config());
  TestFiles files(config);
  const DiskDifference found = compare_with_disk(*running, files);
  BOOST_TEST(found.changed == changed, boost::test_tools::per_element());
  BOOST_TEST(found.gone == gone, boost::test_tools::per_element());
  BOOST_TEST(found.added == added, boost::test_tools::per_element());
  BOOST_TEST(found.empty() == (changed.empty() && gone.empty() && added.empty()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(control_turns)

BOOST_AUTO_TEST_CASE(those_who_wait_share_the_next_turn_and_reloads_come_first) {
  Turns turns;
  BOOST_TEST(!turns.next().has_value());
  BOOST_TEST(turns.want(Kind::kCompare, {"one", 1}));
  BOOST_TEST((turns.next().value().kind == Kind::kCompare));
  BOOST_TEST(turns.want(Kind::kCompare, {"two", 2}));
  BOOST_TEST(turns.want(Kind::kReload, {"three", 3}));
  BOOST_TEST(turns.want(Kind::kReload, {"four", 4}));
  BOOST_TEST(!turns.next().has_value());  // One at a time.
  turns.finished();
  const auto second = turns.next();
  BOOST_REQUIRE(second.has_value());
  BOOST_TEST((second->kind == Kind::kReload));
  BOOST_TEST(names(second->askers) == "three, four");
  BOOST_TEST(turns.want(Kind::kReload, {"five", 5}));  // The files may have changed since.
  turns.finished();
  BOOST_TEST(names(turns.next().value().askers) == "five");
  turns.finished();
  BOOST_TEST(names(turns.next().value().askers) == "two");
  turns.finished();
  BOOST_TEST(!turns.next().has_value());
}

BOOST_AUTO_TEST_CASE(signals_that_wait_are_one_and_those_who_wait_are_bounded) {
  Turns turns;
  for (int i = 0; i < 100; ++i) BOOST_TEST(turns.want(Kind::kReload, {"SIGHUP"}));
  for (std::size_t i = 1; i < limits::kLoaderAskersMax; ++i) {
    BOOST_TEST(turns.want(Kind::kReload, {"uid", i}));
  }
  BOOST_TEST(!turns.want(Kind::kReload, {"uid", 100}));
  BOOST_TEST(turns.want(Kind::kReload, {"SIGHUP"}));  // It is there already.
  BOOST_TEST(turns.next().value().askers.size() == limits::kLoaderAskersMax);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(control_watchdog)

BOOST_AUTO_TEST_CASE(it_is_fed_at_half_of_the_interval_while_all_move) {
  Watchdog watchdog(Millis{1000});
  const auto due = [&](std::int64_t at, std::vector<std::uint64_t> progress) {
    return watchdog.due(Instant{at}, progress);
  };
  BOOST_TEST(due(500, {1, 1}));
  BOOST_TEST(!due(999, {2, 2}));
  BOOST_TEST(due(1000, {2, 2}));
  BOOST_TEST(!due(1500, {3, 2}));  // One thread stands still,
  BOOST_TEST(!due(2500, {4, 2}));
  BOOST_TEST(due(2600, {5, 3}));  // and moves again.
  BOOST_TEST(!due(2700, {6, 4}));
}

BOOST_AUTO_TEST_CASE(without_a_watchdog_nothing_is_due) {
  Watchdog none(std::nullopt);
  BOOST_TEST(!none.due(Instant{1'000'000}, {}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(control_reload)

BOOST_AUTO_TEST_CASE(files_are_compared_by_content_and_patterns_by_name) {
  TestConfig config = plant_config();
  check_difference(config, {}, {}, {});
  config.inventory() += "\n";
  config.policy() += "# More.\n";
  check_difference(config, {"etc/devices.csv", "etc/policy.d/p"}, {}, {});
  config = plant_config();
  config.files.erase("etc/trust/plant.crl");
  config.unreadable.insert("etc/main");  // Whoever cannot read cannot say that it is the same.
  config.files["etc/policy.d/a"] = config.files["etc/policy.d/q"] = "";
  config.files["etc/other"] = "";
  check_difference(config, {"etc/main"}, {"etc/trust/plant.crl"},
                   {"etc/policy.d/a", "etc/policy.d/q"});
}

BOOST_AUTO_TEST_CASE(what_holds_while_it_runs_cannot_change) {
  TestConfig config = plant_config();
  config.main() += "admin { socket: \"/run/a.sock\" }\n";
  const auto running = snapshot_of(config);
  std::vector<policy::Problem> problems;
  refuse_fixed(*running, *snapshot_of(config), problems);
  BOOST_TEST(problems.empty());
  config.replace("etc/main", "\"gate\"", "\"gate-2\"")
      .replace("etc/main", "\"audit.jsonl\"", "\"more.jsonl\"")
      .replace("etc/main", "a.sock", "b.sock");
  refuse_fixed(*running, *snapshot_of(config), problems);
  BOOST_TEST_REQUIRE(problems.size() == 3U);
  BOOST_TEST(policy::to_string(problems[0]) ==
             "etc/main:1:13: gateway_id cannot change while the gateway runs: it is \"gate\", not "
             "\"gate-2\"\n  restart to apply");
  BOOST_TEST(policy::to_string(problems[1].at) == "etc/main:7:15");
  BOOST_TEST(problems[2].message ==
             "admin.socket cannot change while the gateway runs: it is \"/run/a.sock\", not "
             "\"/run/b.sock\"");
  BOOST_TEST(!problems[2].warning);
  BOOST_TEST(&first_error(problems) == &problems[0]);

  problems = {{{"f", 1, 1}, "only a warning", "", true}};
  config = plant_config();
  refuse_fixed(*running, *snapshot_of(config), problems);
  BOOST_TEST_REQUIRE(problems.size() == 2U);
  BOOST_TEST(problems[1].message ==
             "admin.socket cannot change while the gateway runs: it is \"/run/a.sock\", not "
             "nothing");
  BOOST_TEST(&first_error(problems) == &problems[1]);
}

BOOST_AUTO_TEST_CASE(the_same_files_are_the_same_configuration) {
  TestConfig config = plant_config();
  const auto running = snapshot_of(config);
  BOOST_TEST(same_files(*running, *snapshot_of(config)));
  config.policy() += " ";
  BOOST_TEST(!same_files(*running, *snapshot_of(config)));
}

BOOST_AUTO_TEST_CASE(status_shows_what_the_configuration_says) {
  TestConfig config = plant_config();
  config.main() +=
      "trust { name: \"loose\" ca_file: \"trust/plant.pem\" revocation: NONE }\n"
      "listener { name: \"old\" address: \"[::1]:1\" protocol: HTTP trust: \"plant\" "
      "trust: \"loose\" min_tls: V1_2 }\n";
  const auto snapshot = snapshot_of(config);
  const StatusReport status = status_of(*snapshot);
  BOOST_TEST(status.gateway_id == "gate");
  BOOST_TEST(status.policy == snapshot->id);
  BOOST_TEST_REQUIRE(status.listeners.size() == 2U);
  BOOST_TEST(status.listeners[0].tls == Names{"TLS 1.3"}, boost::test_tools::per_element());
  BOOST_TEST(status.listeners[1].address == "[::1]:1");
  BOOST_TEST(status.listeners[1].tls == (Names{"TLS 1.2", "TLS 1.3"}),
             boost::test_tools::per_element());
  BOOST_TEST(status.listeners[1].trusts == (Names{"plant", "loose"}),
             boost::test_tools::per_element());
  BOOST_TEST(
      (status.listeners[0].certificate_until == snapshot->listeners[0].certificate.not_after));
  BOOST_TEST((status.listeners[0].certificate_until > kNow));
  BOOST_TEST_REQUIRE(status.trusts.size() == 2U);
  BOOST_TEST_REQUIRE(status.trusts[0].lists.size() == 1U);
  BOOST_TEST(status.trusts[0].lists[0].file == "etc/trust/plant.crl");
  BOOST_TEST((status.trusts[0].lists[0].fresh_until > kNow));
  BOOST_TEST(status.trusts[1].no_revocation);
}

BOOST_AUTO_TEST_SUITE_END()
