// Is every rule of the decision kept, and said in the right words? Runs tests/vectors/decide (its
// README explains the files), and asks what a line of text cannot: that decide and describe answer
// anything at all.
#include <charconv>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "policy/describe.h"
#include "policy/units.h"
#include "support/test_config.h"
#include "support/vectors.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

std::uint64_t number_of(const std::string& digits) {
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, number);
  BOOST_REQUIRE((error == std::errc{} && rest == end));
  return number;
}

// A case of a vector file: a configuration under construction, then operations on its snapshot.
class Case {
 public:
  void add_tier(const std::string& line) {
    const std::string name = words_of(line).at(0);
    config_.policy() += "tier { name: \"" + name + "\" " + line.substr(name.size()) + " }\n";
  }
  void set_device(const std::string& line) {
    header_.clear();
    row_.clear();
    for (const std::string& word : words_of(line)) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos) {
        device_ = word;
      } else {
        header_ += "," + word.substr(0, equals);
        row_ += "," + word.substr(equals + 1);
      }
    }
  }
  void add_permit(const std::string& line) {
    std::string methods, body, rate, service = "historian";
    const std::vector<std::string> words = words_of(line);
    std::istringstream in(words.at(1));
    for (std::string method; std::getline(in, method, '|');)
      methods += "method: \"" + method + "\" ";
    for (std::size_t i = 3; i < words.size(); ++i) {
      if (words[i] == "on") {
        service = words.at(++i);
      } else if (words[i] == "of") {
        body += "content_type: \"" + words.at(++i) + "\" ";
      } else if (words[i] == "into") {
        body += "upgrade: \"" + words.at(++i) + "\" ";
      } else if (words[i] == "rate") {
        const std::string limit = words.at(++i), per = words.at(++i), burst = words.at(++i);
        rate = "rate { limit: " + limit + " per: \"" + per + "\" burst: " + burst + " } ";
      } else {
        body += "max_body: \"" + words[i] + "\" ";
      }
    }
    permits_ += "  permit { name: \"" + words[0] + "\" service: \"" + service + "\" http { " +
                methods + path_of(words.at(2)) + body + "} " + rate + "}\n";
  }
  void set_function(const std::string& line) { function_ = line; }
  void set_assurance(const std::string& digits) {
    assurance_ = static_cast<int>(number_of(digits));
  }
  void set_trusted() { trusted_ = true; }
  void set_budget(const std::string& line) {
    const std::vector<std::string> words = words_of(line);
    Budget& budget = budgets_.of[words.at(0)];
    const std::string& state = words.at(1);
    if (state == "left" || state == "unknown") {
      budget.state = state == "left" ? Budget::State::kLeft : Budget::State::kUnknown;
    } else {
      budget = {Budget::State::kSpent, parse_duration(state).value()};
    }
  }
  void set_lifetime(const std::string& text) { lifetime_ = parse_duration(text).value(); }

  // ask judges "METHOD PATH [body=...]" and returns the answer in the language of the vectors.
  struct Answer {
    std::string outcome, sentence;
  };
  Answer ask(const std::string& line) {
    const std::vector<std::string> words = words_of(line);
    HttpOperation operation{.method = words.at(0), .path = words.at(1)};
    for (std::size_t i = 2; i < words.size(); ++i) {
      const std::size_t equals = words[i].find('=');
      const std::string what = words[i].substr(0, equals), value = words[i].substr(equals + 1);
      if (what == "type") {
        operation.content_type = std::string_view(words[i]).substr(equals + 1);
      } else if (what == "upgrade") {
        operation.upgrade = std::string_view(words[i]).substr(equals + 1);
      } else if (value == "chunked") {
        operation.body_bytes.reset();
      } else {
        operation.body_bytes = number_of(value);
      }
    }
    return ask(operation);
  }
  Answer ask(const HttpOperation& operation) {
    if (snapshot_ == nullptr) load();
    const Facts facts{*snapshot_->device(device_), lifetime_, trusted_, assurance_,
                      budgets_.of.empty() ? nullptr : &budgets_};
    const Decision decision = decide(facts, operation);
    if (decision.allowed()) BOOST_TEST(decision.body_bytes_max == decision.permit->body_bytes_max);
    BOOST_TEST(decision.spends_rate == (decision.allowed() && decision.permit->rate.has_value()));
    BOOST_TEST((decision.wait_ms > 0) == (decision.reason == Reason::rate_limited));
    return {(decision.allowed() ? "allow" : std::string(to_string(decision.reason))) + " " +
                (decision.permit != nullptr ? decision.permit->name : "-"),
            describe(decision, facts, operation)};
  }

 private:
  // "~" marks an expression, as no path begins with it.
  static std::string path_of(const std::string& word) {
    return word[0] == '~' ? "path_regex: \"" + word.substr(1) + "\" " : "path: \"" + word + "\" ";
  }
  void load() {
    config_.policy() += "service { name: \"recipes\" endpoint: \"10.20.0.6:8080\" }\n";
    config_.policy() += "function {\n  name: \"f\" " + function_ + "\n" + permits_ + "}\n";
    config_.inventory() = "device_id,function,identity_type,identity,trust" + header_ + "\n" +
                          device_ + ",f,cn," + device_ + ",plant" + row_ + "\n";
    snapshot_ = snapshot_of(config_);
  }

  // What each permit has left, by its name; a permit that is not named has budget.
  struct Table final : Budgets {
    std::map<std::string, Budget> of;
    Budget left(const Permit& permit) override {
      BOOST_TEST(permit.rate.has_value(), "asked of a permit without a rate");
      return of.contains(permit.name) ? of.at(permit.name) : Budget{};
    }
  };

  TestConfig config_ = plant_config();
  std::string device_ = "d", header_, row_, permits_, function_;
  std::optional<Millis> lifetime_;
  bool trusted_ = false;
  int assurance_ = kUniqueKeyAssurance;
  Table budgets_;
  std::shared_ptr<const Snapshot> snapshot_;
};

// Runner reads a vector file and holds each answer against what the file says.
class Runner {
 public:
  void run(const std::string& file) {
    std::istringstream in(vector_file(file));
    for (std::string line; std::getline(in, line); ++number_) {
      BOOST_TEST_CONTEXT(file << ":" << number_ << " " << name_) { read(line); }
    }
    finish_answer();
    BOOST_TEST(num_answers_ > 0U);
  }

 private:
  void read(const std::string& line) {
    if (line.empty() || line[0] == '#') return;
    const std::size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (word == "=") {
      BOOST_TEST(answer_.sentence == rest);
      sentence_owed_ = false;
      return;
    }
    if (word == ">") {
      BOOST_TEST(answer_.outcome == rest);
      outcome_owed_ = false;
      sentence_owed_ = !rest.starts_with("allow");
      ++num_answers_;
      return;
    }
    finish_answer();
    if (word[0] == '[') {
      name_ = line;
      case_ = {};
    } else if (word == "tier") {
      case_.add_tier(rest);
    } else if (word == "device") {
      case_.set_device(rest);
    } else if (word == "permit") {
      case_.add_permit(rest);
    } else if (word == "lifetime") {
      case_.set_lifetime(rest);
    } else if (word == "function") {
      case_.set_function(rest);
    } else if (word == "assurance") {
      case_.set_assurance(rest);
    } else if (word == "trusted") {
      case_.set_trusted();
    } else if (word == "budget") {
      case_.set_budget(rest);
    } else {
      BOOST_REQUIRE_MESSAGE(word == "?", "not understood: " << line);
      answer_ = case_.ask(rest);
      outcome_owed_ = true;
    }
  }
  void finish_answer() {
    BOOST_TEST(!outcome_owed_, "an operation without its answer");
    BOOST_TEST(!sentence_owed_, "a refusal without its sentence");
    outcome_owed_ = sentence_owed_ = false;
  }

  std::string name_;
  Case case_;
  Case::Answer answer_;
  int number_ = 1, num_answers_ = 0;
  bool outcome_owed_ = false, sentence_owed_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_operation)

BOOST_AUTO_TEST_CASE(permits) { Runner().run("decide/permits.txt"); }

BOOST_AUTO_TEST_CASE(kinds_of_body) { Runner().run("decide/content_types.txt"); }

BOOST_AUTO_TEST_CASE(upgrades) { Runner().run("decide/upgrades.txt"); }

BOOST_AUTO_TEST_CASE(rates) { Runner().run("decide/rates.txt"); }

BOOST_AUTO_TEST_CASE(paths) { Runner().run("decide/paths.txt"); }

BOOST_AUTO_TEST_CASE(what_site_and_tier_demand) { Runner().run("decide/device.txt"); }

// The codec never yields such a path; were it to, no permit would cover it.
BOOST_AUTO_TEST_CASE(a_path_without_its_slash_is_covered_by_nothing) {
  Case one;
  one.add_permit("status GET /v1/status");
  one.add_permit("root GET /");
  for (const char* path : {"", "*", "x", "v1/status", "xv1/status"}) {
    const Case::Answer answer = one.ask(HttpOperation{.method = "GET", .path = path});
    BOOST_TEST(answer.outcome.starts_with("no_permit "), path);
    BOOST_TEST(!answer.sentence.empty());
  }
}

BOOST_AUTO_TEST_CASE(any_operation_has_an_answer_and_a_sentence) {
  Case one;
  one.set_device("temp-01 attr.line=3");
  one.add_permit("a GET /v1/*/x");
  one.add_permit("b POST|PUT /v1/{device.id}/{device.line}/ 1KiB");
  one.add_permit("c GET /");
  constexpr unsigned kSeed = 20261123;
  std::mt19937 draw(kSeed);
  constexpr std::string_view kPieces[] = {"/",     "/v1", "/temp-01", "/3", "/x",   "x",
                                          "/%00",  "//",  "/..",      "*",  "{",    "\xff",
                                          "/\x01", "?q",  "/v1/",     "}",  "/a%2f"};
  constexpr std::string_view kEnds[] = {"", " body=0", " body=1025", " body=chunked"};
  constexpr std::string_view kMethods[] = {"GET", "PUT", "get", "\xff", "G{}T"};
  for (int round = 0; round < 3000; ++round) {
    std::string line(kMethods[draw() % std::size(kMethods)]);
    line += ' ';
    for (std::size_t n = 1 + draw() % 6; n > 0; --n) line += kPieces[draw() % std::size(kPieces)];
    line += kEnds[draw() % std::size(kEnds)];
    const Case::Answer answer = one.ask(line);
    BOOST_TEST((!answer.outcome.empty() && !answer.sentence.empty()), line << " seed " << kSeed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
