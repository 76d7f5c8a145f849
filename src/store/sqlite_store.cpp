// What a file is found to be before it is opened for writing is found by looking at it bare, which
// changes nothing on the disk. Its log is then left alone until all checks have passed.
#include "store/sqlite_store.h"

#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/folder.h"
#include "store/rows.h"
#include "store/schema.h"

namespace interlock::store {
namespace {

constexpr std::string_view kInstance = "SELECT instance FROM gateway";

// bare_instance returns the instance that the file itself names, its log aside, if it is a database
// of ours that this program understands.
StoreResult<std::string> bare_instance(const std::string& path) {
  IL_TRY_ASSIGN(const Database bare, Database::open(path, Database::Mode::kBare));
  IL_TRY_ASSIGN(const std::int64_t id, bare.integer("PRAGMA application_id"));
  if (id != kApplicationId) {
    return tl::make_unexpected(
        bare.error(StoreFault::kDamaged, "it is not a state database of this program"));
  }
  IL_TRY(understood(bare, steps()));
  return bare.text(kInstance);
}

// check_whole has SQLite look at every page and every reference.
StoreStatus check_whole(const Database& database) {
  IL_TRY_ASSIGN(const std::string found, database.text("PRAGMA quick_check(1)"));
  if (found != "ok") return tl::make_unexpected(database.error(StoreFault::kDamaged, found));
  IL_TRY_ASSIGN(Statement dangling, database.prepare("PRAGMA foreign_key_check"));
  IL_TRY_ASSIGN(const bool any, dangling.next());
  if (any) {
    return tl::make_unexpected(
        database.error(StoreFault::kDamaged, "a row of it is about a subject that is not there"));
  }
  return Ok{};
}

// open_checked opens a database of that instance, and finds it sound.
StoreResult<Database> open_checked(const std::string& path, const std::string& instance) {
  IL_TRY_ASSIGN(Database database, Database::open(path, Database::Mode::kWrite));
  IL_TRY(database.run("PRAGMA locking_mode = EXCLUSIVE"));
  IL_TRY_ASSIGN(const std::string found, database.text(kInstance));
  // SQLite itself would take any log of that name for the database's own.
  if (found != instance) {
    return tl::make_unexpected(store_error(StoreFault::kDamaged, path + "-wal",
                                           "it belongs to another database: move it away"));
  }
  IL_TRY(check_whole(database));
  return database;
}

// begin_use lets a sound database be written to.
StoreStatus begin_use(const Database& database) {
  IL_TRY_ASSIGN(const std::string mode, database.text("PRAGMA journal_mode = WAL"));
  if (mode != "wal") {
    return tl::make_unexpected(
        database.error(StoreFault::kUnavailable, "a log cannot be kept beside it"));
  }
  IL_TRY(database.run(fmt::format("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = {}",
                                  limits::kStateLogBytesKept)));
  database.keep_log(false);
  IL_TRY(migrate(database, steps()));
  // A bare look at the file must find what it is now.
  return database.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

// make_database makes the database `path`, filled by `fill`, which appears when it is complete and
// on the disk, or not at all. It returns its instance.
template <class Fill>
StoreResult<std::string> make_database(const std::string& path, const Fill& fill) {
  const std::string part = path + ".part";
  remove_database(part);  // What a crash may have left.
  auto made = [&]() -> StoreResult<std::string> {
    IL_TRY(create_file(part));
    IL_TRY_ASSIGN(const Database database, Database::open(part, Database::Mode::kWrite));
    IL_TRY(fill(database));
    return database.text(kInstance);
  }();
  const StoreStatus published = made ? publish(part, path) : tl::make_unexpected(made.error());
  remove_database(part);
  IL_TRY(published);
  return made;
}

// copy makes the database `path` with the content of `from`, and an instance of its own.
StoreResult<std::string> copy(const Database& from, const std::string& path,
                              std::uint64_t epoch_min) {
  return make_database(path, [&](const Database& to) -> StoreStatus {
    IL_TRY(from.copy_to(to));
    return to.run(
        fmt::format("PRAGMA journal_mode = DELETE; UPDATE gateway SET "
                    "instance = lower(hex(randomblob(16))), epoch = max(epoch, {})",
                    epoch_min));
  });
}

// place makes the finished database next(), of this instance, the one in use.
StoreStatus place(const Folder& folder, const std::string& instance) {
  IL_TRY(folder.name_next(instance));
  return folder.place_next();
}

// finish_placing ends what a crash has interrupted. What may be all that is left is not removed.
StoreStatus finish_placing(const Folder& folder) {
  IL_TRY_ASSIGN(const auto named, folder.instance());
  IL_TRY_ASSIGN(const bool exists, folder.has_database());
  const auto next = bare_instance(folder.next());
  if (next && named == *next) return folder.place_next();
  if (!named || exists) remove_database(folder.next());
  return Ok{};
}

}  // namespace

struct SqliteStore::Held {
  Folder folder;
  std::optional<Database> database;
  bool fresh = false;
};

SqliteStore::SqliteStore(std::unique_ptr<Held> held) : held_(std::move(held)) {}
SqliteStore::~SqliteStore() = default;

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path) {
  IL_TRY_ASSIGN(Folder folder, Folder::hold(path));
  return open_held(std::make_unique<Held>(Held{std::move(folder), std::nullopt}));
}

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::open_held(std::unique_ptr<Held> held) {
  const Folder& folder = held->folder;
  IL_TRY(finish_placing(folder));
  IL_TRY_ASSIGN(auto named, folder.instance());
  IL_TRY_ASSIGN(const bool exists, folder.has_database());
  if (!named && !exists) {
    IL_TRY_ASSIGN(const std::string instance,
                  make_database(folder.next(), [](const Database& next) -> StoreStatus {
                    return migrate(next, steps());
                  }));
    IL_TRY(place(folder, instance));
    held->fresh = true;
    IL_TRY_ASSIGN(named, folder.instance());
  } else if (!exists) {
    return tl::make_unexpected(
        store_error(StoreFault::kMissing, folder.database(), "the state database is gone"));
  }
  const auto bare = bare_instance(folder.database());
  // A crash while the log was written back may have left the file itself in pieces: then both
  // together say which database it is.
  const bool in_pieces = !bare && bare.error().fault == StoreFault::kDamaged && folder.has_log();
  if (!bare && !in_pieces) return tl::make_unexpected(bare.error());
  if (bare && named != *bare) {
    return tl::make_unexpected(store_error(StoreFault::kRestored, folder.database(),
                                           "it is not the database that was last in use here"));
  }
  IL_TRY_ASSIGN(held->database, open_checked(folder.database(), named.value_or("")));
  IL_TRY(begin_use(*held->database));
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(held)));
}

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::adopt(const std::string& path,
                                                             std::uint64_t epoch_min) {
  IL_TRY_ASSIGN(Folder folder, Folder::hold(path));
  IL_TRY(finish_placing(folder));
  IL_TRY_ASSIGN(const bool exists, folder.has_database());
  if (!exists) {
    return tl::make_unexpected(
        store_error(StoreFault::kMissing, folder.database(), "there is no state database"));
  }
  std::string instance;
  {
    IL_TRY_ASSIGN(const std::string bare, bare_instance(folder.database()));
    IL_TRY_ASSIGN(const Database restored, open_checked(folder.database(), bare));
    IL_TRY_ASSIGN(instance, copy(restored, folder.next(), epoch_min));
  }
  IL_TRY(place(folder, instance));
  return open_held(std::make_unique<Held>(Held{std::move(folder), std::nullopt}));
}

bool SqliteStore::fresh() const { return held_->fresh; }

StoreResult<port::State> SqliteStore::load() {
  const Database& database = *held_->database;
  port::State state;
  IL_TRY_ASSIGN(const std::int64_t epoch, database.integer("SELECT epoch FROM gateway"));
  state.epoch = static_cast<std::uint64_t>(epoch);
  IL_TRY_ASSIGN(state.marks, read_marks(database));
  IL_TRY_ASSIGN(state.subjects, read_subjects(database, state.marks.next_grant));
  return state;
}

StoreResult<std::uint64_t> SqliteStore::commit(const port::Change& change) {
  auto epoch = apply(change);
  if (!epoch && epoch.error().fault == StoreFault::kUnavailable) {
    // The log may end with this change whole, although it was not brought to the disk. What was
    // refused must not be found done after a restart: write back what counts, and empty the log.
    static_cast<void>(held_->database->run("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  return epoch;
}

StoreResult<std::uint64_t> SqliteStore::apply(const port::Change& change) {
  const Database& database = *held_->database;
  Transaction transaction(database);
  IL_TRY(transaction.begin());
  if (change.marks) IL_TRY(write_marks(database, *change.marks));
  IL_TRY_ASSIGN(const port::Marks marks, read_marks(database));
  IL_TRY(write_subjects(database, change.subjects, marks.next_grant));
  IL_TRY(write_actions(database, change.actions));
  IL_TRY(database.run("UPDATE gateway SET epoch = epoch + 1"));
  IL_TRY_ASSIGN(const std::int64_t epoch, database.integer("SELECT epoch FROM gateway"));
  IL_TRY(transaction.commit());
  return static_cast<std::uint64_t>(epoch);
}

StoreResult<std::vector<Action>> SqliteStore::latest_actions(std::size_t count,
                                                             const std::optional<Subject>& about) {
  return read_actions(*held_->database, count, about);
}

StoreStatus SqliteStore::backup(const std::string& path) {
  IL_TRY(copy(*held_->database, path, 0));
  return Ok{};
}

}  // namespace interlock::store
