// Do tree and set together find exactly what a matcher finds that anyone can follow? Patterns and
// expressions are drawn from few pieces, so that they often meet; a failure prints its seed.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "policy/paths.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

constexpr unsigned kRounds = 3000;

// --- Matching, as plainly as it can be said
// -------------------------------------------------------

// A pattern covers what is left of a path where its first segment covers the first of the path, and
// its others the others. Both begin with "/" or are over.
bool pattern_covers(const std::string& pattern, const std::string& path, const Device& device) {
  if (pattern == "/**") return !path.empty();
  if (pattern.empty() || path.empty()) return pattern.empty() && path.empty();
  const std::size_t end = std::min(pattern.find('/', 1), pattern.size());
  const std::size_t path_end = std::min(path.find('/', 1), path.size());
  const std::string first = pattern.substr(1, end - 1), name = path.substr(1, path_end - 1);
  const bool covered = first == "*"             ? !name.empty()
                       : first == "{device.id}" ? name == device.id
                                                : name == first;
  return covered && pattern_covers(pattern.substr(end), path.substr(path_end), device);
}

// An expression of atoms (a character, "." or "[ab]"), each with "?", "*" or nothing behind it.
bool expression_covers(const std::string& regex, const std::string& path) {
  if (regex.empty()) return path.empty();
  const std::size_t end = regex[0] == '[' ? 4 : 1;
  const char mark = regex.size() > end ? regex[end] : '\0';
  const bool one = !path.empty() && (regex[0] == '.'   ? true
                                     : regex[0] == '[' ? path[0] == 'a' || path[0] == 'b'
                                                       : path[0] == regex[0]);
  if (mark != '?' && mark != '*')
    return one && expression_covers(regex.substr(end), path.substr(1));
  return expression_covers(regex.substr(end + 1), path) ||
         (one && expression_covers(mark == '*' ? regex : regex.substr(end + 1), path.substr(1)));
}

// --------------------------------------------------------------------------------------------------

// Cover is one permit's path: a pattern or an expression.
struct Cover {
  std::string text;
  bool is_regex = false;

  [[nodiscard]] bool covers(const std::string& path, const Device& device) const {
    return is_regex ? expression_covers(text, path) : pattern_covers(text, path, device);
  }
};

using Numbers = std::vector<std::uint32_t>;

// The numbers, as in `numbers`, of those covers that the compiled paths find.
Numbers found(const std::vector<Cover>& covers, const Numbers& numbers, const std::string& path,
              const Device& device) {
  Paths paths;
  for (std::size_t i = 0; i < covers.size(); ++i) {
    if (covers[i].is_regex) {
      paths.add(PathRegex::parse(covers[i].text).value(), numbers[i]);
    } else {
      paths.add(parse_path_pattern(covers[i].text).value(), numbers[i]);
    }
  }
  BOOST_REQUIRE(paths.compile());
  Numbers out;
  BOOST_REQUIRE(paths.match(path, device, [&](std::uint32_t number) { out.push_back(number); }));
  std::sort(out.begin(), out.end());
  return out;
}

class Generator {
 public:
  explicit Generator(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t n) { return engine_() % n; }
  std::string one_of(std::initializer_list<const char*> words) {
    return words.begin()[below(words.size())];
  }
  std::string path(std::initializer_list<const char*> words) {
    std::string out;
    for (std::size_t n = 1 + below(3); n > 0; --n) out += "/" + one_of(words);
    return out;
  }
  Cover cover() {
    if (below(2) == 0) {
      const std::string text = path({"a", "b", "*", "{device.id}"});
      return {below(3) == 0 ? text + "/**" : below(6) == 0 ? text + "/" : text, false};
    }
    std::string text = "/";
    for (std::size_t n = 1 + below(5); n > 0; --n)
      text += one_of({"a", "b", "/", ".", "[ab]"}) + one_of({"", "", "?", "*"});
    return {text, true};
  }
  std::vector<Cover> covers() {
    std::vector<Cover> out;
    for (std::size_t n = below(9); n > 0; --n) {
      Cover one = cover();
      // "/?" and "//" may make an expression that no path fits: loading refuses it.
      if (!one.is_regex || PathRegex::parse(one.text)) out.push_back(std::move(one));
    }
    return out;
  }
  std::string request() {
    const std::string out = path({"a", "b", "ab", "ba", "a", "c", "*", "**"});
    return below(5) == 0 ? out + "/" : below(20) == 0 ? "/" : out;
  }

 private:
  std::mt19937 engine_;
};

Numbers numbered(std::size_t count) {
  Numbers out(count);
  for (std::uint32_t i = 0; i < count; ++i) out[i] = i;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(paths_property)

BOOST_AUTO_TEST_CASE(what_is_found_is_what_the_plain_matcher_finds) {
  std::size_t num_patterns = 0, num_expressions = 0, num_missed = 0;
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Generator draw(seed);
    const std::vector<Cover> covers = draw.covers();
    const Device device{.id = draw.one_of({"a", "b", "ab"})};
    const std::string path = draw.request();
    Numbers expected;
    for (std::uint32_t i = 0; i < covers.size(); ++i) {
      if (covers[i].covers(path, device)) {
        expected.push_back(i);
        ++(covers[i].is_regex ? num_expressions : num_patterns);
      } else {
        ++num_missed;
      }
    }
    BOOST_REQUIRE_MESSAGE(found(covers, numbered(covers.size()), path, device) == expected,
                          path << " seed " << seed);
  }
  // The generator reaches what matters.
  BOOST_TEST(num_patterns > 300U);
  BOOST_TEST(num_expressions > 300U);
  BOOST_TEST(num_missed > 300U);
}

// No permit lends or takes anything of another: without one, exactly the others are left.
BOOST_AUTO_TEST_CASE(one_permit_less_changes_nothing_for_the_others) {
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Generator draw(seed);
    std::vector<Cover> covers = draw.covers();
    if (covers.empty()) continue;
    const Device device{.id = draw.one_of({"a", "b", "ab"})};
    const std::string path = draw.request();
    Numbers numbers = numbered(covers.size());
    Numbers expected = found(covers, numbers, path, device);
    const std::size_t gone = draw.below(covers.size());
    covers.erase(covers.begin() + static_cast<std::ptrdiff_t>(gone));
    numbers.erase(numbers.begin() + static_cast<std::ptrdiff_t>(gone));
    expected.erase(std::remove(expected.begin(), expected.end(), gone), expected.end());
    BOOST_REQUIRE_MESSAGE(found(covers, numbers, path, device) == expected,
                          path << " seed " << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
