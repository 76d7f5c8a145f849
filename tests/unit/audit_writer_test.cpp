// Does the writer keep every record it accepted, in one chain, through faults and restarts?
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
#include "audit/queue.h"
#include "audit/reader.h"
#include "audit/writer.h"
#include "support/audit_log.h"

using namespace interlock;
using namespace interlock::audit;

BOOST_AUTO_TEST_SUITE(audit_writer)

BOOST_AUTO_TEST_CASE(a_restart_continues_the_chain) {
  const TempLog log;
  write_records(log, 3);
  write_records(log, 0);
  write_records(log, 2);
  check_whole(log, 5);
  struct stat status {};
  BOOST_REQUIRE(::stat(log.path().c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0137U) == 0U);  // 0640, or less by the umask.
}

BOOST_AUTO_TEST_CASE(a_second_writer_is_refused_until_the_first_is_gone) {
  const TempLog log;
  {
    const auto first = opened(log.path());
    BOOST_TEST((error_of_open(log.path()).code == Errc::kState));
  }
  opened(log.path());
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_of_a_line_is_cut_off_and_recorded) {
  const TempLog log;
  write_records(log, 3);
  const std::string whole = log.read();
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t len = last + 1; len < whole.size(); len += next_cut(len - last)) {
    log.write(whole.substr(0, len));
    opened(log.path());
    check_whole(log, 3);
    const std::string repaired = log.read().substr(last);
    BOOST_REQUIRE(repaired.find(R"("event":"audit.repaired")") != std::string::npos);
    BOOST_REQUIRE(repaired.find("last line of " + std::to_string(len - last) + " bytes") !=
                  std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_first_line_torn_by_a_crash_is_repaired_too) {
  const TempLog log;
  write_records(log, 1);
  const std::string whole = log.read();
  for (std::size_t len = 1; len < whole.size(); len += next_cut(len)) {
    log.write(whole.substr(0, len));
    opened(log.path());
    check_whole(log, 1);
  }
}

BOOST_AUTO_TEST_CASE(zeros_that_a_power_cut_left_are_cut_off) {
  const TempLog log;
  write_records(log, 2);
  const std::string whole = log.read();
  for (const std::string& torn : {std::string(1, '\0'), std::string(4096, '\0'),
                                  "{\"v\":1,\"seq\":3,\"ti" + std::string(100, '\0')}) {
    log.write(whole + torn);
    opened(log.path());
    check_whole(log, 3);
  }
}

// The longest torn line after the longest whole one: the window in which the tail is looked for.
BOOST_AUTO_TEST_CASE(the_longest_lines_are_found_again) {
  const TempLog log;
  write_records(log, 1);
  std::string pad = log.read();
  pad.insert(pad.size() - 2,
             ",\"pad\":\"" + std::string(limits::kAuditLineBytesMax - pad.size() - 9, 'x') + "\"");
  BOOST_REQUIRE(pad.size() == limits::kAuditLineBytesMax);
  const std::string torn = pad.substr(0, pad.size() - 1);
  log.write(std::string(limits::kAuditLineBytesMax, 'z') + "\n" + pad + torn);
  opened(log.path());
  BOOST_TEST(log.read().substr(limits::kAuditLineBytesMax + 1).find(R"("seq":2,)") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_ours_is_left_as_it_is) {
  const TempLog ours;
  write_records(ours, 1);
  const std::string line = ours.read();
  const TempLog log;
  for (const std::string& text :
       {std::string("notes"), std::string("notes\n"), std::string("\n"),
        "notes\n" + line.substr(0, 40), line + "notes", line + "notes\n", line + "\n",
        std::string("{\"v\":2}\n"), std::string(100'000, 'x'), line + std::string(100'000, '\0')}) {
    log.write(text);
    BOOST_TEST((error_of_open(log.path()).code == Errc::kMalformed));
    BOOST_TEST(log.read() == text);
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened_is_an_error) {
  const TempLog log;
  BOOST_TEST((error_of_open(log.path() + "/none").code == Errc::kIo));
  BOOST_REQUIRE(::mkfifo(log.path().c_str(), 0600) == 0);
  BOOST_TEST((error_of_open(log.path()).code == Errc::kMalformed));
  const TempLog unused;
  const auto long_name = Writer::open(unused.path(), std::string(500, 'g'), kClock);
  BOOST_REQUIRE(!long_name.has_value());
  BOOST_TEST((long_name.error().code == Errc::kLimit));
  BOOST_TEST(!std::filesystem::exists(unused.path()));
}

BOOST_AUTO_TEST_CASE(a_full_buffer_goes_to_the_writer_by_itself) {
  const TempLog log;
  FaultyCalls calls;
  const auto writer = opened(log.path(), quick(calls));
  const auto sink = writer->sink();
  for (std::size_t bytes = 0; bytes < 2 * limits::kAuditFlushBytes; bytes += 64) {
    BOOST_REQUIRE(sink->append(operation(1)));
  }
  calls.await_writes(1);
  BOOST_TEST(calls.num_failures() == 0);
}

BOOST_AUTO_TEST_CASE(short_writes_lose_nothing) {
  const TempLog log;
  FaultyCalls calls;
  calls.set({.write_bytes_max = 7});
  const auto writer = opened(log.path(), quick(calls));
  {
    const auto sink = writer->sink();
    for (std::uint64_t i = 1; i <= 20; ++i) {
      BOOST_REQUIRE(sink->append(operation(i)));
      if (i % 3 == 0) sink->flush();
    }
  }
  BOOST_TEST(writer->stop().has_value());
  check_whole(log, 20);
}

// Goal: a full disk costs no accepted record and leaves no trace in the chain, wherever in a batch
// it strikes. Method: let a growing number of bytes in, look at the file, heal, look again.
BOOST_AUTO_TEST_CASE(a_failed_write_is_taken_back_and_tried_again) {
  for (const int error : {ENOSPC, EIO}) {
    for (std::size_t room = 0; room < 600; room += 37) {
      const TempLog log;
      FaultyCalls calls;
      const auto writer = opened(log.path(), quick(calls));
      const auto sink = writer->sink();
      BOOST_REQUIRE(sink->append(operation(1)));
      sink->flush();
      calls.await_syncs(1);
      calls.set({.write_errno = error, .write_room = room});
      BOOST_REQUIRE(sink->append(operation(2)));
      BOOST_REQUIRE(sink->append(operation(3)));
      BOOST_REQUIRE(sink->append(operation(4)));
      sink->flush();
      calls.await_failures(2);
      BOOST_TEST(!writer->healthy());
      BOOST_TEST(writer->figures().num_failures > 0U);
      while (writer->figures().lag.ms == 0) std::this_thread::yield();
      BOOST_TEST(!sink->append(operation(5)));
      check_whole(log, 1);
      calls.heal();
      await_health(*writer, true);
      BOOST_TEST(sink->append(operation(6)));
      sink->flush();
      BOOST_TEST(writer->stop().has_value());
      BOOST_TEST(writer->figures().lag.ms == 0);
      check_whole(log, 5);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_torn_line_that_cannot_be_taken_back_at_once_is_taken_back_later) {
  const TempLog log;
  FaultyCalls calls;
  const auto writer = opened(log.path(), quick(calls));
  const auto sink = writer->sink();
  calls.set({.write_errno = EIO, .write_room = 50, .truncate_errno = EIO});
  BOOST_REQUIRE(sink->append(operation(1)));
  sink->flush();
  calls.await_failures(4);
  BOOST_TEST(log.read().size() == 50U);
  calls.set({.write_errno = EIO});
  calls.await_failures(calls.num_failures() + 2);  // One of them after the piece was cut off.
  BOOST_TEST(log.read().empty());
  calls.heal();
  BOOST_TEST(writer->stop().has_value());
  check_whole(log, 1);
}

BOOST_AUTO_TEST_CASE(a_failed_sync_refuses_records_until_it_succeeds) {
  const TempLog log;
  FaultyCalls calls;
  calls.set({.sync_errno = EIO});
  const auto writer = opened(log.path(), quick(calls));
  const auto sink = writer->sink();
  BOOST_REQUIRE(sink->append(operation(1)));
  sink->flush();
  calls.await_failures(2);
  BOOST_TEST(!sink->append(operation(2)));
  calls.heal();
  await_health(*writer, true);
  BOOST_TEST(sink->append(operation(2)));
  sink->flush();
  BOOST_TEST(writer->stop().has_value());
  check_whole(log, 2);
}

BOOST_AUTO_TEST_CASE(an_interrupted_write_is_no_failure) {
  const TempLog log;
  FaultyCalls calls;
  calls.set({.write_errno = EINTR});
  const auto writer = opened(log.path(), quick(calls));
  const auto sink = writer->sink();
  BOOST_REQUIRE(sink->append(operation(1)));
  sink->flush();
  calls.await_failures(3);
  BOOST_TEST(writer->healthy());
  calls.heal();
  BOOST_TEST(writer->stop().has_value());
  check_whole(log, 1);
}

BOOST_AUTO_TEST_CASE(stop_gives_up_on_a_file_that_cannot_be_written_and_says_so) {
  const TempLog log;
  write_records(log, 1);
  FaultyCalls calls;
  calls.set({.write_errno = ENOSPC, .write_room = 10});
  const auto writer = opened(log.path(), quick(calls));
  const auto sink = writer->sink();
  BOOST_REQUIRE(sink->append(operation(2)));
  sink->flush();
  for (int times = 0; times < 2; ++times) {
    const Status stopped = writer->stop();
    BOOST_REQUIRE(!stopped.has_value());
    BOOST_TEST((stopped.error().code == Errc::kIo));
    BOOST_TEST(stopped.error().sys == ENOSPC);
  }
  BOOST_TEST(!writer->healthy());
  BOOST_TEST(!sink->append(operation(3)));
  check_whole(log, 1);
}

BOOST_AUTO_TEST_CASE(stop_brings_the_log_to_the_disk) {
  const TempLog log;
  FaultyCalls calls;
  WriterOptions options = quick(calls);
  options.sync_interval = Millis{3'600'000};
  const auto writer = opened(log.path(), options);
  const auto sink = writer->sink();
  BOOST_REQUIRE(sink->append(operation(1)));
  sink->flush();
  BOOST_TEST(writer->stop().has_value());
  BOOST_TEST(calls.num_syncs() == 1);
}

// Goal: kAuditQueueBytesMax holds over all sinks, however they flush, and nothing accepted is lost.
BOOST_AUTO_TEST_CASE(a_full_queue_refuses_and_loses_nothing) {
  for (const std::size_t flush_every : {1U, 1'000'000U}) {
    const TempLog log;
    FaultyCalls calls;
    calls.set({.stalled = true});
    const auto writer = opened(log.path(), quick(calls));
    const auto a = writer->sink();
    const auto b = writer->sink();
    const std::string path(4000, 'p');
    AuditRecord record = operation(1);
    record.path = path;
    std::string members;
    append_fields(members, record);
    const std::size_t record_bytes = members.size() + 1;
    std::size_t num_accepted = 0;
    bool full_a = false, full_b = false;
    while (!full_a || !full_b) {
      full_a = !a->append(record);
      full_b = !b->append(record);
      num_accepted += (full_a ? 0U : 1U) + (full_b ? 0U : 1U);
      BOOST_REQUIRE(num_accepted * record_bytes <= limits::kAuditQueueBytesMax);
      if (num_accepted % flush_every == 0) a->flush();
    }
    BOOST_TEST(num_accepted * record_bytes >
               limits::kAuditQueueBytesMax -
                   3 * (limits::kAuditFlushBytes + limits::kAuditLineBytesMax));
    BOOST_TEST(writer->healthy());  // Behind, not broken.
    a->flush();
    b->flush();
    calls.heal();
    BOOST_TEST(writer->stop().has_value());
    check_whole(log, num_accepted);
  }
}

BOOST_AUTO_TEST_CASE(small_buffers_that_wait_are_joined) {
  Queue queue;
  for (int i = 0; i < 1000; ++i) {
    BOOST_REQUIRE(queue.reserve());
    static_cast<void>(queue.hand_over("record\n"));
  }
  Queue::Taken taken;
  BOOST_TEST(queue.take(taken, std::nullopt));
  BOOST_TEST(taken.buffers.size() == 1U);
  BOOST_TEST(taken.buffers[0].size() == 7000U);
}

// Goal: two workers, one chain, each worker's records in its own order. Also run under TSan.
BOOST_AUTO_TEST_CASE(records_of_two_threads_form_one_chain) {
  constexpr std::uint64_t kEach = 2'000;
  const TempLog log;
  FaultyCalls calls;
  calls.set({.write_errno = ENOSPC, .write_room = 100'000});  // In the middle of it all.
  const auto writer = opened(log.path(), quick(calls));
  const auto work = [&](const char* name, std::uint64_t flush_every) {
    const auto sink = writer->sink();
    for (std::uint64_t i = 1; i <= kEach;) {
      AuditRecord record = operation(i);
      record.device = name;
      if (sink->append(record)) ++i;
      if (i % flush_every == 0) sink->flush();
    }
  };
  std::thread one(work, "one", 7);
  std::thread two(work, "two", 13);
  calls.await_failures(2);
  calls.heal();
  one.join();
  two.join();
  BOOST_TEST(writer->stop().has_value());
  check_whole(log, 2 * kEach);

  std::uint64_t last_one = 0, last_two = 0;
  std::ifstream file(log.path());
  for (std::string line; std::getline(file, line);) {
    const bool is_one = line.find(R"("device":"one")") != std::string::npos;
    std::uint64_t& last = is_one ? last_one : last_two;
    const std::string session = "\"session\":" + std::to_string(++last) + ",";
    BOOST_REQUIRE(line.find(session) != std::string::npos);
  }
  BOOST_TEST(last_one == kEach);
  BOOST_TEST(last_two == kEach);
}

BOOST_AUTO_TEST_SUITE_END()
