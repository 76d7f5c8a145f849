// Does the byte table hold? Runs every vector of tests/vectors/http1 (its README explains the
// files) whole, byte by byte, split at each position, cut short at each length, and with bytes
// behind it. However the bytes arrive, the decoders must say the same.
#include "support/http1_vectors.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "support/http1_drive.h"
#include "wire/http1/target.h"

using namespace interlock;
using namespace interlock::http1;
using namespace interlock::http1::testing;

namespace {

using Lines = std::vector<std::string>;

bool is_field(const std::string& line) { return line.starts_with("field "); }
bool is_failure(const std::string& line) {
  return line.starts_with("refuse ") || line.starts_with("error ");
}

// What a vector expects: field lines count only where it names any.
Lines relevant(Lines lines, const Vector& vector) {
  if (std::none_of(vector.expected.begin(), vector.expected.end(), is_field)) {
    std::erase_if(lines, is_field);
  }
  return lines;
}

// Cut input may stop earlier, and within a body, but may not say anything else.
bool is_beginning_of(const Lines& cut, const Lines& whole) {
  if (cut.size() > whole.size()) return false;
  for (std::size_t i = 0; i < cut.size(); ++i) {
    const bool last_body = i + 1 == cut.size() && cut[i].starts_with("body ");
    if (last_body ? !whole[i].starts_with(cut[i]) : cut[i] != whole[i]) return false;
  }
  return true;
}

std::string joined(const Lines& lines) {
  std::string out;
  for (const std::string& line : lines) out += "\n    " + line;
  return out;
}

// Runner holds what differs between requests and responses.
template <class Decoder>
struct Runner {
  const Vector& vector;

  Transcript run(const std::vector<std::string_view>& pieces, bool eof) const {
    if constexpr (std::is_same_v<Decoder, RequestDecoder>) {
      RequestDecoder decoder;
      return drive(decoder, pieces, eof);
    } else {
      ResponseScript decoder(vector.methods);
      return drive(decoder, pieces, eof);
    }
  }

  void check_all() const {
    const Transcript whole = run({vector.bytes}, vector.eof);
    const Lines lines = relevant(whole.lines, vector);
    BOOST_TEST((lines == vector.expected), "got" << joined(lines));
    BOOST_TEST((run(in_bytes(vector.bytes), vector.eof) == whole), "byte by byte");
    for (std::size_t at = 0; at <= vector.bytes.size(); ++at) {
      BOOST_TEST((run(split_at(vector.bytes, at), vector.eof) == whole), "split at " << at);
    }
    check_cut_short(whole);
    check_bytes_behind(whole);
  }

  void check_cut_short(const Transcript& whole) const {
    const bool ends_by_close = std::any_of(
        whole.lines.begin(), whole.lines.end(),
        [](const std::string& line) { return line.find("until-close") != std::string::npos; });
    for (std::size_t len = 0; len < vector.bytes.size(); ++len) {
      const std::string_view cut = std::string_view(vector.bytes).substr(0, len);
      Lines lines = run({cut}, false).lines;
      BOOST_TEST(is_beginning_of(lines, whole.lines), "cut at " << len << joined(lines));
      if (ends_by_close) continue;  // The one framing whose end a cut can fake.
      lines = run({cut}, true).lines;
      if (!lines.empty() && is_failure(lines.back())) lines.pop_back();
      BOOST_TEST(is_beginning_of(lines, whole.lines), "ended at " << len << joined(lines));
    }
  }

  // Bytes behind a failure change nothing. Behind a complete message they are the next one.
  void check_bytes_behind(const Transcript& whole) const {
    if (vector.eof || whole.lines.empty()) return;
    const std::string more = vector.bytes + "GET /next HTTP/1.1\r\nHost: n\r\n\r\n";
    const Transcript with_more = run({more}, false);
    Transcript expected = whole;
    if (whole.lines.back() == "end") {
      if constexpr (std::is_same_v<Decoder, RequestDecoder>) {
        expected.lines.insert(expected.lines.end(),
                              {"head GET /next host=n no-body keep-alive", "field Host: n", "end"});
        expected.consumed = more.size();
      } else {
        expected.lines.emplace_back("error malformed");
        expected.consumed = 0;
      }
    } else if (!is_failure(whole.lines.back())) {
      return;
    }
    BOOST_TEST((with_more == expected), "with bytes behind it" << joined(with_more.lines));
  }
};

template <class Decoder>
void check_file(const std::string& file) {
  for (const Vector& vector : load_vectors(file)) {
    BOOST_TEST_CONTEXT(file << " [" << vector.name << "]") { Runner<Decoder>{vector}.check_all(); }
  }
}

Lines describe(const Parsed<Target>& target) {
  if (!target) {
    return {"refuse " + std::string(to_string(target.error().reason)) + " " +
            std::to_string(target.error().status)};
  }
  Lines lines{"path " + escape(target->path)};
  if (target->has_query) lines.push_back("query " + escape(target->query));
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http1_vectors)

BOOST_AUTO_TEST_CASE(requests) {
  check_file<RequestDecoder>("requests.txt");
  check_file<RequestDecoder>("fields.txt");
}

BOOST_AUTO_TEST_CASE(responses) { check_file<ResponseScript>("responses.txt"); }

BOOST_AUTO_TEST_CASE(targets) {
  for (const Vector& vector : load_vectors("targets.txt")) {
    BOOST_TEST_CONTEXT("targets.txt [" << vector.name << "]") {
      const auto target = parse_target(vector.bytes);
      BOOST_TEST((describe(target) == vector.expected), "got" << joined(describe(target)));
      if (!target) continue;
      const auto again = parse_target(target->path);
      BOOST_TEST((again && again->path == target->path), "canonical paths are fixed points");
    }
  }
}

// A vector that is lost is a rule that is not tested, and one that is not listed belongs to no
// rule.
BOOST_AUTO_TEST_CASE(every_case_of_the_rules_has_its_vector_and_its_verdict) {
  std::map<std::string, bool> refused;
  for (const char* file : {"requests.txt", "fields.txt", "responses.txt", "targets.txt"}) {
    for (const Vector& vector : load_vectors(file)) {
      const bool fresh = refused.emplace(vector.name, !vector.refusal().empty()).second;
      BOOST_TEST(fresh, "two vectors are called " << vector.name);
    }
  }
  std::istringstream rules(test::vector_file("http1/rules.txt"));
  std::set<std::string> listed;
  for (std::string line; std::getline(rules, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string verdict;
    std::string name;
    std::string test_case;
    words >> verdict >> name >> test_case;
    BOOST_TEST_CONTEXT(line) {
      if (verdict == "T") {
        const std::string test = test::vector_file("../" + name);
        BOOST_TEST((!test_case.empty() && test.find(test_case) != std::string::npos));
        continue;
      }
      BOOST_TEST((verdict == "R" || verdict == "N" || verdict == "F"));
      BOOST_TEST(listed.insert(name).second);
      BOOST_REQUIRE(refused.contains(name));
      BOOST_TEST(refused[name] == (verdict == "R"));
    }
  }
  for (const auto& [vector, is_refused] : refused) {
    BOOST_TEST(listed.contains(vector), vector << " is not in rules.txt");
  }
}

BOOST_AUTO_TEST_SUITE_END()
