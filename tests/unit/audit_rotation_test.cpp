// Does the chain go on from file to file, wherever a crash or a fault strikes, and is it told when
// a file is missing? Method: small files, faults in the calls, and the states that a crash between
// any two steps of putting a file aside leaves on the disk.
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "audit/log.h"
#include "audit/log_files.h"
#include "support/audit_log.h"

using namespace interlock;
using namespace interlock::audit;
namespace fs = std::filesystem;

namespace {

WriterOptions small(std::size_t num_kept = 100, FileCalls* calls = &system_calls()) {
  return {.retry_interval = Millis{1},
          .sync_interval = Millis{1},
          .rotate_bytes = 1000,
          .num_kept = num_kept,
          .calls = calls};
}

// write_many writes each record in a batch of its own.
void write_many(const std::string& path, std::size_t num, const WriterOptions& options) {
  const auto writer = opened(path, options);
  {
    const auto sink = writer->sink();
    for (std::size_t i = 1; i <= num; ++i) {
      const std::uint64_t before = writer->last_seq();
      BOOST_REQUIRE(sink->append(operation(i)));
      sink->flush();
      while (writer->last_seq() == before) std::this_thread::yield();
    }
  }
  BOOST_REQUIRE(writer->stop().has_value());
}

std::vector<LogFile> files_of(const TempLog& log) {
  auto files = log_files(log.path());
  BOOST_REQUIRE(files.has_value());
  return *files;
}

std::uint64_t first_seq_of(const std::string& path) {
  const auto files = open_log_files(path);
  BOOST_REQUIRE(files.has_value());
  return beginning_of(files->back().fd.get()).value().seq;
}

std::string finding(const VerifyReport& report) {
  if (!report.first_break) return "whole";
  return std::string(to_string(report.first_break->kind)) + " " +
         fs::path(report.break_file).filename().string() + ":" +
         std::to_string(report.first_break->line);
}
std::string finding(const TempLog& log) { return finding(verified(log)); }

// The numbers of operations on record, by `session`.
std::vector<std::string> operations_in(const TempLog& log) {
  std::vector<std::string> numbers;
  BOOST_REQUIRE(read_log(log.path(), {.equal = {{"event", "operation"}}}, [&](const Entry& entry) {
                  if (entry.text("event") == "operation") numbers.push_back(entry.text("session"));
                  return true;
                }).has_value());
  return numbers;
}

void check_operations(const TempLog& log, std::size_t num) {
  const auto numbers = operations_in(log);
  BOOST_TEST(numbers.size() == num);
  for (std::size_t i = 0; i < numbers.size(); ++i) BOOST_TEST(numbers[i] == std::to_string(i + 1));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_rotation)

BOOST_AUTO_TEST_CASE(a_name_says_the_first_record) {
  BOOST_TEST(put_aside_path("/a/b.jsonl", 7) == "/a/b.jsonl.000000000007");
  BOOST_TEST((first_seq_in("/a/b.jsonl.000000000007") == 7U));
  BOOST_TEST((first_seq_in(put_aside_path("x", 12'345'678'901'234)) == 12'345'678'901'234U));
  for (const char* name : {"a", "a.1", "a.000000000000", "a.00000000000x", "a.0123456789012"})
    BOOST_TEST(!first_seq_in(name).has_value());
}

BOOST_AUTO_TEST_CASE(a_large_file_is_put_aside_and_the_chain_goes_on) {
  const TempLog log;
  write_many(log.path(), 30, small());
  const auto files = files_of(log);
  BOOST_TEST(files.size() > 5U);
  BOOST_TEST(files.front().first_seq == 1U);
  BOOST_TEST(finding(log) == "whole");
  BOOST_TEST(verified(log).num_records == 30 + files.size() - 1);
  check_operations(log, 30);
  for (const LogFile& each : files) {
    BOOST_TEST(fs::file_size(each.path) < 2000U);
    if (each.first_seq > 0) BOOST_TEST(first_seq_of(each.path) == each.first_seq);
  }
  write_many(log.path(), 1, small());  // And after a restart.
  BOOST_TEST(finding(log) == "whole");
}

BOOST_AUTO_TEST_CASE(the_oldest_files_are_deleted_and_that_is_known) {
  const TempLog log;
  write_many(log.path(), 30, small(3));
  const auto files = files_of(log);
  BOOST_TEST(files.size() == 4U);
  const VerifyReport report = verified(log);
  BOOST_TEST(finding(report) == "whole");
  BOOST_TEST(report.first_seq == files[0].first_seq);
  BOOST_TEST(report.first_seq > 1U);
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_told_wherever_it_was) {
  const TempLog log;
  write_many(log.path(), 30, small(3));
  const auto files = files_of(log);
  for (std::size_t gone = 0; gone + 1 < files.size(); ++gone) {
    const std::string away = log.path() + ".away";
    fs::rename(files[gone].path, away);
    const VerifyReport report = verified(log);
    BOOST_TEST(finding(report) ==
               "missing " + fs::path(files[gone + 1].path).filename().string() + ":1");
    BOOST_TEST(report.first_break->expected_seq == files[gone].first_seq);
    fs::rename(away, files[gone].path);
  }
  fs::remove(files[0].path);
  fs::remove(files[1].path);
  BOOST_TEST(finding(log).starts_with("missing "));
  // One file alone is what its name says, or not.
  const auto alone = verify_log(files[2].path);
  BOOST_REQUIRE(alone.has_value());
  BOOST_TEST(finding(*alone) == "whole");
  fs::rename(files[2].path, put_aside_path(log.path(), files[2].first_seq - 1));
  BOOST_TEST(finding(*verify_log(put_aside_path(log.path(), files[2].first_seq - 1)))
                 .starts_with("missing "));
}

BOOST_AUTO_TEST_CASE(damage_is_told_by_its_file_and_line) {
  const TempLog log;
  write_many(log.path(), 30, small());
  const auto files = files_of(log);
  std::string text = TempLog::read(files[2].path);
  const std::string was = text;
  text[text.find("\"gateway\":\"g\"") + 11] = 'h';
  std::ofstream(files[2].path, std::ios::binary) << text;
  BOOST_TEST(finding(log) == "altered " + fs::path(files[2].path).filename().string() + ":1");
  text = was.substr(0, was.size() - 5);  // The end of a file that others follow.
  std::ofstream(files[2].path, std::ios::binary) << text;
  BOOST_TEST(finding(log).starts_with("altered " + fs::path(files[2].path).filename().string()));
}

// Every state that a crash leaves while a file is put aside, made by hand: the new file under its
// own name; the old one under two names; the new one in its place, empty; and what was to be
// deleted still there.
BOOST_AUTO_TEST_CASE(a_crash_while_a_file_is_put_aside_loses_nothing) {
  for (int state = 0; state < 5; ++state) {
    const TempLog log;
    write_many(log.path(), 20, small());
    const auto first = first_seq_of(log.path());
    const std::string aside = put_aside_path(log.path(), first);
    if (state <= 1) std::ofstream(log.path() + ".next") << "";
    if (state >= 1) fs::create_hard_link(log.path(), aside);
    if (state >= 2) fs::rename(log.path(), log.path() + ".gone");
    if (state >= 2) fs::remove(log.path() + ".gone");
    if (state == 3) std::ofstream(log.path()) << "";
    if (state == 4) std::ofstream(log.path()) << "{\"v\":1,\"se";
    BOOST_TEST_CONTEXT("state " << state) {
      if (state < 4) check_operations(log, 20);
      if (state < 4) BOOST_TEST(finding(log) == "whole");
      const std::size_t num_before = operations_in(log).size();
      write_many(log.path(), 3, small(3));
      BOOST_TEST(finding(log) == "whole");
      BOOST_TEST(num_before == 20U);
      BOOST_TEST(!fs::exists(log.path() + ".next"));
      BOOST_TEST(fs::exists(log.path()));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_gone_at_the_start_is_on_record) {
  const TempLog log;
  write_many(log.path(), 20, small());
  fs::remove(log.path());
  opened(log.path());
  BOOST_TEST(finding(log) == "whole");
  const std::string text = log.read();
  BOOST_TEST(text.find(R"("event":"audit.rotated")") < text.find(R"("event":"audit.repaired")"));
  BOOST_TEST(text.find("was not there; the chain goes on from") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_put_aside_goes_on_growing_until_it_can) {
  for (const bool at_link : {true, false}) {
    const TempLog log;
    FaultyCalls calls;
    if (at_link) {
      calls.set({.link_errno = ENOSPC});
    } else {
      calls.set({.rename_errno = EIO});
    }
    write_many(log.path(), 20, small(100, &calls));
    BOOST_TEST(files_of(log).size() == 1U);
    BOOST_TEST(fs::directory_iterator(fs::path(log.path()).parent_path())->path() == log.path());
    BOOST_TEST(calls.num_failures() > 0);
    check_operations(log, 20);
    calls.heal();
    write_many(log.path(), 3, small(100, &calls));
    BOOST_TEST(files_of(log).size() > 1U);
    BOOST_TEST(finding(log) == "whole");
  }
}

// Records are on the disk only if the name of their file is, too.
BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_synced_is_a_failed_sync) {
  const TempLog log;
  FaultyCalls calls;
  calls.set({.folder_errno = EIO});
  const auto writer = opened(log.path(), small(1, &calls));
  const auto sink = writer->sink();
  BOOST_REQUIRE(sink->append(operation(1)));
  std::atomic<bool> on_disk = false;
  sink->sync([&] { on_disk = true; });
  calls.await_failures(2);
  BOOST_TEST(!on_disk);
  BOOST_TEST(!sink->append(operation(2)));
  calls.heal();
  while (!on_disk) std::this_thread::yield();
  while (files_of(log).size() < 3) {
    static_cast<void>(sink->append(operation(1)));  // Not until it has seen that all is well again.
    sink->flush();
    std::this_thread::yield();
  }
  calls.set({.folder_errno = EIO});
  const int failures = calls.num_failures();
  while (sink->append(operation(1))) sink->flush();  // Until one more is put aside.
  calls.await_failures(failures + 2);
  calls.heal();
  BOOST_TEST(writer->stop().has_value());
  BOOST_TEST(finding(log) == "whole");
}

BOOST_AUTO_TEST_CASE(a_second_writer_is_refused_after_a_file_was_put_aside_too) {
  const TempLog log;
  write_many(log.path(), 20, small());
  const auto writer = opened(log.path(), small());
  const auto sink = writer->sink();
  while (files_of(log).size() < 12) {
    BOOST_REQUIRE(sink->append(operation(1)));
    sink->flush();
    std::this_thread::yield();
  }
  BOOST_TEST((error_of_open(log.path()).code == Errc::kState));
}

BOOST_AUTO_TEST_CASE(a_line_that_is_being_written_is_no_break) {
  const TempLog log;
  write_records(log, 3);
  const std::string whole = log.read();
  log.write(whole.substr(0, whole.size() - 10));
  std::thread writer([&] {
    // Long enough for the reader to see that the line has no end yet.
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    std::ofstream(log.path(), std::ios::binary | std::ios::app) << whole.substr(whole.size() - 10);
  });
  const VerifyReport report = verified(log);
  writer.join();
  BOOST_TEST(finding(report) == "whole");
  BOOST_TEST(report.num_records == 3U);
}

BOOST_AUTO_TEST_CASE(a_path_that_cannot_be_looked_at_is_an_error) {
  const TempLog log;
  fs::create_symlink("audit.jsonl", log.path());  // To itself.
  for (const std::string& path : {log.path(), log.path() + std::string(300, 'x')}) {
    const auto report = verify_log(path);
    BOOST_REQUIRE(!report.has_value());
    BOOST_TEST((report.error().code == Errc::kIo));
    BOOST_TEST(report.error().sys == (path == log.path() ? ELOOP : ENAMETOOLONG));
  }
}

BOOST_AUTO_TEST_SUITE_END()
