// What the tests of the audit writer share: a log in a folder of its own, and system calls that
// fail when told to.
#pragma once

#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/format.h"
#include "audit/log_files.h"
#include "audit/queue.h"
#include "audit/reader.h"
#include "audit/writer.h"
#include "port/clock.h"

namespace interlock::audit {

constexpr WallTime kNow{1795343614123};
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// TempLog is a path in a folder of its own, gone with the test.
class TempLog {
 public:
  TempLog() {
    std::string pattern = (std::filesystem::temp_directory_path() / "audit-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~TempLog() { std::filesystem::remove_all(folder_); }
  TempLog(const TempLog&) = delete;
  TempLog& operator=(const TempLog&) = delete;

  std::string path() const { return folder_ + "/audit.jsonl"; }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string read() const { return read(path()); }
  void write(std::string_view text) const { std::ofstream(path(), std::ios::binary) << text; }

 private:
  std::string folder_;
};

// FaultyCalls pass to the kernel until told to fail, to write less, or to stand still.
class FaultyCalls final : public FileCalls {
 public:
  struct Faults {
    int write_errno = 0;
    std::size_t write_room = 0;              // With write_errno: bytes that still go in.
    std::size_t write_bytes_max = kNoLimit;  // Of one call.
    int truncate_errno = 0;
    int sync_errno = 0;
    int room_errno = 0, link_errno = 0, rename_errno = 0, folder_errno = 0;
    bool stalled = false;  // write() does not return.
  };

  void set(const Faults& faults) {
    const std::lock_guard lock(mutex_);
    faults_ = faults;
    changed_.notify_all();
  }
  void heal() { set({}); }

  // await waits until so many calls have failed, or been made, since the start.
  void await_failures(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return num_failures_ >= count; });
  }
  void await_writes(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return num_writes_ >= count; });
  }
  void await_syncs(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return num_syncs_ >= count; });
  }

  int num_failures() {
    const std::lock_guard lock(mutex_);
    return num_failures_;
  }
  int num_syncs() {
    const std::lock_guard lock(mutex_);
    return num_syncs_;
  }

  ssize_t write(int fd, std::string_view bytes) override {
    std::unique_lock lock(mutex_);
    ++num_writes_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !faults_.stalled; });
    if (faults_.write_errno != 0) {
      if (faults_.write_room == 0) return failed(faults_.write_errno);
      bytes = bytes.substr(0, faults_.write_room);
      faults_.write_room -= bytes.size();
    }
    return system_calls().write(fd, bytes.substr(0, faults_.write_bytes_max));
  }
  ssize_t overwrite(int fd, std::string_view bytes, off_t at) override {
    const std::lock_guard lock(mutex_);
    if (faults_.write_errno != 0) return failed(faults_.write_errno);
    return system_calls().overwrite(fd, bytes.substr(0, faults_.write_bytes_max), at);
  }
  int ftruncate(int fd, off_t size) override {
    const std::lock_guard lock(mutex_);
    if (faults_.truncate_errno != 0) return failed(faults_.truncate_errno);
    return system_calls().ftruncate(fd, size);
  }
  int hold_room(int fd, off_t from, off_t len) override {
    const std::lock_guard lock(mutex_);
    if (faults_.room_errno != 0) return failed(faults_.room_errno);
    return system_calls().hold_room(fd, from, len);
  }
  int link(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    return faults_.link_errno != 0 ? failed(faults_.link_errno) : system_calls().link(from, to);
  }
  int sync_folder(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    return faults_.folder_errno != 0 ? failed(faults_.folder_errno)
                                     : system_calls().sync_folder(path);
  }
  int rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    return faults_.rename_errno != 0 ? failed(faults_.rename_errno)
                                     : system_calls().rename(from, to);
  }
  int fdatasync(int) override {
    const std::lock_guard lock(mutex_);
    ++num_syncs_;
    changed_.notify_all();
    return faults_.sync_errno == 0 ? 0 : failed(faults_.sync_errno);
  }

 private:
  int failed(int error) {
    ++num_failures_;
    changed_.notify_all();
    errno = error;
    return -1;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Faults faults_;
  int num_failures_ = 0, num_writes_ = 0, num_syncs_ = 0;
};

// FixedClock stands at kNow.
class FixedClock final : public port::Clock {
 public:
  Instant now() const override { return {}; }
  WallTime wall() const override { return kNow; }
};
inline const FixedClock kClock;

inline WriterOptions quick(FaultyCalls& calls) {
  return {.retry_interval = Millis{1}, .sync_interval = Millis{1}, .calls = &calls};
}

inline std::unique_ptr<Writer> opened(const std::string& path, const WriterOptions& options = {}) {
  auto writer = Writer::open(path, "g", kClock, options);
  BOOST_REQUIRE(writer.has_value());
  return std::move(*writer);
}

inline AuditRecord operation(std::uint64_t session) {
  AuditRecord record;
  record.time = kNow;
  record.session = session;
  return record;
}

inline VerifyReport verified(const TempLog& log) {
  const auto report = verify_log(log.path());
  BOOST_REQUIRE(report.has_value());
  return *report;
}

// check_whole says that the file is one chain of `count` records.
inline void check_whole(const TempLog& log, std::size_t count) {
  const VerifyReport report = verified(log);
  BOOST_TEST(!report.first_break.has_value());
  BOOST_TEST(report.num_records == count);
}

inline void write_records(const TempLog& log, std::uint64_t count) {
  const auto writer = opened(log.path());
  {
    const auto sink = writer->sink();
    for (std::uint64_t i = 1; i <= count; ++i) BOOST_REQUIRE(sink->append(operation(i)));
  }
  BOOST_REQUIRE(writer->stop().has_value());
}

// next_cut steps through the lengths of a torn line: each one while it may not yet look like ours.
inline std::size_t next_cut(std::size_t len) { return len <= kLineStart.size() ? 1 : 23; }

inline void await_health(const Writer& writer, bool healthy) {
  for (int tries = 0; tries < 50'000'000 && writer.healthy() != healthy; ++tries) {
    std::this_thread::yield();
  }
  BOOST_REQUIRE(writer.healthy() == healthy);
}

inline Error error_of_open(const std::string& path) {
  const auto writer = Writer::open(path, "g", kClock);
  BOOST_REQUIRE(!writer.has_value());
  return writer.error();
}

}  // namespace interlock::audit
