// Does everything that was committed come back as it was, in its order, and is everything else
// refused whole? And do a backup and its adoption say what they are?
#include <sys/stat.h>

#include "store_fixture.h"

using namespace interlock;
using namespace interlock::store;

namespace {

struct Fixture {
  TempFolder folder;
  std::unique_ptr<SqliteStore> store = must_open(folder);

  void reopen() {
    store.reset();
    store = must_open(folder);
  }
  void check_refused(const Change& change, const std::string& what) {
    const State before = must_load(*store);
    check_fault(store->commit(change), StoreFault::kRefused, folder.database(), what);
    const State after = must_load(*store);
    BOOST_TEST(after.epoch == before.epoch);
    BOOST_TEST((after.marks == before.marks));
    BOOST_TEST((after.subjects == before.subjects));
    BOOST_TEST(store->latest_actions(100, std::nullopt).value().empty());
  }
  // check_text commits a change in which `text` points at a text of it, as long as it may be, and
  // then a byte longer.
  template <class Text>
  void check_length(std::size_t most, const Text& text) {
    Change change{.subjects = {full_facts("press-07", 1)},
                  .actions = {act("press-07", "")},
                  .marks = Marks{100, kNow}};
    text(change) = std::string(most + 1, 'x');
    check_fault(store->commit(change), StoreFault::kRefused, folder.database(), "too long");
    text(change).pop_back();
    must_commit(*store, change);
    must_load(*store);
  }
};

mode_t mode_of(const std::string& path) {
  struct stat about {};
  BOOST_REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777U;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(store, Fixture)

BOOST_AUTO_TEST_CASE(a_new_database_is_empty_and_for_its_owner_alone) {
  BOOST_TEST(store->fresh());
  const State state = must_load(*store);
  BOOST_TEST(state.epoch == 0U);
  BOOST_TEST((state.marks == Marks{}));
  BOOST_TEST(state.subjects.empty());
  must_commit(*store, {});
  for (const char* name : {"state.db", "state.db-wal", "initialised"}) {
    BOOST_TEST(mode_of(folder / name) == 0600U, name);
  }
  reopen();
  BOOST_TEST(!store->fresh());
}

BOOST_AUTO_TEST_CASE(everything_comes_back_as_it_was) {
  const Change change{.subjects = {full_facts("b", 20), full_facts("a", 1), plain_facts("\u00e4")},
                      .actions = {act("a", ""), act("b", "\u5b89\u5168")},
                      .marks = Marks{1'000, kNow}};
  BOOST_TEST(must_commit(*store, change) == 1U);
  for (int opened = 0; opened < 2; ++opened, reopen()) {
    const State state = must_load(*store);
    BOOST_TEST(state.epoch == 1U);
    BOOST_TEST((state.marks == *change.marks));
    BOOST_REQUIRE(state.subjects.size() == 3U);
    BOOST_TEST((state.subjects[0] == change.subjects[1]));
    BOOST_TEST((state.subjects[1] == change.subjects[0]));
    BOOST_TEST((state.subjects[2] == change.subjects[2]));
    const auto actions = store->latest_actions(100, std::nullopt).value();
    BOOST_REQUIRE(actions.size() == 2U);
    BOOST_TEST((actions[0] == change.actions[1]));
    BOOST_TEST((actions[1] == change.actions[0]));
  }
}

BOOST_AUTO_TEST_CASE(every_word_can_be_kept) {
  Change change;
  for (std::size_t stage = 0; stage < kNumStages; ++stage) {
    change.subjects.push_back(plain_facts("in-" + std::to_string(stage)));
    change.subjects.back().stage = static_cast<Stage>(stage);
  }
  for (const Cause cause : kCauses) {
    change.subjects.push_back(plain_facts("of-" + std::string(to_string(cause))));
    change.subjects.back().causes = {{cause, kNow, std::nullopt, "", ""}};
  }
  must_commit(*store, change);
  BOOST_TEST(must_load(*store).subjects.size() == kNumStages + kNumCauses);
}

// Evidence may quote what a device said: bytes are no reason to lose a quarantine.
BOOST_AUTO_TEST_CASE(any_bytes_can_be_text) {
  SubjectFacts facts = full_facts(std::string("nul\0inside", 10), 1);
  facts.causes[0].evidence = std::string("\0\xff\xc0 \x80", 5);
  facts.replaced_by = std::string("\0", 1);
  const SubjectFacts other = full_facts(std::string("nul\0within", 10), 50);
  must_commit(*store, {.subjects = {facts, other}, .marks = Marks{100, std::nullopt}});
  reopen();
  const State state = must_load(*store);
  BOOST_REQUIRE(state.subjects.size() == 2U);
  BOOST_TEST((state.subjects[0] == facts));
  BOOST_TEST((state.subjects[1] == other));
}

BOOST_AUTO_TEST_CASE(a_subject_is_replaced_whole_and_others_stay) {
  const SubjectFacts other = full_facts("other", 50);
  SubjectFacts facts = full_facts("press-07", 1);
  must_commit(*store, {.subjects = {facts, other}, .marks = Marks{100, kNow}});
  facts.causes = {{Cause::kOperator, kNow, std::nullopt, "once", "bob"}};
  facts.grants.erase(facts.grants.begin() + 1, facts.grants.end());
  facts.attested.reset();
  facts.grace = {};
  BOOST_TEST(must_commit(*store, {.subjects = {facts}}) == 2U);
  const State state = must_load(*store);
  BOOST_REQUIRE(state.subjects.size() == 2U);
  BOOST_TEST((state.subjects[0] == other));
  BOOST_TEST((state.subjects[1] == facts));
  BOOST_TEST((state.marks == Marks{100, kNow}));
}

BOOST_AUTO_TEST_CASE(a_device_and_an_asset_of_one_name_are_two) {
  SubjectFacts device = plain_facts("x"), asset = plain_facts("x");
  asset.subject.kind = SubjectKind::kAsset;
  asset.stage = Stage::kRetired;
  must_commit(*store, {.subjects = {device, asset}});
  const State state = must_load(*store);
  BOOST_REQUIRE(state.subjects.size() == 2U);
  BOOST_TEST((state.subjects[0] == asset));
  BOOST_TEST((state.subjects[1] == device));
}

BOOST_AUTO_TEST_CASE(each_change_is_one_epoch_even_an_empty_one) {
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) BOOST_TEST(must_commit(*store, {}) == epoch);
  reopen();
  BOOST_TEST(must_load(*store).epoch == 3U);
  BOOST_TEST(must_commit(*store, {}) == 4U);
}

BOOST_AUTO_TEST_CASE(texts_end_at_their_limit) {
  const std::size_t name = limits::kFactNameBytesMax, sentence = limits::kFactSentenceBytesMax;
  check_length(
      name, [](Change & c) -> auto& {
        c.subjects[0].grants.clear();  // Their numbers belong to one subject alone.
        return c.subjects[0].subject.id;
      });
  check_length(
      name, [](Change & c) -> auto& { return c.subjects[0].replaced_by; });
  check_length(
      name, [](Change & c) -> auto& { return c.subjects[0].causes[3].by; });
  check_length(
      name, [](Change & c) -> auto& { return c.subjects[0].grants[3].function; });
  check_length(
      name, [](Change & c) -> auto& { return c.subjects[0].grants[3].by; });
  check_length(
      name, [](Change & c) -> auto& { return c.subjects[0].attested->firmware; });
  check_length(
      name, [](Change & c) -> auto& { return c.actions[0].by; });
  check_length(
      name, [](Change & c) -> auto& { return c.actions[0].verb; });
  check_length(
      name, [](Change & c) -> auto& { return c.actions[0].subject.id; });
  check_length(
      sentence, [](Change & c) -> auto& { return c.subjects[0].causes[3].evidence; });
  check_length(
      sentence, [](Change & c) -> auto& { return c.subjects[0].grants[3].reason; });
  check_length(
      sentence, [](Change & c) -> auto& { return c.actions[0].reason; });
  check_length(
      sentence, [](Change & c) -> auto& { return c.actions[0].detail; });
}

BOOST_AUTO_TEST_CASE(a_change_that_breaks_a_rule_is_refused_whole) {
  must_commit(*store, {.subjects = {full_facts("there", 1)}, .marks = Marks{100, kNow}});
  const auto with = [](const auto& spoil) {
    Change change{.subjects = {plain_facts("first"), full_facts("second", 50)}};
    spoil(change.subjects[1]);
    return change;
  };
  check_refused(with([](auto& f) { f.subject.id = ""; }), "no name");
  check_refused(with([](auto& f) { f.stage_since = {253402300800000}; }), "impossible time");
  check_refused(with([](auto& f) { f.soak_since = {-62167219200001}; }), "impossible time");
  check_refused(with([](auto& f) { f.grace.since = {253402300800000}; }), "impossible time");
  check_refused(with([](auto& f) { f.causes[2].until = {253402300800000}; }), "impossible time");
  check_refused(with([](auto& f) { f.grants[2].until = {253402300800000}; }), "impossible time");
  check_refused(with([](auto& f) { f.attested->until = {253402300800000}; }), "impossible times");
  check_refused(with([](auto& f) { f.attested->assurance = 4; }), "assurance");
  check_refused(with([](auto& f) { f.attested->assurance = -1; }), "assurance");
  check_refused(with([](auto& f) { std::swap(f.causes[0], f.causes[1]); }), "causes");
  check_refused(with([](auto& f) { f.causes[1] = f.causes[0]; }), "causes");
  check_refused(with([](auto& f) { std::swap(f.grants[0], f.grants[1]); }), "grants");
  check_refused(with([](auto& f) { f.grants[0].id = 0; }), "never given out");
  check_refused(with([](auto& f) { f.grants.back().id = 100; }), "never given out");
  check_refused(with([](auto& f) { f.grants[0].id = 3; }), "UNIQUE");  // Another subject's.
  check_refused(with([](auto& f) {
                  f.grants.push_back(f.grants.back());
                  ++f.grants.back().id;
                  static_assert(limits::kGrantsPerSubjectMax == 16);
                }),
                "too many grants");
  check_refused({.actions = {{.time = {253402300800000}}}}, "time");
  check_refused({.subjects = {plain_facts("new")}, .marks = Marks{99, kNow}}, "given out again");
  check_refused({.marks = Marks{100, WallTime{253402300800000}}}, "floor of the clock");
  check_refused({.marks = Marks{1ULL << 63U, kNow}}, "out of range");
}

BOOST_AUTO_TEST_CASE(actions_are_found_from_the_latest_and_by_subject) {
  must_commit(*store, {.actions = {act("a", "1"), act("b", "2")}});
  must_commit(*store, {.actions = {act("a", "3")}});
  const auto reasons = [&](std::size_t count, const std::optional<Subject>& about) {
    std::string all;
    const auto actions = store->latest_actions(count, about).value();
    for (const Action& action : actions) all += action.reason;
    return all;
  };
  const Subject a{SubjectKind::kDevice, "a"};
  BOOST_TEST(reasons(100, std::nullopt) == "321");
  BOOST_TEST(reasons(2, std::nullopt) == "32");
  BOOST_TEST(reasons(0, std::nullopt).empty());
  BOOST_TEST(reasons(100, a) == "31");
  BOOST_TEST(reasons(1, a) == "3");
  BOOST_TEST(reasons(100, Subject{SubjectKind::kAsset, "a"}).empty());
}

BOOST_AUTO_TEST_CASE(the_oldest_actions_are_forgotten_with_the_change_that_is_too_many) {
  Change change;
  for (std::size_t n = 0; n < limits::kActionsKeptMax; ++n) change.actions.push_back(act("a", "x"));
  change.actions.front().reason = "the first";
  must_commit(*store, change);
  BOOST_TEST(store->latest_actions(SIZE_MAX, std::nullopt).value().back().reason == "the first");
  must_commit(*store, {.actions = {act("a", "the last")}});
  const auto kept = store->latest_actions(SIZE_MAX, std::nullopt).value();
  BOOST_TEST(kept.size() == limits::kActionsKeptMax);
  BOOST_TEST(kept.front().reason == "the last");
  BOOST_TEST(kept.back().reason == "x");
}

BOOST_AUTO_TEST_CASE(a_backup_is_one_whole_file_under_a_new_name) {
  const SubjectFacts facts = full_facts("press-07", 1);
  must_commit(*store, {.subjects = {facts}, .marks = Marks{100, kNow}});
  BOOST_REQUIRE(store->backup(folder / "copy").has_value());
  BOOST_TEST(mode_of(folder / "copy") == 0600U);
  BOOST_TEST(!folder.has("copy.part"));
  BOOST_TEST(!folder.has("copy-wal"));
  const std::string content = content_of(folder / "copy");
  check_fault(store->backup(folder / "copy"), StoreFault::kRefused, folder / "copy", "already");
  BOOST_TEST((content_of(folder / "copy") == content));
  check_fault(store->backup(folder / "nowhere/copy"), StoreFault::kUnavailable,
              folder / "nowhere/copy.part", "No such file");
  BOOST_TEST(must_commit(*store, {}) == 2U);  // The store goes on.
}

// The backup of this very gateway must not pass for the database that was last in use, or
// releases that were taken back since would be in force again.
BOOST_AUTO_TEST_CASE(a_restored_backup_stays_closed_until_it_is_adopted) {
  const SubjectFacts facts = full_facts("press-07", 1);
  must_commit(*store, {.subjects = {facts}, .marks = Marks{100, kNow}});
  BOOST_REQUIRE(store->backup(folder / "copy").has_value());
  for (int n = 0; n < 5; ++n) must_commit(*store, {.subjects = {plain_facts("later")}});
  store.reset();
  const auto restore = [&] {
    std::filesystem::copy_file(folder / "copy", folder.database(),
                               std::filesystem::copy_options::overwrite_existing);
  };
  restore();
  const auto before = folder.files();
  check_fault(SqliteStore::open(folder.path()), StoreFault::kRestored, folder.database(), "adopt");
  BOOST_TEST((folder.files() == before));

  auto adopted = SqliteStore::adopt(folder.path(), 6);
  if (!adopted) BOOST_FAIL(adopted.error().message);
  store = std::move(*adopted);
  BOOST_TEST(!store->fresh());
  for (int opened = 0; opened < 2; ++opened, reopen()) {
    const State state = must_load(*store);
    BOOST_TEST(state.epoch == 6U);
    BOOST_REQUIRE(state.subjects.size() == 1U);
    BOOST_TEST((state.subjects[0] == facts));
  }
  store.reset();
  restore();  // The same copy once more is no more trusted than the first time.
  check_fault(SqliteStore::open(folder.path()), StoreFault::kRestored, folder.database(), "adopt");
}

BOOST_AUTO_TEST_CASE(a_database_on_a_new_machine_is_restored_too) {
  must_commit(*store, {.subjects = {plain_facts("press-07")}});
  BOOST_REQUIRE(store->backup(folder / "copy").has_value());
  const TempFolder spare;
  std::filesystem::copy_file(folder / "copy", spare.database());
  check_fault(SqliteStore::open(spare.path()), StoreFault::kRestored, spare.database(), "adopt");
  auto adopted = SqliteStore::adopt(spare.path(), 0);
  if (!adopted) BOOST_FAIL(adopted.error().message);
  BOOST_TEST(must_load(**adopted).epoch == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
