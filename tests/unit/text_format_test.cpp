// Does formatting keep what a file says, every comment in it, and itself?
#include "policy/text_format.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "policy/text_tree.h"

using namespace interlock::policy;

namespace {

std::string formatted(std::string_view text) {
  std::vector<Problem> problems;
  const auto result = format_text("f", text, problems);
  BOOST_REQUIRE_MESSAGE(result, (problems.empty() ? "" : to_string(problems.front())));
  return *result;
}

void check(std::string_view text, std::string_view expected) {
  BOOST_TEST(formatted(text) == expected);
  BOOST_TEST(formatted(expected) == expected);
}

std::string refusal(std::string_view text) {
  std::vector<Problem> problems;
  BOOST_TEST(!format_text("f", text, problems));
  return problems.empty() ? "" : to_string(problems.front().at);
}

// The words of a file without what formatting may take away or move: layout, separators, the colon
// before a block, the place of comments.
struct Words {
  std::vector<std::string> values, comments;
  bool operator==(const Words&) const = default;
};
Words words(std::string_view text) {
  std::vector<Problem> problems;
  Reporter report("f", problems);
  Words out;
  for (const Token& token : tokenize(text, report)) {
    std::string word(text.substr(token.offset, token.len));
    while (word.ends_with(' ')) word.pop_back();
    if (token.kind == TokenKind::kComment) {
      out.comments.push_back(word);
    } else if (word != ":" && word != "," && word != ";") {
      out.values.push_back(word);
    }
  }
  std::sort(out.comments.begin(), out.comments.end());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(text_format)

BOOST_AUTO_TEST_CASE(fields_and_blocks_get_their_lines_and_indents) {
  check("a:1;b :\"x\", c{d:- 2 e: [ 1,2 ]\n}", "a: 1\nb: \"x\"\nc {\n  d: -2\n  e: [1, 2]\n}\n");
  check("c:{}\nd {\n\n}", "c {}\nd {}\n");
  check("", "");
}

BOOST_AUTO_TEST_CASE(a_block_on_one_line_stays_there_while_it_fits) {
  check("a { b: 1, c { d: 'x' } }", "a { b: 1 c { d: 'x' } }\n");
  const std::string value(kFormatColumnsMax - std::string_view("a { b: \"\" }").size(), 'v');
  check("a{b:\"" + value + "\"}", "a { b: \"" + value + "\" }\n");
  check("a{b:\"" + value + "v\"}", "a {\n  b: \"" + value + "v\"\n}\n");
  // Columns are characters, not bytes.
  std::string umlauts;
  for (std::size_t i = 0; i < value.size(); ++i) umlauts += "\u00fc";
  check("a{b:\"" + umlauts + "\"}", "a { b: \"" + umlauts + "\" }\n");
}

BOOST_AUTO_TEST_CASE(comments_stay_where_they_belong) {
  check("# top\na: 1   # behind\n\n\n\n  # own\nb { # opens\n# inside\nc: 2 } # closes\n# end",
        "# top\na: 1  # behind\n\n# own\nb {  # opens\n  # inside\n  c: 2\n}  # closes\n# end\n");
  check("a: 1 # first\n; b: 2", "a: 1  # first\nb: 2\n");
}

BOOST_AUTO_TEST_CASE(a_comment_inside_a_field_moves_before_it) {
  check("a: # why\n  1", "# why\na: 1\n");
  check("a # block\n{ b: 1 }", "# block\na { b: 1 }\n");
  check("l: [ 1, # one\n 2 ] # both", "# one\nl: [1, 2]  # both\n");
  check("s: \"a\" # half\n  \"b\" # whole", "# half\ns: \"a\"\n    \"b\"  # whole\n");
  check("s: - # minus\n 1", "# minus\ns: -1\n");
}

BOOST_AUTO_TEST_CASE(empty_lines_are_kept_singly_and_never_at_the_ends_of_a_block) {
  check("\n\na: 1\n\n\n\nb {\n\n  c: 1\n\n  d: 2\n\n}\n\n", "a: 1\n\nb {\n  c: 1\n\n  d: 2\n}\n");
}

BOOST_AUTO_TEST_CASE(strings_keep_their_spelling_and_their_lines) {
  check("a: 'x\\'' \"\\x41\"\n\"z\"", "a: 'x\\'' \"\\x41\"\n    \"z\"\n");
}

BOOST_AUTO_TEST_CASE(line_ends_and_the_byte_order_mark_become_ordinary) {
  check(
      "\xef\xbb\xbf"
      "a: 1\r\n# c\r\nb: 2\r\n",
      "a: 1\n# c\nb: 2\n");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_form_is_refused_with_its_place) {
  BOOST_TEST(refusal("a: 1\nb {") == "f:2:3");
  BOOST_TEST(refusal("a: 1\n b < c: 1 >") == "f:2:4");
  BOOST_TEST(refusal("a: \"x\n") == "f:1:4");
  BOOST_TEST(refusal("}") == "f:1:1");
}

// Every configuration of the fuzzers' corpora that has the right form.
BOOST_AUTO_TEST_CASE(no_word_is_lost_and_formatting_again_changes_nothing) {
  std::size_t num_formatted = 0;
  for (const char* corpus : {"config_text", "text_format"}) {
    const auto folder = std::filesystem::path(INTERLOCK_SOURCE_DIR) / "tests/fuzz/corpus" / corpus;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      std::ifstream in(file.path(), std::ios::binary);
      const std::string text(std::istreambuf_iterator<char>(in), {});
      std::vector<Problem> problems;
      const auto once = format_text("f", text, problems);
      if (!once) continue;
      ++num_formatted;
      BOOST_TEST_CONTEXT(file.path()) {
        BOOST_TEST((words(*once) == words(text)));
        BOOST_TEST(formatted(*once) == *once);
      }
    }
  }
  BOOST_TEST(num_formatted >= 5);
}

BOOST_AUTO_TEST_SUITE_END()
