// The folder of the state database, held by one process, and the names in it.
//
//   state.db       the database, with SQLite's own state.db-wal beside it;
//   initialised    the marker: the instance (a random number) of the database that was last in use;
//   state.db.next  a finished database that is to become state.db.
//
// A database takes its place in three steps: it appears as state.db.next; the marker names it; it
// is renamed. A crash before the second leaves what counts for nothing, and one after it what the
// next start finishes: nobody can take half a beginning for a lost database.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "store/sqlite.h"

namespace interlock::store {

// create_file makes an empty file with mode 0600, for its owner alone. kRefused if there is one.
StoreStatus create_file(const std::string& path);
// remove_database removes a file, if it is there, and what SQLite has left beside it.
void remove_database(const std::string& path);
// publish brings the file `part` to the disk and then gives it the name `path`, in the same folder;
// kRefused where that is taken.
StoreStatus publish(const std::string& part, const std::string& path);

class Folder {
 public:
  // hold checks the folder, which must exist and be writable by its owner alone, and locks it
  // (kLocked where another process has it) for as long as the object lives.
  static StoreResult<Folder> hold(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string database() const { return path_ + "/state.db"; }
  [[nodiscard]] std::string next() const { return path_ + "/state.db.next"; }
  [[nodiscard]] std::string marker() const { return path_ + "/initialised"; }

  // has_database: kDamaged where something else than a file has its name.
  [[nodiscard]] StoreResult<bool> has_database() const;
  // has_log tells whether a log lies beside the database that is not empty.
  [[nodiscard]] bool has_log() const;

  // instance is what the marker says, whatever it is; nothing where there is no marker.
  [[nodiscard]] StoreResult<std::optional<std::string>> instance() const;

  // name_next makes the marker name the finished database next(), whose instance is this one.
  [[nodiscard]] StoreStatus name_next(const std::string& instance) const;
  // place_next puts next(), which the marker names, in the place of the database and its log.
  [[nodiscard]] StoreStatus place_next() const;

 private:
  Folder(std::string path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  Fd lock_;
};

}  // namespace interlock::store
