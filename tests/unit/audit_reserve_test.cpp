// Does a full disk stop operations while there still is room to say so, and for what operators do;
// and does what must be on the disk before its effect get there at once?
#include <atomic>
#include <string>

#include <boost/test/unit_test.hpp>

#include "support/audit_log.h"

using namespace interlock;
using namespace interlock::audit;

namespace {

AuditRecord reload() {
  AuditRecord record;
  record.event = AuditEvent::kConfigApplied;
  record.time = kNow;
  return record;
}

std::size_t count(const TempLog& log, std::string_view text) {
  const std::string all = log.read();
  std::size_t num = 0;
  for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++num;
  return num;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_reserve)

BOOST_AUTO_TEST_CASE(room_is_held_behind_the_log_and_given_back_when_it_is_put_aside) {
  const TempLog log;
  WriterOptions options;
  options.reserve_bytes = 3 * limits::kMiB;
  options.rotate_bytes = 1000;
  FaultyCalls calls;
  options.calls = &calls;
  const auto writer = opened(log.path(), options);
  const auto sink = writer->sink();
  BOOST_REQUIRE(sink->append(operation(1)));
  sink->flush();
  while (writer->last_seq() < 1) std::this_thread::yield();
  const auto disk_of = [](const std::string& path) {
    struct stat status {};
    BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
    return static_cast<std::size_t>(status.st_blocks) * 512;
  };
  if (disk_of(log.path()) < 4096 * 3) {
    BOOST_TEST_MESSAGE("SKIPPED: this file system holds no room");
    return;
  }
  BOOST_TEST(disk_of(log.path()) >= options.reserve_bytes);
  BOOST_TEST(log.read().size() < 1000U);
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t before = writer->last_seq();
    BOOST_REQUIRE(sink->append(operation(1)));
    sink->flush();
    while (writer->last_seq() == before) std::this_thread::yield();
  }
  BOOST_TEST(disk_of(put_aside_path(log.path(), 1)) < 64 * limits::kKiB);
}

// Operations stop, on record, before anything fails; acts and what was accepted go on; and all is
// as before once there is room.
BOOST_AUTO_TEST_CASE(a_full_disk_stops_operations_and_leaves_room_for_acts) {
  for (const int error : {ENOSPC, EDQUOT}) {
    const TempLog log;
    FaultyCalls calls;
    const auto writer = opened(log.path(), quick(calls));
    const auto sink = writer->sink();
    const auto acts = writer->sink(About::kActs);
    BOOST_REQUIRE(sink->append(operation(1)));
    sink->flush();
    calls.await_syncs(1);
    calls.set({.room_errno = error});
    BOOST_REQUIRE(sink->append(operation(2)));
    BOOST_REQUIRE(sink->append(operation(3)));
    // Room was held for a step more: it is asked for again once that is used.
    const std::string path(4000, 'p');
    AuditRecord large = operation(4);
    large.path = path;
    std::size_t num_large = 0;
    while (writer->healthy() && sink->append(large)) {
      sink->flush();
      ++num_large;
      BOOST_REQUIRE(num_large < 10'000U);
    }
    await_health(*writer, false);
    BOOST_TEST(writer->figures().disk_full);
    BOOST_TEST(!sink->append(operation(5)));
    AuditRecord end = operation(5);
    end.event = AuditEvent::kTunnelEnd;
    BOOST_TEST(sink->append(end));
    sink->flush();
    BOOST_TEST(acts->append(reload()));
    acts->flush();
    std::atomic<bool> on_disk = false;
    acts->sync([&] { on_disk = true; });
    while (!on_disk) std::this_thread::yield();
    BOOST_TEST(count(log, "\"event\":\"audit.full\"") == 1U);
    BOOST_TEST(count(log, "\"event\":\"audit.room\"") == 0U);
    BOOST_TEST(count(log, "\"event\":\"config.applied\"") == 1U);
    calls.heal();
    await_health(*writer, true);
    BOOST_TEST(sink->append(operation(6)));
    sink->flush();
    BOOST_TEST(writer->stop().has_value());
    check_whole(log, 3 + num_large + 1 + 4);
    BOOST_TEST(count(log, "\"event\":\"audit.room\"") == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_file_system_that_holds_no_room_is_written_as_it_is) {
  const TempLog log;
  FaultyCalls calls;
  calls.set({.room_errno = EOPNOTSUPP});
  const auto writer = opened(log.path(), quick(calls));
  const auto sink = writer->sink();
  for (std::uint64_t i = 1; i <= 20; ++i) {
    BOOST_REQUIRE(sink->append(operation(i)));
    sink->flush();
  }
  BOOST_TEST(writer->healthy());
  BOOST_TEST(writer->stop().has_value());
  BOOST_TEST(calls.num_failures() == 1);  // It was asked once.
  check_whole(log, 20);
}

BOOST_AUTO_TEST_CASE(acts_have_room_in_a_queue_that_operations_have_filled) {
  const TempLog log;
  FaultyCalls calls;
  calls.set({.stalled = true});
  const auto writer = opened(log.path(), quick(calls));
  const auto sink = writer->sink();
  const auto acts = writer->sink(About::kActs);
  const std::string path(4000, 'p');
  AuditRecord large = operation(1);
  large.path = path;
  while (sink->append(large)) sink->flush();
  BOOST_TEST(acts->append(reload()));
  acts->flush();
  calls.heal();
  BOOST_TEST(writer->stop().has_value());
  BOOST_TEST(count(log, "\"event\":\"config.applied\"") == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_synced_is_on_the_disk_before_anybody_hears_so) {
  const TempLog log;
  FaultyCalls calls;
  calls.set({.sync_errno = EIO});
  WriterOptions options = quick(calls);
  options.sync_interval = Millis{3'600'000};
  const auto writer = opened(log.path(), options);
  const auto acts = writer->sink(About::kActs);
  std::atomic<int> num_heard = 0;
  BOOST_REQUIRE(acts->append(reload()));
  acts->sync([&] { ++num_heard; });
  calls.await_failures(3);
  BOOST_TEST(num_heard == 0);
  BOOST_TEST(count(log, "config.applied") == 1U);  // Written, and not on the disk.
  calls.heal();
  calls.await_syncs(calls.num_syncs() + 1);
  while (num_heard == 0) std::this_thread::yield();
  const int num_syncs = calls.num_syncs();
  acts->sync([&] { ++num_heard; });  // Nothing new: it is there already.
  while (num_heard == 1) std::this_thread::yield();
  BOOST_TEST(calls.num_syncs() == num_syncs);
  BOOST_TEST(writer->stop().has_value());
}

// A disk that hangs gives no error: nothing is on record that operations go on by.
BOOST_AUTO_TEST_CASE(a_disk_that_hangs_stops_operations_until_it_goes_on) {
  const TempLog log;
  FaultyCalls calls;
  calls.set({.stalled = true});
  WriterOptions options = quick(calls);
  options.late_max = Millis{20};
  const auto writer = opened(log.path(), options);
  const auto sink = writer->sink();
  const auto acts = writer->sink(About::kActs);
  BOOST_REQUIRE(sink->append(operation(1)));
  BOOST_TEST(writer->healthy());
  sink->flush();
  await_health(*writer, false);
  sink->flush();
  BOOST_TEST(!sink->append(operation(2)));
  BOOST_TEST(acts->append(reload()));  // It waits until it is on the disk.
  acts->flush();
  calls.heal();
  await_health(*writer, true);
  sink->flush();
  BOOST_TEST(sink->append(operation(3)));
  sink->flush();
  BOOST_TEST(writer->stop().has_value());
  check_whole(log, 3);
}

// The kernel forgets what it could not bring to the disk, and says of the next try that all is
// well.
BOOST_AUTO_TEST_CASE(what_a_failed_sync_has_lost_is_written_again) {
  const TempLog log;
  write_records(log, 2);
  const std::string before = log.read();
  FaultyCalls calls;
  calls.set({.write_bytes_max = 100, .sync_errno = EIO});
  const auto writer = opened(log.path(), quick(calls));
  const auto acts = writer->sink(About::kActs);
  BOOST_REQUIRE(acts->append(reload()));
  std::atomic<bool> on_disk = false;
  acts->sync([&] { on_disk = true; });
  calls.await_failures(2);
  {
    std::fstream file(log.path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(before.size()));
    file << std::string(log.read().size() - before.size(), '\0');
  }
  calls.set({.write_bytes_max = 100});
  while (!on_disk) std::this_thread::yield();
  BOOST_TEST(log.read().starts_with(before));
  check_whole(log, 3);
  BOOST_TEST(acts->append(reload()));
  acts->flush();
  BOOST_TEST(writer->stop().has_value());
  check_whole(log, 4);
}

BOOST_AUTO_TEST_SUITE_END()
