// Goal: whatever the disk does, and whenever the process ends, what was acknowledged is there, and
// what is there is whole. Method: every change of a file fails in its turn; the power is cut after
// each commit; processes are ended at every change of a file, and at random moments.
#include "store_disk.h"

#include <chrono>
#include <csignal>
#include <random>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace interlock;
using namespace interlock::store;

namespace {

// state_number is a change that leaves its number in every table: a mixture of two is seen.
Change state_number(std::uint64_t n) {
  const std::string text = std::to_string(n);
  Change change{.actions = {act("x", text)}, .marks = Marks{1'000'000, WallTime{std::int64_t(n)}}};
  for (const char* id : {"a", "b", "c"}) {
    SubjectFacts facts = plain_facts(id);
    facts.grace.uses = static_cast<std::uint32_t>(n);
    facts.causes = {{Cause::kOperator, kNow, std::nullopt, text + std::string(900, 'x'), ""}};
    facts.grants = {{static_cast<std::uint64_t>(id[0]), text, kNow, kNow, "", ""}};
    change.subjects.push_back(facts);
  }
  return change;
}

// check_whole: the store holds state_number(its epoch), whole; it returns the epoch.
std::uint64_t check_whole(SqliteStore& store) {
  const State state = must_load(store);
  const std::uint64_t epoch = state.epoch;
  if (epoch == 0) {
    BOOST_TEST(state.subjects.empty());
    return 0;
  }
  const Change change = state_number(epoch);
  BOOST_TEST((state.subjects == change.subjects));
  BOOST_TEST((state.marks == *change.marks));
  const auto actions = store.latest_actions(2, std::nullopt).value();
  BOOST_REQUIRE(!actions.empty());
  BOOST_TEST((actions[0] == change.actions[0]));
  return epoch;
}

std::uint64_t epoch_of(const std::map<std::string, std::string>& files) {
  const TempFolder copy;
  copy.become(files);
  return check_whole(*must_open(copy));
}

// in_child runs `work` in a process of its own, which ends without any destructor. Whoever reads
// the pipe that it writes to gets the end of the file when it is gone.
template <class Work>
pid_t in_child(const Work& work) {
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    work();
    ::_exit(0);
  }
  return child;
}

struct Fixture {
  TempFolder folder;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(store_disk, Fixture)

BOOST_AUTO_TEST_CASE(each_fault_of_the_disk_leaves_the_old_state_or_the_new_one) {
  int tried = 0;
  for (const bool on : {false, true}) {
    for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE}) {
      for (int n = 0;; ++n, ++tried) {
        const TempFolder place;
        TestDisk disk;
        auto store = must_open(place);
        must_commit(*store, state_number(1));
        disk.fail_at(n, on, code);
        const auto done = store->commit(state_number(2));
        if (n >= disk.changes()) {
          BOOST_TEST(done.has_value());
          break;
        }
        const auto killed = place.files(), cut = disk.after_power_cut(place);
        disk.heal();
        if (done) {
          BOOST_TEST(*done == 2U);
        } else {
          BOOST_TEST((done.error().fault == StoreFault::kUnavailable), done.error().message);
          // This process goes on from the old state, and can try again.
          BOOST_TEST(check_whole(*store) == 1U);
          BOOST_TEST(must_commit(*store, state_number(2)) == 2U);
          BOOST_TEST(epoch_of(disk.after_power_cut(place)) == 2U);
          // A disk that failed once only let the change be undone.
          if (!on) BOOST_TEST(epoch_of(killed) == 1U);
        }
        const std::uint64_t least = done ? 2 : 1;
        for (const auto& files : {killed, cut}) {
          const std::uint64_t epoch = epoch_of(files);
          BOOST_TEST((epoch == least || epoch == 2U));
        }
        BOOST_TEST(check_whole(*store) == 2U);
      }
    }
  }
  BOOST_TEST(tried >= 4 * 5);
}

BOOST_AUTO_TEST_CASE(a_fault_while_the_log_is_written_back_loses_nothing) {
  for (int n = 0, changes = 1; n < changes; ++n) {
    const TempFolder place;
    TestDisk disk;
    auto store = must_open(place);
    for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) must_commit(*store, state_number(epoch));
    disk.fail_at(n, true, SQLITE_IOERR_WRITE);
    store.reset();
    changes = disk.changes();
    const auto cut = disk.after_power_cut(place);
    disk.heal();
    BOOST_TEST(epoch_of(cut) == 3U);
    BOOST_TEST(check_whole(*must_open(place)) == 3U);
  }
}

BOOST_AUTO_TEST_CASE(a_power_cut_loses_nothing_that_was_acknowledged) {
  TestDisk disk;
  auto store = must_open(folder);
  for (std::uint64_t epoch = 1; epoch <= 60; ++epoch) {
    must_commit(*store, state_number(epoch));
    BOOST_TEST(epoch_of(disk.after_power_cut(folder)) == epoch);
  }
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_gives_no_half_backup) {
  for (int n = 0, changes = 1; n < changes; ++n) {
    const TempFolder place;
    TestDisk disk;
    auto store = must_open(place);
    must_commit(*store, state_number(1));
    disk.fail_at(n, true, SQLITE_FULL);
    const auto done = store->backup(place / "copy");
    changes = disk.changes();
    disk.heal();
    BOOST_TEST(place.has("copy") == done.has_value());
    BOOST_TEST(!place.has("copy.part"));
    BOOST_TEST(must_commit(*store, state_number(2)) == 2U);
  }
}

BOOST_AUTO_TEST_CASE(a_first_start_that_ends_anywhere_begins_again) {
  bool whole = false;
  int tried = 0;
  for (; !whole; ++tried) {
    const TempFolder place;
    const pid_t child = in_child([&] {
      TestDisk disk;
      disk.end_at(tried);
      const auto store = SqliteStore::open(place.path());
      ::_exit(store && store.value()->fresh() ? 1 : 2);
    });
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) != 2);
    whole = WEXITSTATUS(status) == 1;
    BOOST_TEST(check_whole(*must_open(place)) == 0U);
  }
  BOOST_TEST(tried > 10);
}

BOOST_AUTO_TEST_CASE(a_process_that_is_killed_loses_nothing_that_it_acknowledged) {
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same moments each time.
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 30; ++round) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    const pid_t child = in_child([&] {
      auto store = SqliteStore::open(folder.path());
      for (std::uint64_t n = acknowledged + 1; store; ++n) {
        // What an earlier round did not live to acknowledge may be there.
        const auto loaded = n == acknowledged + 1 ? (*store)->load().value().epoch : n - 1;
        n = loaded + 1;
        const auto epoch = (*store)->commit(state_number(n));
        if (!epoch || *epoch != n || ::write(ends[1], &n, sizeof n) != sizeof n) break;
      }
    });
    ::close(ends[1]);
    // It is killed a random time after its first commit: within the next dozen.
    const auto wait = std::uniform_int_distribution(0, 4)(random);
    std::uint64_t said = 0;
    for (int n = 0; n <= wait && ::read(ends[0], &said, sizeof said) == sizeof said; ++n) {
      acknowledged = said;
    }
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::microseconds(std::uniform_int_distribution(0, 3'000)(random));
    while (std::chrono::steady_clock::now() < until) {
    }
    ::kill(child, SIGKILL);
    while (::read(ends[0], &said, sizeof said) == sizeof said) acknowledged = said;
    ::close(ends[0]);
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFSIGNALED(status));
    const std::uint64_t found = epoch_of(folder.files());
    BOOST_TEST((found == acknowledged || found == acknowledged + 1));
  }
  BOOST_TEST(acknowledged > 30U);
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_devices) {
  using Clock = std::chrono::steady_clock;
  const auto took = [](const char* what, const auto& work) {
    const auto begin = Clock::now();
    work();
    const std::chrono::duration<double, std::milli> time = Clock::now() - begin;
    BOOST_TEST_MESSAGE("100,000 devices: " << what << " took " << time.count() << " ms");
  };
  Change change;
  for (int n = 0; n < 100'000; ++n) {
    change.subjects.push_back(plain_facts("device-" + std::to_string(n)));
    if (n % 10 == 0) {
      change.subjects.back().causes = {{Cause::kViolations, kNow, std::nullopt, "Seen.", ""}};
      change.subjects.back().attested = Attested{kNow, kNow, 2, "press-fw 4.2.1"};
    }
  }
  auto store = must_open(folder);
  took("one commit of all", [&] { must_commit(*store, change); });
  took("a commit of one", [&] { must_commit(*store, {.subjects = {plain_facts("device-7")}}); });
  took("a backup", [&] { BOOST_TEST(store->backup(folder / "copy").has_value()); });
  store.reset();
  took("opening with its checks", [&] { store = must_open(folder); });
  took("loading", [&] { BOOST_TEST(must_load(*store).subjects.size() == 100'000U); });
}

BOOST_AUTO_TEST_SUITE_END()
