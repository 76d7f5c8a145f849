#include "store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/text.h"

namespace interlock::store {
namespace {

// Codes that say something about the world and not about the content of the file.
StoreFault fault_of(int extended) {
  if (extended == SQLITE_IOERR_CORRUPTFS) return StoreFault::kDamaged;
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return StoreFault::kLocked;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOMEM:
    case SQLITE_NOLFS:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
      return StoreFault::kUnavailable;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
      return StoreFault::kRefused;
    default:  // open set: what else SQLite says of a file is that it cannot be used.
      return StoreFault::kDamaged;
  }
}

std::string_view advice(StoreFault fault) {
  switch (fault) {
    case StoreFault::kMissing:
      return "put back its latest backup; nothing was created in its place";
    case StoreFault::kDamaged:
      return "keep it for examination and put back its latest backup; it was not changed";
    case StoreFault::kNewer:
      return "install that version again; the file was not changed";
    case StoreFault::kRestored:
      return "an operator must say that it is the right one (adopt it); it was not changed";
    case StoreFault::kLocked:
      return "end the other process first";
    case StoreFault::kUnavailable:
      return "look at its disk (df, dmesg), its owner and its mode; it can be tried again";
    case StoreFault::kRefused:
      return "nothing was changed";
  }
  return "";
}

StoreError error_of(sqlite3* database, std::string_view path) {
  std::string what = sqlite3_errmsg(database);
  const int system = sqlite3_system_errno(database);
  const StoreFault fault = fault_of(sqlite3_extended_errcode(database));
  if (fault == StoreFault::kUnavailable && system != 0) {
    what = fmt::format("{} ({})", what, errno_text(system));
  }
  return store_error(fault, path, what);
}

// A path as the name in a URI (RFC 3986): these three would end or change it.
std::string uri_of(std::string_view path, std::string_view query) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      uri += c;
    }
  }
  return uri.append(query);
}

}  // namespace

StoreError store_error(StoreFault fault, std::string_view file, std::string_view what) {
  return {fault, fmt::format("{}: {}: {}", file, what, advice(fault))};
}

void Statement::Finalise::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::reset() {
  sqlite3_reset(stmt_.get());  // Its result is that of the last step, which was looked at.
  sqlite3_clear_bindings(stmt_.get());
}

void Statement::put(int at, std::int64_t value) {
  IL_ASSERT(sqlite3_bind_int64(stmt_.get(), at, value) == SQLITE_OK);
}

void Statement::put(int at, std::string_view value) {
  const char* data = value.data() != nullptr ? value.data() : "";  // A null pointer would be NULL.
  IL_ASSERT(sqlite3_bind_text64(stmt_.get(), at, data, value.size(), SQLITE_STATIC, SQLITE_UTF8) ==
            SQLITE_OK);
}

StoreResult<bool> Statement::next() {
  const int code = sqlite3_step(stmt_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  StoreError error = error_of(sqlite3_db_handle(stmt_.get()), *path_);
  sqlite3_reset(stmt_.get());  // A statement under way would keep its transaction open.
  return tl::make_unexpected(std::move(error));
}

StoreStatus Statement::finish() {
  for (;;) {
    IL_TRY_ASSIGN(const bool row, next());
    if (!row) return Ok{};
  }
}

bool Statement::null(int column) const {
  return sqlite3_column_type(stmt_.get(), column) == SQLITE_NULL;
}

std::optional<std::int64_t> Statement::integer(int column) const {
  if (sqlite3_column_type(stmt_.get(), column) != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_int64(stmt_.get(), column);
}

std::optional<std::string_view> Statement::text(int column) const {
  if (sqlite3_column_type(stmt_.get(), column) != SQLITE_TEXT) return std::nullopt;
  const void* data = sqlite3_column_blob(stmt_.get(), column);
  const auto len = static_cast<std::size_t>(sqlite3_column_bytes(stmt_.get(), column));
  return len == 0 ? std::string_view() : std::string_view(static_cast<const char*>(data), len);
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

StoreError Database::failure() const { return error_of(db_.get(), *path_); }

StoreResult<Database> Database::open(const std::string& path, Mode mode) {
  const bool bare = mode == Mode::kBare;
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (bare ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(uri_of(path, bare ? "?immutable=1" : "").c_str(), &raw, flags, nullptr);
  Database database(raw, path);
  if (code != SQLITE_OK) return tl::make_unexpected(database.failure());
  for (const int option :
       {SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_FKEY, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE}) {
    sqlite3_db_config(raw, option, 1, nullptr);
  }
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // Where the file may not be written, SQLite is content with reading.
  if (!bare && sqlite3_db_readonly(raw, "main") != 0) {
    return tl::make_unexpected(database.error(StoreFault::kUnavailable, "it can only be read"));
  }
  return database;
}

void Database::keep_log(bool keep) const {
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, nullptr);
}

StoreResult<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  Statement statement(raw, path_.get());
  if (code != SQLITE_OK) return tl::make_unexpected(failure());
  return statement;
}

StoreStatus Database::run(const std::string& sql) const {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::make_unexpected(failure());
  return Ok{};
}

StoreResult<std::int64_t> Database::integer(std::string_view sql) const {
  IL_TRY_ASSIGN(Statement statement, prepare(sql));
  IL_TRY_ASSIGN(const bool row, statement.next());
  const auto value = row ? statement.integer(0) : std::nullopt;
  if (!value) return tl::make_unexpected(error(StoreFault::kDamaged, "a value is missing in it"));
  return *value;
}

StoreResult<std::string> Database::text(std::string_view sql) const {
  IL_TRY_ASSIGN(Statement statement, prepare(sql));
  IL_TRY_ASSIGN(const bool row, statement.next());
  const auto value = row ? statement.text(0) : std::nullopt;
  if (!value) return tl::make_unexpected(error(StoreFault::kDamaged, "a value is missing in it"));
  return std::string(*value);
}

StoreStatus Database::copy_to(const Database& other) const {
  sqlite3_backup* copy = sqlite3_backup_init(other.db_.get(), "main", db_.get(), "main");
  if (copy == nullptr) return tl::make_unexpected(other.failure());
  sqlite3_backup_step(copy, -1);  // What goes wrong is said by the end, too.
  if (sqlite3_backup_finish(copy) != SQLITE_OK) return tl::make_unexpected(other.failure());
  return Ok{};
}

Transaction::~Transaction() {
  // Where SQLite has rolled back by itself there is nothing left to roll back.
  if (open_) static_cast<void>(database_->run("ROLLBACK"));
}

StoreStatus Transaction::begin() {
  IL_TRY(database_->run("BEGIN IMMEDIATE"));
  open_ = true;
  return Ok{};
}

StoreStatus Transaction::commit() {
  IL_TRY(database_->run("COMMIT"));
  open_ = false;
  return Ok{};
}

}  // namespace interlock::store
