// Is each kind of trouble told from the others at the start, with every file left as it was? And
// does a beginning that was cut short begin again?
#include <array>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/schema.h"
#include "store_fixture.h"

using namespace interlock;
using namespace interlock::store;

namespace {

struct Fixture {
  TempFolder folder;

  // A database with some facts, closed.
  Fixture() {
    Change change{.subjects = {full_facts("press-07", 1)},
                  .actions = {act("press-07", "")},
                  .marks = Marks{100, kNow}};
    for (int n = 0; n < 200; ++n) {
      change.subjects.push_back(plain_facts("device-" + std::to_string(n)));
    }
    must_commit(*must_open(folder), change);
  }

  void check_untouched(StoreFault fault, const std::string& what) const {
    const auto before = folder.files();
    check_fault(SqliteStore::open(folder.path()), fault, folder.database(), what);
    auto after = folder.files();
    // SQLite may have made a log without anything in it.
    if (!before.contains("state.db-wal") && after["state.db-wal"].empty()) {
      after.erase("state.db-wal");
    }
    BOOST_TEST((after == before));
  }
  void spoil(const std::string& statements) const {
    sql(folder.database(), "PRAGMA ignore_check_constraints = ON;" + statements);
  }
  // What SQLite itself takes for sound is found when it is read.
  void check_bad_value(const std::string& statements, const std::string& what) const {
    const auto before = folder.files();
    spoil(statements);
    const auto spoilt = content_of(folder.database());
    auto opened = SqliteStore::open(folder.path());
    if (opened) {
      auto loaded = (*opened)->load();
      check_fault(loaded, StoreFault::kDamaged, folder.database(), what);
    } else {
      check_fault(opened, StoreFault::kDamaged, folder.database(), what);
    }
    BOOST_TEST((content_of(folder.database()) == spoilt));
    opened = {};
    folder.become(before);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(store_refusal, Fixture)

BOOST_AUTO_TEST_CASE(a_lost_database_is_not_made_anew) {
  std::filesystem::remove(folder.database());
  check_untouched(StoreFault::kMissing, "latest backup");
  check_fault(SqliteStore::adopt(folder.path(), 0), StoreFault::kMissing, folder.database(), "no");
}

BOOST_AUTO_TEST_CASE(what_is_no_database_of_ours_is_damaged) {
  const std::string good = content_of(folder.database());
  for (const std::string& content : {std::string(), std::string("garbage"),
                                     std::string(100'000, 'x'), std::string(8192, '\0')}) {
    write_file(folder.database(), content);
    check_untouched(StoreFault::kDamaged, "backup");
    check_fault(SqliteStore::adopt(folder.path(), 0), StoreFault::kDamaged, folder.database(), "");
    BOOST_TEST((content_of(folder.database()) == content));
  }
  std::filesystem::remove(folder.database());
  sql(folder.database(), "CREATE TABLE gateway (instance TEXT); PRAGMA user_version = 1");
  std::filesystem::permissions(folder.database(), std::filesystem::perms(0600));
  check_untouched(StoreFault::kDamaged, "not a state database");
  std::filesystem::remove(folder.database());
  std::filesystem::create_directory(folder.database());
  check_fault(SqliteStore::open(folder.path()), StoreFault::kDamaged, folder.database(), "no file");
}

BOOST_AUTO_TEST_CASE(a_database_that_was_cut_anywhere_is_damaged) {
  const std::string good = content_of(folder.database());
  for (std::size_t len = 0; len < good.size(); len += 1'111) {
    write_file(folder.database(), good.substr(0, len));
    check_untouched(StoreFault::kDamaged, "backup");
  }
}

BOOST_AUTO_TEST_CASE(a_spoilt_page_is_damaged) {
  const std::string good = content_of(folder.database());
  for (std::size_t at = 4096; at < good.size(); at += 4096) {
    std::string bad = good;
    bad.replace(at, 512, 512, '\xff');
    write_file(folder.database(), bad);
    check_untouched(StoreFault::kDamaged, "backup");
  }
}

BOOST_AUTO_TEST_CASE(values_that_cannot_be_are_damaged) {
  check_bad_value("UPDATE subject SET stage = 'Active'", "CHECK");
  check_bad_value("UPDATE subject SET kind = 'fleet' WHERE id = 'device-1'", "CHECK");
  check_bad_value("UPDATE subject SET frozen = 2", "CHECK");
  check_bad_value("UPDATE subject SET assurance = 4 WHERE id = 'press-07'", "CHECK");
  check_bad_value("UPDATE subject SET firmware = NULL WHERE id = 'press-07'", "CHECK");
  check_bad_value("UPDATE cause SET cause = 'x' WHERE cause = 'violations'", "CHECK");
  check_bad_value("UPDATE gateway SET next_grant = 0", "CHECK");
  check_bad_value("UPDATE subject SET stage_since = 253402300800000 WHERE id = 'device-1'",
                  "a value that cannot be");
  check_bad_value("UPDATE granted SET until = -62167219200001", "a value that cannot be");
  check_bad_value("UPDATE gateway SET clock_floor = 9223372036854775807", "cannot be");
  check_bad_value("UPDATE gateway SET next_grant = 16", "never given out");
  check_bad_value("UPDATE cause SET evidence = hex(zeroblob(513))", "too long");
  check_bad_value("UPDATE subject SET id = '' WHERE id = 'device-1'", "no name");
  check_bad_value("DELETE FROM gateway", "missing");
}

BOOST_AUTO_TEST_CASE(a_spoilt_action_is_damaged_when_it_is_read) {
  spoil("UPDATE action SET time = 253402300800000");
  const auto store = must_open(folder);
  must_load(*store);
  check_fault(store->latest_actions(1, std::nullopt), StoreFault::kDamaged, folder.database(),
              "table action");
}

BOOST_AUTO_TEST_CASE(parts_of_a_subject_that_is_not_there_are_damage) {
  spoil("PRAGMA foreign_keys = OFF; DELETE FROM subject WHERE id = 'press-07'");
  check_fault(SqliteStore::open(folder.path()), StoreFault::kDamaged, folder.database(),
              "not there");
}

BOOST_AUTO_TEST_CASE(a_newer_database_is_left_to_the_newer_program) {
  spoil("PRAGMA user_version = 2");
  check_untouched(StoreFault::kNewer, "its schema is 2, this program knows 1");
}

BOOST_AUTO_TEST_CASE(a_database_from_elsewhere_is_restored) {
  const TempFolder other;
  must_commit(*must_open(other), {.subjects = {plain_facts("x")}});
  write_file(folder.database(), content_of(other.database()));
  check_untouched(StoreFault::kRestored, "adopt");
  for (const char* marker : {"", "\n", "x", "zz"}) {
    write_file(folder / "initialised", marker);
    check_untouched(StoreFault::kRestored, "adopt");
  }
  std::filesystem::remove(folder / "initialised");
  check_untouched(StoreFault::kRestored, "adopt");
}

// After a crash the log of the old database lies there, and SQLite would take it for that of a copy
// which is put beside it.
BOOST_AUTO_TEST_CASE(a_log_of_another_database_is_not_mixed_in) {
  auto store = must_open(folder);
  BOOST_REQUIRE(store->backup(folder / "copy").has_value());
  must_commit(*store, {.subjects = {plain_facts("device-7")}});
  const auto crashed = folder.files();
  store.reset();
  folder.become(crashed);
  BOOST_REQUIRE(!crashed.at("state.db-wal").empty());
  write_file(folder.database(), crashed.at("copy"));
  check_untouched(StoreFault::kRestored, "adopt");
  const auto before = folder.files();
  check_fault(SqliteStore::adopt(folder.path(), 0), StoreFault::kDamaged,
              folder.database() + "-wal", "belongs to another database");
  BOOST_TEST((folder.files() == before));

  std::filesystem::remove(folder.database() + "-wal");
  BOOST_TEST(SqliteStore::adopt(folder.path(), 0).has_value());
}

BOOST_AUTO_TEST_CASE(one_process_has_it_open) {
  const auto store = must_open(folder);
  check_fault(SqliteStore::open(folder.path()), StoreFault::kLocked, folder.path(),
              "another process");
  check_fault(SqliteStore::adopt(folder.path(), 0), StoreFault::kLocked, folder.path(),
              "another process");
  must_commit(*store, {});
  // Nor can a tool of SQLite look into it meanwhile, or change it.
  sqlite3* database = nullptr;
  BOOST_REQUIRE(sqlite3_open(folder.database().c_str(), &database) == SQLITE_OK);
  BOOST_TEST(sqlite3_exec(database, "SELECT * FROM gateway", nullptr, nullptr, nullptr) ==
             SQLITE_BUSY);
  sqlite3_close(database);
}

BOOST_AUTO_TEST_CASE(a_tool_that_has_it_open_is_named_as_the_reason) {
  sqlite3* database = nullptr;
  BOOST_REQUIRE(sqlite3_open(folder.database().c_str(), &database) == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_exec(database, "BEGIN; SELECT * FROM gateway", nullptr, nullptr, nullptr) ==
                SQLITE_OK);
  const std::string content = content_of(folder.database());
  check_fault(SqliteStore::open(folder.path()), StoreFault::kLocked, folder.database(),
              "end the other process");
  sqlite3_close(database);
  BOOST_TEST((content_of(folder.database()) == content));
  must_load(*must_open(folder));
}

BOOST_AUTO_TEST_CASE(a_file_that_can_only_be_read_is_told_from_a_damaged_one) {
  const auto root = ::geteuid() == 0;
  if (root) {  // Whom no mode stops: somebody else tries.
    BOOST_REQUIRE(::chown(folder.path().c_str(), 65534, 65534) == 0);
    for (const auto& [name, content] : folder.files()) {
      BOOST_REQUIRE(::chown((folder / name).c_str(), 65534, 65534) == 0);
    }
    BOOST_REQUIRE(::seteuid(65534) == 0);
  }
  std::filesystem::permissions(folder.database(), std::filesystem::perms(0400));
  check_untouched(StoreFault::kUnavailable, "can only be read");
  std::filesystem::permissions(folder.database(), std::filesystem::perms(0000));
  check_fault(SqliteStore::open(folder.path()), StoreFault::kUnavailable, folder.database(),
              "unable to open");
  std::filesystem::permissions(folder.database(), std::filesystem::perms(0600));
  if (root) BOOST_REQUIRE(::seteuid(0) == 0);
  must_load(*must_open(folder));
}

BOOST_AUTO_TEST_CASE(a_folder_or_file_that_others_could_change_is_refused) {
  check_fault(SqliteStore::open(folder / "nowhere"), StoreFault::kUnavailable, folder / "nowhere",
              "No such file");
  check_fault(SqliteStore::open(folder.database()), StoreFault::kUnavailable, folder.database(),
              "Not a directory");
  ::chmod(folder.path().c_str(), 0770);
  check_fault(SqliteStore::open(folder.path()), StoreFault::kUnavailable, folder.path(),
              "chmod go-w");
  ::chmod(folder.path().c_str(), 0750);
  ::chmod(folder.database().c_str(), 0640);
  check_untouched(StoreFault::kUnavailable, "chmod 0600");
  ::chmod(folder.database().c_str(), 0600);
  must_load(*must_open(folder));
}

// Each state that a crash can leave between two steps of a beginning (store/folder.h).
BOOST_AUTO_TEST_CASE(a_beginning_that_was_cut_short_begins_again_or_goes_on) {
  const auto good = folder.files();
  const std::string marker = good.at("initialised");
  const std::string database = good.at("state.db");
  using Files = std::map<std::string, std::string>;
  for (const Files& left : {Files{{"state.db.next.part", database.substr(0, 5'000)},
                                  {"state.db.next.part-journal", "x"}},
                            Files{{"state.db.next", database}},
                            Files{{"state.db.next", database}, {"initialised.next", "0123"}}}) {
    folder.become(left);
    const auto store = must_open(folder);
    BOOST_TEST(store->fresh());
    BOOST_TEST(must_load(*store).subjects.empty());
    BOOST_TEST(!folder.has("state.db.next"));
  }
  folder.become({{"state.db.next", database}, {"initialised", marker}});
  const auto store = must_open(folder);
  BOOST_TEST(must_load(*store).subjects.size() == 201U);
  BOOST_TEST(!folder.has("state.db.next"));
}

BOOST_AUTO_TEST_CASE(an_adoption_that_was_cut_short_goes_on_or_waits_for_the_next) {
  auto store = must_open(folder);
  must_commit(*store, {.subjects = {plain_facts("device-7")}});
  const auto good = folder.files();  // With a log, as a crash leaves one.
  store.reset();
  const TempFolder other;
  must_commit(*must_open(other), {.subjects = {plain_facts("x")}});
  const auto theirs = other.files();
  // Before the marker names it, a copy counts for nothing; the database is restored as before.
  folder.become({{"state.db", good.at("state.db")},
                 {"state.db.next", theirs.at("state.db")},
                 {"initialised", "another"}});
  check_fault(SqliteStore::open(folder.path()), StoreFault::kRestored, folder.database(), "adopt");
  // Afterwards it takes its place, also before the log of the one that goes.
  folder.become({{"state.db", good.at("state.db")},
                 {"state.db-wal", good.at("state.db-wal")},
                 {"state.db.next", theirs.at("state.db")},
                 {"initialised", theirs.at("initialised")}});
  BOOST_TEST(must_load(*must_open(folder)).subjects.size() == 1U);
  // What may be all that is left is not removed.
  folder.become({{"state.db.next", "damaged"}, {"initialised", good.at("initialised")}});
  check_untouched(StoreFault::kMissing, "gone");
}

BOOST_AUTO_TEST_CASE(each_step_of_the_schema_happens_whole_or_not_at_all) {
  const char* first = steps()[0];
  const std::array good = {first, "ALTER TABLE gateway ADD COLUMN a INTEGER",
                           "ALTER TABLE gateway ADD COLUMN b INTEGER DEFAULT 7"};
  const std::array bad = {first, good[1],
                          "ALTER TABLE gateway ADD COLUMN b INTEGER; DROP TABLE nothing"};
  auto opened = Database::open(folder.database(), Database::Mode::kWrite);
  BOOST_REQUIRE(opened.has_value());
  const Database& database = *opened;
  BOOST_TEST(!migrate(database, bad).has_value());
  BOOST_TEST(database.integer("PRAGMA user_version").value() == 2);
  BOOST_TEST(!database.integer("SELECT b FROM gateway").has_value());
  BOOST_TEST(migrate(database, good).has_value());
  BOOST_TEST(database.integer("PRAGMA user_version").value() == 3);
  BOOST_TEST(database.integer("SELECT b FROM gateway").value() == 7);
  BOOST_TEST(database.integer("SELECT count(*) FROM subject").value() == 201);
  BOOST_TEST(migrate(database, good).has_value());  // Nothing is left to do.
  BOOST_TEST((migrate(database, steps()).error().fault == StoreFault::kNewer));
}

BOOST_AUTO_TEST_SUITE_END()
