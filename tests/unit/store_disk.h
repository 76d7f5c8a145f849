// A disk that fails when told to: SQLite's own file system with faults, which SQLite uses by
// default for as long as the object lives. It also knows what a power cut would leave.
#pragma once

#include <map>
#include <set>
#include <string>

#include <sqlite3.h>

#include "store_fixture.h"

namespace interlock::store {

class TestDisk {
 public:
  TestDisk();
  ~TestDisk();
  TestDisk(const TestDisk&) = delete;
  TestDisk& operator=(const TestDisk&) = delete;

  // fail_at makes the n-th change of a file from now fail (a write after half of its bytes), and
  // those after it where `on`. -1: none.
  void fail_at(int n, bool on, int code) {
    fail_at_ = n;
    fail_on_ = on;
    code_ = code;
    changes_ = 0;
  }
  void heal() { fail_at(-1, false, SQLITE_OK); }
  // end_at ends the process, as kill -9 would, before the n-th change of a file from now.
  void end_at(int n) {
    end_at_ = n;
    changes_ = 0;
  }
  [[nodiscard]] int changes() const { return changes_; }

  // all_is_on_disk is true of every file at this moment.
  void all_is_on_disk() { synced_.clear(); }
  // after_power_cut is the folder with each file as it was when it was last synced.
  [[nodiscard]] std::map<std::string, std::string> after_power_cut(const TempFolder& folder) const;

 private:
  struct File;
  struct Calls;

  // change counts one; the code that it is to fail with, or SQLITE_OK.
  int change();

  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_{};
  std::map<std::string, std::string> synced_;  // Of each file that was changed since.
  int fail_at_ = -1, end_at_ = -1, changes_ = 0, code_ = SQLITE_OK;
  bool fail_on_ = false;
};

}  // namespace interlock::store
