// To add a field: a step of the schema (schema.cpp), its rule (rules.cpp), and its place in the
// columns, in the writing and in the reading, which are in one order here.
#include "store/rows.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/limits.h"
#include "store/rules.h"

namespace interlock::store {
namespace {

std::string_view to_string(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kDevice:
      return "device";
    case SubjectKind::kAsset:
      return "asset";
  }
  return "";
}
std::optional<SubjectKind> kind_from_string(std::string_view text) {
  for (const SubjectKind kind : {SubjectKind::kDevice, SubjectKind::kAsset}) {
    if (text == to_string(kind)) return kind;
  }
  return std::nullopt;
}

// Columns takes the columns of a row from left to right. What it cannot take becomes a value of no
// meaning and good() false: a row is looked at whole, and asked once.
class Columns {
 public:
  explicit Columns(const Statement& row) : row_(row) {}

  std::int64_t integer(std::int64_t min, std::int64_t max) {
    const auto value = row_.integer(next_++);
    good_ = good_ && value && *value >= min && *value <= max;
    return good_ ? *value : min;
  }
  std::uint32_t count() {
    return static_cast<std::uint32_t>(integer(0, std::numeric_limits<std::uint32_t>::max()));
  }
  std::uint64_t number() {
    return static_cast<std::uint64_t>(integer(0, std::numeric_limits<std::int64_t>::max()));
  }
  std::string text() {
    const auto value = row_.text(next_++);
    good_ = good_ && value;
    return std::string(value.value_or(""));
  }
  template <class T>
  T word(std::optional<T> (*from_string)(std::string_view)) {
    const auto value = from_string(text());
    good_ = good_ && value;
    return value.value_or(T{});
  }
  WallTime time() { return {integer(kEarliest.ms, kLatest.ms)}; }
  std::optional<WallTime> optional_time() {
    if (skip_null(1)) return std::nullopt;
    return time();
  }
  Subject subject() {
    const SubjectKind kind = word(kind_from_string);
    return {kind, text()};
  }
  // skip_null goes past the next `count` columns if the first of them is NULL.
  bool skip_null(int count) {
    if (!row_.null(next_)) return false;
    next_ += count;
    return true;
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  const Statement& row_;
  int next_ = 0;
  bool good_ = true;
};

constexpr std::string_view kSubjectColumns =
    "kind, id, stage, stage_since, frozen, soak_since, grace_since, grace_uses, attested_at, "
    "attested_until, assurance, firmware, replaced_by";
constexpr std::string_view kCauseColumns = "kind, id, cause, since, until, evidence, held_by";
constexpr std::string_view kGrantColumns =
    "kind, id, grant_id, function, since, until, reason, granted_by";
constexpr std::string_view kActionColumns = "time, operator, uid, verb, kind, id, reason, detail";

SubjectFacts read_subject(Columns& row) {
  SubjectFacts facts;
  facts.subject = row.subject();
  facts.stage = row.word(stage_from_string);
  facts.stage_since = row.time();
  facts.frozen = row.integer(0, 1) != 0;
  facts.soak_since = row.time();
  facts.grace.since = row.optional_time();
  facts.grace.uses = row.count();
  if (!row.skip_null(4)) {
    Attested& attested = facts.attested.emplace();
    attested.at = row.time();
    attested.until = row.time();
    attested.assurance = static_cast<int>(row.integer(0, 3));
    attested.firmware = row.text();
  }
  facts.replaced_by = row.text();
  return facts;
}

HeldCause read_cause(Columns& row) {
  HeldCause cause;
  cause.cause = row.word(cause_from_string);
  cause.since = row.time();
  cause.until = row.optional_time();
  cause.evidence = row.text();
  cause.by = row.text();
  return cause;
}

Grant read_grant(Columns& row) {
  Grant grant;
  grant.id = row.number();
  grant.function = row.text();
  grant.since = row.time();
  grant.until = row.time();
  grant.reason = row.text();
  grant.by = row.text();
  return grant;
}

Action read_action(Columns& row) {
  Action action;
  action.time = row.time();
  action.by = row.text();
  action.uid = row.count();
  action.verb = row.text();
  action.subject = row.subject();
  action.reason = row.text();
  action.detail = row.text();
  return action;
}

StoreError damaged(const Database& database, std::string_view table, std::string_view why) {
  return database.error(StoreFault::kDamaged, fmt::format("in its table {}: {}", table, why));
}
constexpr std::string_view kBadValue = "a value that cannot be";

// each calls `use` with every row of `sql`; it returns what is wrong, or nullptr.
template <class Use>
StoreStatus each(const Database& database, std::string_view table, const std::string& sql,
                 const Use& use) {
  IL_TRY_ASSIGN(Statement statement, database.prepare(sql));
  for (;;) {
    IL_TRY_ASSIGN(const bool row, statement.next());
    if (!row) return Ok{};
    Columns columns(statement);
    const char* wrong = use(columns);
    if (!columns.good()) return tl::make_unexpected(damaged(database, table, kBadValue));
    if (wrong != nullptr) return tl::make_unexpected(damaged(database, table, wrong));
  }
}

// read_parts reads a table of parts of subjects, in the order of the subjects: `take` adds one to
// its subject.
template <class Take>
StoreStatus read_parts(const Database& database, std::string_view table, std::string_view columns,
                       std::vector<SubjectFacts>& subjects, const Take& take) {
  auto owner = subjects.begin();
  return each(database, table, fmt::format("SELECT {} FROM {} ORDER BY kind, id", columns, table),
              [&](Columns& row) -> const char* {
                const Subject subject = row.subject();
                while (owner != subjects.end() && owner->subject != subject) ++owner;
                if (owner == subjects.end()) return "a row of a subject that is not there";
                take(*owner, row);
                return nullptr;
              });
}

StoreError refused(const Database& database, const Subject& subject, std::string_view why) {
  return database.error(StoreFault::kRefused,
                        fmt::format("a change of {} \"{}\" was refused: {}",
                                    to_string(subject.kind), subject.id, why));
}

std::string insert_sql(std::string_view table, std::string_view columns) {
  std::string marks;
  for (auto n = std::count(columns.begin(), columns.end(), ','); n > 0; --n) marks += "?, ";
  return fmt::format("INSERT INTO {} ({}) VALUES ({}?)", table, columns, marks);
}

// Writing holds the statements that replace subjects.
struct Writing {
  Statement forget, subject, cause, grant;

  StoreStatus write(const SubjectFacts& facts) {
    const std::string_view kind = to_string(facts.subject.kind);
    const std::string& id = facts.subject.id;
    std::optional<WallTime> attested_at, attested_until;
    std::optional<std::int64_t> assurance;
    std::optional<std::string_view> firmware;
    if (facts.attested) {
      attested_at = facts.attested->at;
      attested_until = facts.attested->until;
      assurance = facts.attested->assurance;
      firmware = facts.attested->firmware;
    }
    IL_TRY(forget.run(kind, id));  // Its parts go with it.
    IL_TRY(subject.run(kind, id, interlock::to_string(facts.stage), facts.stage_since, facts.frozen,
                       facts.soak_since, facts.grace.since, facts.grace.uses, attested_at,
                       attested_until, assurance, firmware, facts.replaced_by));
    for (const HeldCause& held : facts.causes) {
      IL_TRY(cause.run(kind, id, interlock::to_string(held.cause), held.since, held.until,
                       held.evidence, held.by));
    }
    for (const Grant& given : facts.grants) {
      IL_TRY(grant.run(kind, id, static_cast<std::int64_t>(given.id), given.function, given.since,
                       given.until, given.reason, given.by));
    }
    return Ok{};
  }
};

}  // namespace

StoreStatus write_marks(const Database& database, const port::Marks& marks) {
  if (const char* wrong = wrong_with(marks)) {
    return tl::make_unexpected(database.error(StoreFault::kRefused, wrong));
  }
  IL_TRY_ASSIGN(const port::Marks before, read_marks(database));
  if (marks.next_grant < before.next_grant) {
    return tl::make_unexpected(
        database.error(StoreFault::kRefused, "numbers of grants cannot be given out again"));
  }
  IL_TRY_ASSIGN(Statement update,
                database.prepare("UPDATE gateway SET next_grant = ?, clock_floor = ?"));
  return update.run(static_cast<std::int64_t>(marks.next_grant), marks.clock_floor);
}

StoreStatus write_subjects(const Database& database, const std::vector<SubjectFacts>& subjects,
                           std::uint64_t next_grant) {
  IL_TRY_ASSIGN(Statement forget,
                database.prepare("DELETE FROM subject WHERE kind = ? AND id = ?"));
  IL_TRY_ASSIGN(Statement subject, database.prepare(insert_sql("subject", kSubjectColumns)));
  IL_TRY_ASSIGN(Statement cause, database.prepare(insert_sql("cause", kCauseColumns)));
  IL_TRY_ASSIGN(Statement grant, database.prepare(insert_sql("granted", kGrantColumns)));
  Writing writing{std::move(forget), std::move(subject), std::move(cause), std::move(grant)};
  for (const SubjectFacts& facts : subjects) {
    if (const char* wrong = wrong_with(facts, next_grant)) {
      return tl::make_unexpected(refused(database, facts.subject, wrong));
    }
    IL_TRY(writing.write(facts));
  }
  return Ok{};
}

StoreStatus write_actions(const Database& database, const std::vector<Action>& actions) {
  IL_TRY_ASSIGN(Statement insert, database.prepare(insert_sql("action", kActionColumns)));
  for (const Action& action : actions) {
    if (const char* wrong = wrong_with(action)) {
      return tl::make_unexpected(refused(database, action.subject, wrong));
    }
    IL_TRY(insert.run(action.time, action.by, action.uid, action.verb,
                      to_string(action.subject.kind), action.subject.id, action.reason,
                      action.detail));
  }
  // Numbers have no gaps: none is taken but by a committed action.
  IL_TRY_ASSIGN(
      Statement prune,
      database.prepare("DELETE FROM action WHERE seq <= (SELECT max(seq) FROM action) - ?"));
  return prune.run(std::int64_t{limits::kActionsKeptMax});
}

StoreResult<port::Marks> read_marks(const Database& database) {
  std::optional<port::Marks> marks;
  IL_TRY(each(database, "gateway", "SELECT next_grant, clock_floor FROM gateway",
              [&](Columns& row) -> const char* {
                marks.emplace();
                marks->next_grant = row.number();
                marks->clock_floor = row.optional_time();
                return wrong_with(*marks);
              }));
  if (!marks) return tl::make_unexpected(damaged(database, "gateway", "its row is missing"));
  return *marks;
}

StoreResult<std::vector<SubjectFacts>> read_subjects(const Database& database,
                                                     std::uint64_t next_grant) {
  std::vector<SubjectFacts> subjects;
  IL_TRY(each(database, "subject",
              fmt::format("SELECT {} FROM subject ORDER BY kind, id", kSubjectColumns),
              [&](Columns& row) -> const char* {
                subjects.push_back(read_subject(row));
                return nullptr;
              }));
  IL_TRY(read_parts(
      database, "cause", kCauseColumns, subjects,
      [](SubjectFacts& facts, Columns& row) { facts.causes.push_back(read_cause(row)); }));
  IL_TRY(read_parts(
      database, "granted", kGrantColumns, subjects,
      [](SubjectFacts& facts, Columns& row) { facts.grants.push_back(read_grant(row)); }));
  for (SubjectFacts& facts : subjects) {
    std::sort(facts.causes.begin(), facts.causes.end(),
              [](const HeldCause& a, const HeldCause& b) { return a.cause < b.cause; });
    std::sort(facts.grants.begin(), facts.grants.end(),
              [](const Grant& a, const Grant& b) { return a.id < b.id; });
    if (const char* wrong = wrong_with(facts, next_grant)) {
      return tl::make_unexpected(damaged(
          database, "subject",
          fmt::format("{} \"{}\": {}", to_string(facts.subject.kind), facts.subject.id, wrong)));
    }
  }
  return subjects;
}

StoreResult<std::vector<Action>> read_actions(const Database& database, std::size_t count,
                                              const std::optional<Subject>& about) {
  IL_TRY_ASSIGN(Statement select, database.prepare(fmt::format(
                                      "SELECT {} FROM action {} ORDER BY seq DESC LIMIT ?",
                                      kActionColumns, about ? "WHERE kind = ? AND id = ?" : "")));
  const auto limit = static_cast<std::int64_t>(std::min(count, limits::kActionsKeptMax));
  if (about) {
    select.start(to_string(about->kind), about->id, limit);
  } else {
    select.start(limit);
  }
  std::vector<Action> actions;
  for (;;) {
    IL_TRY_ASSIGN(const bool row, select.next());
    if (!row) return actions;
    Columns columns(select);
    actions.push_back(read_action(columns));
    if (!columns.good()) return tl::make_unexpected(damaged(database, "action", kBadValue));
    if (const char* wrong = wrong_with(actions.back())) {
      return tl::make_unexpected(damaged(database, "action", wrong));
    }
  }
}

}  // namespace interlock::store
