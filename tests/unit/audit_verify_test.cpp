// Does the verifier find every change of a log, and say rightly what it was?
#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "audit/format.h"
#include "audit/reader.h"
#include "base/hex.h"
#include "base/limits.h"
#include "pki/digest.h"

using namespace interlock;
using namespace interlock::audit;

namespace {

using Log = std::vector<std::string>;  // Lines with their newlines.
constexpr std::size_t kLines = 5;

Log small_log() {
  const Envelope envelope("g");
  Log log;
  Hash previous{};
  for (std::uint64_t seq = 1; seq <= kLines; ++seq) {
    AuditRecord record;
    record.time = WallTime{static_cast<std::int64_t>(seq)};
    record.device = seq % 2 == 0 ? "press-07" : "scanner-01";
    std::string members, line;
    append_fields(members, record);
    envelope.append_line(line, seq, members, previous);
    previous = pki::sha256(as_bytes(std::string_view(line).substr(0, line.size() - 1)));
    log.push_back(line);
  }
  return log;
}

std::string joined(const Log& log) {
  std::string text;
  for (const std::string& line : log) text += line;
  return text;
}

VerifyReport verify(std::string_view text) {
  Verifier verifier;
  verifier.feed(text);
  return verifier.finish();
}

std::string finding(const VerifyReport& report) {
  if (!report.first_break) return "whole";
  return std::string(to_string(report.first_break->kind)) + " " +
         std::to_string(report.first_break->line);
}

std::string finding(const Log& log) { return finding(verify(joined(log))); }

std::string at(const char* kind, std::size_t line) {
  return std::string(kind) + " " + std::to_string(line);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_verify)

BOOST_AUTO_TEST_CASE(a_whole_log_is_reported_from_first_to_last) {
  const VerifyReport report = verify(joined(small_log()));
  BOOST_TEST(finding(report) == "whole");
  BOOST_TEST(report.num_records == kLines);
  BOOST_TEST(report.first_seq == 1U);
  BOOST_TEST(report.last_seq == kLines);
  BOOST_TEST(report.first_time == "1970-01-01T00:00:00.001Z");
  BOOST_TEST(report.last_time == "1970-01-01T00:00:00.005Z");
  BOOST_TEST(finding(verify("")) == "whole");
  BOOST_TEST(verify("").num_records == 0U);
}

BOOST_AUTO_TEST_CASE(the_pieces_a_log_comes_in_do_not_matter) {
  const std::string text = joined(small_log());
  for (std::size_t split = 0; split <= text.size(); ++split) {
    Verifier verifier;
    verifier.feed(std::string_view(text).substr(0, split));
    verifier.feed(std::string_view(text).substr(split));
    BOOST_REQUIRE(finding(verifier.finish()) == "whole");
  }
}

// A changed byte is called an alteration of its line wherever it is; only where nothing follows can
// it be hidden, or look like damage.
BOOST_AUTO_TEST_CASE(a_changed_byte_is_an_alteration_of_its_line) {
  const Log log = small_log();
  const auto changes = {+[](char c) { return static_cast<char>(c ^ 0x01); },
                        +[](char c) { return c == '9' ? '8' : '9'; },
                        +[](char c) { return c == '\n' ? ' ' : '\n'; }};
  for (std::size_t n = 1; n < kLines; ++n) {
    for (std::size_t i = 0; i < log[n - 1].size(); ++i) {
      for (const auto change : changes) {
        Log altered = log;
        altered[n - 1][i] = change(altered[n - 1][i]);
        // Without its newline the line takes the last one with it: nothing tells what was there.
        const bool takes_last = n == kLines - 1 && log[n - 1][i] == '\n';
        const char* kind = takes_last ? "not an audit record" : "altered";
        BOOST_REQUIRE_MESSAGE(finding(altered) == at(kind, n),
                              finding(altered) << " for byte " << i << " of line " << n);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_changed_byte_of_the_last_line_never_looks_like_a_lost_or_moved_record) {
  const Log log = small_log();
  std::size_t hidden = 0;
  for (std::size_t i = 0; i < log.back().size(); ++i) {
    Log altered = log;
    altered.back()[i] = static_cast<char>(altered.back()[i] ^ 0x01);
    const std::string found = finding(altered);
    if (found == "whole") ++hidden;
    BOOST_TEST(!found.starts_with("missing"));
    BOOST_TEST(!found.starts_with("reordered"));
  }
  BOOST_TEST(hidden > 0U);  // As FORMAT.md says, until there are checkpoints.
}

BOOST_AUTO_TEST_CASE(deleted_lines_are_missing) {
  for (std::size_t first = 1; first < kLines; ++first) {
    for (std::size_t count = 1; first + count <= kLines; ++count) {
      Log log = small_log();
      const auto from = log.begin() + static_cast<std::ptrdiff_t>(first - 1);
      log.erase(from, from + static_cast<std::ptrdiff_t>(count));
      const VerifyReport report = verify(joined(log));
      BOOST_TEST(finding(report) == at("missing", first));
      BOOST_TEST(report.first_break->expected_seq == first);
      BOOST_TEST(report.num_records == first - 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(swapped_lines_are_reordered) {
  for (std::size_t a = 1; a <= kLines; ++a) {
    for (std::size_t b = a + 1; b <= kLines; ++b) {
      Log log = small_log();
      std::swap(log[a - 1], log[b - 1]);
      BOOST_TEST(finding(log) == at("reordered", a));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_line_written_twice_is_reordered) {
  for (std::size_t n = 1; n <= kLines; ++n) {
    Log log = small_log();
    const std::string again = log[n - 1];
    log.push_back(again);
    BOOST_TEST(finding(log) == at("reordered", kLines + 1));
  }
}

BOOST_AUTO_TEST_CASE(a_foreign_line_is_not_a_record) {
  for (std::size_t n = 1; n <= kLines + 1; ++n) {
    for (const char* foreign : {"\n", "hello\n", "{\"v\":1}\n"}) {
      Log log = small_log();
      log.insert(log.begin() + static_cast<std::ptrdiff_t>(n - 1), foreign);
      BOOST_TEST(finding(log) == at("not an audit record", n));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_log_cut_within_a_line_has_an_incomplete_last_line) {
  const std::string text = joined(small_log());
  for (std::size_t len = 0; len < text.size(); ++len) {
    const std::string_view cut = std::string_view(text).substr(0, len);
    const auto whole_lines = static_cast<std::size_t>(std::count(cut.begin(), cut.end(), '\n'));
    const bool at_end = cut.empty() || cut.ends_with('\n');
    BOOST_REQUIRE(finding(verify(cut)) ==
                  (at_end ? "whole" : at("incomplete last line", whole_lines + 1)));
    BOOST_REQUIRE(verify(cut).num_records == whole_lines);
  }
}

BOOST_AUTO_TEST_CASE(a_line_beyond_the_limit_is_not_a_record_however_it_comes) {
  const Log log = small_log();
  std::string padded = log[1];
  const std::string filler(limits::kAuditLineBytesMax - padded.size() - 9, 'x');
  padded.insert(padded.size() - 2, ",\"pad\":\"" + filler + "\"");
  BOOST_REQUIRE(padded.size() == limits::kAuditLineBytesMax);
  BOOST_TEST(finding(Log{log[0], padded}) == "whole");
  padded.insert(padded.size() - 3, "x");
  BOOST_TEST(finding(Log{log[0], padded}) == at("not an audit record", 2));
  Verifier bytewise;
  for (const char c : log[0] + padded) bytewise.feed(std::string_view(&c, 1));
  BOOST_TEST(finding(bytewise.finish()) == at("not an audit record", 2));
  BOOST_TEST(finding(Log{std::string(1 << 20, '{')}) == at("incomplete last line", 1));
}

BOOST_AUTO_TEST_CASE(a_chain_that_does_not_start_at_its_beginning_is_found) {
  Log log = small_log();
  log.erase(log.begin());
  BOOST_TEST(finding(log) == at("missing", 1));
  BOOST_TEST(!verify_log("/nonexistent/audit.jsonl").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
