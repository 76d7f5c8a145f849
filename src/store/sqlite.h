// SQLite as the store uses it: a connection, its statements and its transactions, which end by
// themselves, and its errors as StoreError. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "port/state_store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace interlock::store {

using port::StoreError;
using port::StoreFault;
using port::StoreResult;
using port::StoreStatus;

// store_error says "FILE: what is wrong: what to do", the last by the fault.
StoreError store_error(StoreFault fault, std::string_view file, std::string_view what);

// Statement is one prepared statement. It must not outlive its database.
class Statement {
 public:
  // start gives the statement its values, in the order of its question marks, and puts it before
  // its first row. Texts must live until it has run.
  template <class... Values>
  void start(const Values&... values) {
    reset();
    int at = 0;
    (put(++at, values), ...);
  }
  // next goes to the next row; false where there is none.
  StoreResult<bool> next();
  // run is for statements without rows.
  template <class... Values>
  StoreStatus run(const Values&... values) {
    start(values...);
    return finish();
  }

  // The column of the present row; nothing where it has another type. The view ends with next().
  [[nodiscard]] bool null(int column) const;
  [[nodiscard]] std::optional<std::int64_t> integer(int column) const;
  [[nodiscard]] std::optional<std::string_view> text(int column) const;

 private:
  friend class Database;
  struct Finalise {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3_stmt* statement, const std::string* path) : stmt_(statement), path_(path) {}

  void reset();
  StoreStatus finish();
  void put(int at, std::int64_t value);
  void put(int at, std::string_view value);
  void put(int at, WallTime value) { put(at, value.ms); }
  template <class T>
  void put(int at, const std::optional<T>& value) {
    if (value) put(at, *value);  // Else it stays NULL.
  }

  std::unique_ptr<sqlite3_stmt, Finalise> stmt_;
  const std::string* path_;  // For messages.
};

class Database {
 public:
  enum class Mode {
    kWrite,  // No file is created. What the log holds stays in it on closing: see keep_log().
    kBare    // The file as it is, without locks and without its log; nothing is written anywhere.
  };
  static StoreResult<Database> open(const std::string& path, Mode mode);

  [[nodiscard]] StoreResult<Statement> prepare(std::string_view sql) const;
  // run executes statements without values; rows are dropped.
  [[nodiscard]] StoreStatus run(const std::string& sql) const;
  // integer and text return the first column of the only row; kDamaged where there is none.
  [[nodiscard]] StoreResult<std::int64_t> integer(std::string_view sql) const;
  [[nodiscard]] StoreResult<std::string> text(std::string_view sql) const;

  // keep_log decides whether closing leaves the log (-wal) as it is, or writes it back. What was
  // not yet found sound is not touched.
  void keep_log(bool keep) const;

  // copy_to replaces the content of `other` by this one's (SQLite's online backup).
  [[nodiscard]] StoreStatus copy_to(const Database& other) const;

  [[nodiscard]] const std::string& path() const { return *path_; }
  [[nodiscard]] StoreError error(StoreFault fault, std::string_view what) const {
    return store_error(fault, *path_, what);
  }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Database(sqlite3* database, const std::string& path)
      : path_(std::make_unique<std::string>(path)), db_(database) {}
  [[nodiscard]] StoreError failure() const;

  std::unique_ptr<std::string> path_;  // Statements point at it, also when the database has moved.
  std::unique_ptr<sqlite3, Close> db_;
};

// Transaction is rolled back unless it was committed.
class Transaction {
 public:
  explicit Transaction(const Database& database) : database_(&database) {}
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  StoreStatus begin();
  StoreStatus commit();

 private:
  const Database* database_;
  bool open_ = false;
};

}  // namespace interlock::store
