// Does reading a log for people find what they ask for, whatever else stands in the file?
#include "support/audit_log.h"

#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/log.h"
#include "base/limits.h"

using namespace interlock;
using namespace interlock::audit;

namespace {

struct Logged {
  std::string device = "press-07", path = "/v1/a", peer = "192.0.2.7:40112", detail;
  Reason reason = Reason::no_permit;
};

struct Fixture {
  TempLog file;
  std::uint64_t seq = 0;

  std::string line(const Logged& of) {
    std::string members, line;
    append_fields(members, {.time = WallTime{static_cast<std::int64_t>(++seq) * 1000},
                            .reason = of.reason,
                            .peer = of.peer,
                            .device = of.device,
                            .path = of.path,
                            .detail = of.detail});
    Envelope("g").append_line(line, seq, members, {});
    return line;
  }
  std::string lines(const std::vector<Logged>& records) {
    std::string text;
    for (const Logged& each : records) text += line(each);
    return text;
  }
  void append(std::string_view text) const {
    std::ofstream(file.path(), std::ios::binary | std::ios::app) << text;
  }
  Log open() const {
    auto logs = Log::open_all(file.path());
    BOOST_REQUIRE(logs.has_value());
    return std::move(logs->back());
  }
  // The numbers of the records that match, in the order in which they came; "!" before those of
  // lines that are no records.
  static std::vector<std::string> found(Log& log, const Filter& filter = {}) {
    std::vector<std::string> seqs;
    BOOST_TEST_REQUIRE(log.read([&](const Entry& entry) {
                            if (!entry.is_record)
                              seqs.push_back("!" + std::to_string(entry.number));
                            if (filter.matches(entry)) seqs.push_back(entry.text("seq"));
                            return true;
                          })
                           .has_value());
    return seqs;
  }
  std::vector<std::string> found(const Filter& filter) const {
    Log log = open();
    return found(log, filter);
  }
};

using Seqs = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(audit_log, Fixture)

BOOST_AUTO_TEST_CASE(a_filter_wants_all_that_it_names) {
  file.write(lines({{}, {.device = "press-08"}, {.reason = Reason::rate_limited}}));
  BOOST_TEST(found({}) == (Seqs{"1", "2", "3"}));
  BOOST_TEST(found({.equal = {{"device", "press-07"}}}) == (Seqs{"1", "3"}));
  BOOST_TEST(found({.equal = {{"device", "press-07"}, {"reason", "rate_limited"}}}) == Seqs{"3"});
  BOOST_TEST(found({.equal = {{"device", "press"}}}).empty());
  BOOST_TEST(found({.equal = {{"nonsense", "x"}}}).empty());
  BOOST_TEST(found({.since = "1970-01-01T00:00:02.000Z"}) == (Seqs{"2", "3"}));
  BOOST_TEST(found({.until = "1970-01-01T00:00:02.000Z"}) == (Seqs{"1", "2"}));
}

BOOST_AUTO_TEST_CASE(a_peer_is_named_with_or_without_its_port) {
  file.write(lines({{.peer = "192.0.2.7:40112"},
                    {.peer = "192.0.2.70:1"},
                    {.peer = "[2001:db8::7]:40112"},
                    {.peer = "192.0.2.7"},
                    {.peer = "[2001:db8::7]"}}));
  BOOST_TEST(found({.peer = "192.0.2.7"}) == (Seqs{"1", "4"}));
  BOOST_TEST(found({.peer = "192.0.2.7:40112"}) == Seqs{"1"});
  BOOST_TEST(found({.peer = "192.0.2.7:40113"}).empty());
  BOOST_TEST(found({.peer = "2001:db8::7"}) == (Seqs{"3", "5"}));
  BOOST_TEST(found({.peer = "[2001:db8::7]"}) == (Seqs{"3", "5"}));
}

BOOST_AUTO_TEST_CASE(a_path_stands_for_those_below_it_too) {
  file.write(lines({{.path = "/v1"}, {.path = "/v1/a"}, {.path = "/v10"}}));
  BOOST_TEST(found({.path_prefix = "/v1"}) == (Seqs{"1", "2"}));
  BOOST_TEST(found({.path_prefix = "/v1/"}) == Seqs{"2"});
  BOOST_TEST(found({.path_prefix = "/"}) == (Seqs{"1", "2", "3"}));
}

BOOST_AUTO_TEST_CASE(escapes_stand_for_what_was_written) {
  const std::string odd = "quote \" backslash \\ tab \t nul \x01 u \u00fc";
  file.write(lines({{.detail = odd}, {.detail = "bad \xff"}}));
  Log log = open();
  std::vector<std::string> details;
  BOOST_TEST_REQUIRE(log.read([&](const Entry& entry) {
                          details.push_back(entry.text("detail"));
                          return true;
                        })
                         .has_value());
  BOOST_TEST(details == (Seqs{odd, "bad \u00ff"}));
  BOOST_TEST(found({.equal = {{"detail", odd}}}) == Seqs{"1"});
}

BOOST_AUTO_TEST_CASE(damaged_lines_are_told_and_passed_over) {
  const std::string first = line({}), last = line({});
  const std::string nul("a\0b", 3);
  file.write(first + first.substr(0, first.size() / 2) + "\n" + nul + "\n\n" +
             std::string(3 * limits::kAuditLineBytesMax, 'x') + "\n" + last);
  BOOST_TEST(found({}) == (Seqs{"1", "!2", "!3", "!4", "!5", "2"}));
}

BOOST_AUTO_TEST_CASE(an_unfinished_line_waits_for_its_end) {
  const std::string first = line({}), second = line({});
  file.write(first + second.substr(0, 20));
  Log log = open();
  BOOST_TEST(found(log) == Seqs{"1"});
  BOOST_TEST(found(log).empty());
  append(second.substr(20));
  BOOST_TEST(found(log) == Seqs{"2"});
  append(first.substr(0, first.size() - 1));
  BOOST_TEST(found(log).empty());
  Seqs last;
  const auto note = [&](const Entry& entry) {
    last.push_back(entry.text("seq"));
    return true;
  };
  log.finish(note);
  BOOST_TEST(last == Seqs{"1"});
}

BOOST_AUTO_TEST_CASE(the_last_records_are_found_from_the_end) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += line({.device = i % 1000 == 0 ? "rare" : "often"});
  file.write(text);
  const Filter rare{.equal = {{"device", "rare"}}};
  for (const auto& [num, filter, first] :
       {std::tuple(1, rare, "2001"), std::tuple(2, rare, "1001"), std::tuple(9, rare, "1")}) {
    Log log = open();
    BOOST_TEST_REQUIRE(log.go_back(static_cast<std::size_t>(num), filter).has_value());
    const Seqs seqs = found(log, filter);
    BOOST_TEST_REQUIRE(seqs.size() >= static_cast<std::size_t>(std::min(num, 3)));
    BOOST_TEST(seqs[seqs.size() - static_cast<std::size_t>(std::min(num, 3))] == first);
  }
  // A place inside the file begins inside a line, which is not taken for a damaged one.
  Log log = open();
  BOOST_TEST_REQUIRE(log.go_back(1, {}).has_value());
  const Seqs seqs = found(log);
  BOOST_TEST(seqs.size() < 3000U);
  BOOST_TEST(seqs.front() != "!0");
  BOOST_TEST(seqs.back() == "3000");
}

BOOST_AUTO_TEST_CASE(a_log_that_was_moved_or_cut_is_noticed) {
  file.write(line({}));
  Log log = open();
  BOOST_TEST(found(log) == Seqs{"1"});
  BOOST_TEST(log.is_current());
  append(line({}));
  BOOST_TEST(log.is_current());
  BOOST_REQUIRE(truncate(file.path().c_str(), 3) == 0);
  BOOST_TEST(!log.is_current());

  Log again = open();
  BOOST_REQUIRE(rename(file.path().c_str(), (file.path() + ".1").c_str()) == 0);
  BOOST_TEST(!again.is_current());
  file.write("");
  BOOST_TEST(!again.is_current());
}

BOOST_AUTO_TEST_CASE(only_regular_files_are_read) {
  const auto refused = [](const std::string& path) {
    const auto log = Log::open_all(path);
    return log ? std::string("opened") : std::string(log.error().what);
  };
  BOOST_TEST(refused(file.path()) == "cannot open");
  BOOST_REQUIRE(mkfifo(file.path().c_str(), 0600) == 0);
  BOOST_TEST(refused(file.path()) == "it is not a regular file");
  BOOST_TEST(refused("/") == "it is not a regular file");
}

BOOST_AUTO_TEST_SUITE_END()
