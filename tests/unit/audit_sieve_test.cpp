// Does the sieve let through every line that its filter wants, and few others? Method: random
// records with awkward texts, and filters made from them; and lines that are no records.
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "audit/format.h"
#include "audit/log.h"
#include "audit/sieve.h"

using namespace interlock;
using namespace interlock::audit;

namespace {

std::string line_of(const AuditRecord& record, std::uint64_t seq) {
  std::string members, line;
  append_fields(members, record);
  Envelope("g").append_line(line, seq, members, {});
  line.pop_back();
  return line;
}

bool matches(const Filter& filter, const std::string& line) {
  Entry entry{.file = {}, .number = 1, .line = line, .is_record = false, .members = {}};
  entry.is_record = parse_line(line, &entry.members).has_value();
  return filter.matches(entry);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_sieve)

BOOST_AUTO_TEST_CASE(no_line_that_is_wanted_is_lost) {
  const std::vector<std::string> texts = {
      "press-07", "press-08", "a\"b", "back\\slash", "tab\t", "caf\u00e9", "caf\xe9", "\x7f", ","};
  std::mt19937_64 chance(1);
  const auto some = [&]() -> const std::string& { return texts[chance() % texts.size()]; };
  std::size_t num_wanted = 0, num_passed = 0, num_all = 0;
  for (int i = 0; i < 2'000; ++i) {
    AuditRecord record;
    record.time = WallTime{static_cast<std::int64_t>(chance() % 5'000)};
    record.session = chance() % 30;
    record.device = some();
    record.detail = some();
    const std::string peer = "192.0.2." + std::to_string(chance() % 3) + ":1";
    record.peer = peer;
    const std::string path = "/v1/" + some();
    record.path = path;
    const std::string line = line_of(record, 1 + chance() % 3'000);
    Filter filter;
    if (chance() % 2 == 0) filter.equal.emplace_back("device", unescaped(some()));
    if (chance() % 3 == 0) filter.equal.emplace_back("session", std::to_string(chance() % 30));
    if (chance() % 3 == 0) filter.equal.emplace_back("detail", some());
    if (chance() % 3 == 0) filter.peer = "192.0.2.1";
    if (chance() % 3 == 0) filter.path_prefix = "/v1/" + some();
    if (chance() % 4 == 0) filter.since = "1970-01-01T00:00:02.000Z";
    if (chance() % 4 == 0) filter.until = "1970-01-01T00:00:03.000Z";
    const bool wanted = matches(filter, line), passed = Sieve(filter).may_match(line);
    BOOST_REQUIRE_MESSAGE(!wanted || passed, line);
    ++num_all;
    num_wanted += wanted ? 1 : 0;
    num_passed += passed ? 1 : 0;
  }
  BOOST_TEST(num_wanted > 100U);
  BOOST_TEST(num_passed < num_all / 2);
}

BOOST_AUTO_TEST_CASE(what_is_no_record_at_first_sight_is_never_kept_back) {
  const Sieve sieve({.equal = {{"device", "x"}}, .since = "9"});
  AuditRecord record;
  const std::string line = line_of(record, 1);
  BOOST_TEST(!sieve.may_match(line));
  for (const std::string& odd :
       {std::string(), std::string("nonsense"), line.substr(1), line.substr(0, line.size() - 1),
        std::string(R"({"v":1,"seq":1})"), std::string(R"({"v":1,"seq":)")})
    BOOST_TEST(sieve.may_match(odd));
}

BOOST_AUTO_TEST_SUITE_END()
