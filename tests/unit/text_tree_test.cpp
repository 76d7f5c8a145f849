// Does every token, field and byte of a configuration file know its place, and does each mistake of
// form show up once, where it is?
#include "policy/text_tree.h"

#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

struct Parsed {
  std::vector<Problem> problems;
  TextTree tree;
};

Parsed parse(std::string_view text) {
  Parsed out;
  Reporter report("f", out.problems);
  out.tree = TextTree::parse(text, report);
  report.finish();
  return out;
}

// The problems of `text`, one a line: "line:column: message".
std::string complaints(std::string_view text) {
  std::string out;
  for (const Problem& problem : parse(text).problems) {
    out += to_string(Problem{problem.at, problem.message, "", problem.warning}).substr(2) + "\n";
  }
  return out;
}

std::string hint_for(std::string_view text) {
  const auto problems = parse(text).problems;
  return problems.empty() ? "no problem" : problems[0].hint;
}

std::string place(const Position& at) {
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string value_of(std::string_view text) {
  const Parsed parsed = parse(text);
  BOOST_REQUIRE(parsed.problems.empty());
  return parsed.tree.root().fields().at(0).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(text_tree)

BOOST_AUTO_TEST_CASE(fields_know_their_places) {
  const Parsed parsed = parse(
      "site: \"plant\"  # where\n"
      "trust {\n"
      "\tname: 'a' crl { file: \"x\" } crl: { file: \"y\" }\n"
      "}\r\n"
      "list: [ONE, -2, \"three\"];\n");
  BOOST_TEST_REQUIRE(parsed.problems.empty());
  const Node& root = parsed.tree.root();
  BOOST_TEST(root.fields().size() == 5U);
  BOOST_TEST(place(root.field("site")->name_at()) == "1:1");
  BOOST_TEST(place(root.field("site")->value_at()) == "1:7");
  BOOST_TEST(root.field("site")->name_at().file == "f");
  const Node* trust = root.field("trust");
  BOOST_TEST((trust->kind() == Node::Kind::kBlock));
  BOOST_TEST(place(trust->value_at()) == "2:7");
  BOOST_TEST(place(trust->end_at()) == "4:1");
  BOOST_TEST(place(trust->field("name")->name_at()) == "3:2");
  BOOST_TEST(place(trust->field("crl", 1)->name_at()) == "3:30");
  BOOST_TEST(place(trust->field("crl", 1)->field("file")->value_at()) == "3:43");
  BOOST_TEST(trust->field("crl", 1)->field("file")->value() == "y");
  BOOST_TEST(trust->field("crl", 2) == nullptr);
  BOOST_TEST(trust->field("site") == nullptr);
  BOOST_TEST(root.field("list", 0)->value() == "ONE");
  BOOST_TEST(root.field("list", 1)->value() == "-2");
  BOOST_TEST((root.field("list", 1)->kind() == Node::Kind::kNumber));
  BOOST_TEST(root.field("list", 2)->value() == "three");
  BOOST_TEST(root.field("list", 2)->in_list());
  BOOST_TEST(place(root.field("list", 2)->value_at()) == "5:17");
  BOOST_TEST(place(root.field("list", 2)->name_at()) == "5:1");
  BOOST_TEST(place(root.end_at()) == "6:1");
}

BOOST_AUTO_TEST_CASE(nodes_stay_where_they_are_when_the_tree_moves) {
  Parsed parsed = parse("a { b: \"c\" }");
  const Node* node = parsed.tree.root().field("a")->field("b");
  const TextTree moved = std::move(parsed.tree);
  BOOST_TEST(node->value() == "c");
  BOOST_TEST(moved.root().field("a")->field("b") == node);
}

BOOST_AUTO_TEST_CASE(places_inside_strings_count_characters_and_see_through_escapes) {
  // Columns:                   1      7890 1      5  6     8
  const Parsed parsed = parse("path: '\u00e9\\n\\u00e9\U0001f600x' # so\n  \"yz\"");
  BOOST_TEST_REQUIRE(parsed.problems.empty());
  const Node& node = *parsed.tree.root().field("path");
  BOOST_TEST(node.value() == "\u00e9\n\u00e9\U0001f600xyz");
  const std::string_view expected[] = {"1:8",  "1:8",  "1:9",  "1:11", "1:11", "1:17", "1:17",
                                       "1:17", "1:17", "1:18", "2:4",  "2:5",  "2:6",  "2:6"};
  for (std::size_t byte = 0; byte < std::size(expected); ++byte) {
    BOOST_TEST(place(node.inside(byte)) == expected[byte], "byte " << byte);
  }
}

BOOST_AUTO_TEST_CASE(strings_have_the_escapes_of_protobuf) {
  BOOST_TEST(value_of(R"(a: "\a\b\f\n\r\t\v\\\?\'\"")") == "\a\b\f\n\r\t\v\\?'\"");
  BOOST_TEST(value_of(R"(a: "\101\12\x41\X4a\x4A1\u0041\U00000041")") == "A\nAJJ1AA");
  BOOST_TEST(value_of(R"(a: "\u20ac\U0001F600\ud83d\ude00")") == "\u20ac\U0001f600\U0001f600");
  BOOST_TEST(value_of(R"(a: 'say "x"')") == "say \"x\"");
  BOOST_TEST(value_of(R"(a: "it's" ' and ' "on")") == "it's and on");
}

BOOST_AUTO_TEST_CASE(escapes_that_mean_nothing_are_refused_where_they_stand) {
  for (const std::string_view escape :
       {R"(\q)", R"(\8)", R"(\400)", R"(\x)", R"(\xg)", R"(\u12)", R"(\u12g4)", R"(\U00110000)",
        R"(\ud800)", R"(\ude00)", R"(\ud83d\u0041)", R"(\U0000d83d\ude00)", R"(\ )"}) {
    BOOST_TEST(complaints("a: \"\u00e9" + std::string(escape) + "\"") ==
                   "1:6: this escape means nothing\n",
               escape);
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_no_file_should_hold_are_refused_where_they_stand) {
  BOOST_TEST(complaints("a: \"x\xff\xfe\"\nb: \"\xc3\"\n") ==
             "1:6: this is not UTF-8\n2:5: this is not UTF-8\n");
  BOOST_TEST(complaints("# \xff\n") == "1:3: this is not UTF-8\n");
  BOOST_TEST(complaints(std::string_view("a: \"x\0\"", 7)) ==
             "1:6: there is a control character here\n");
  BOOST_TEST(complaints("\x01 \x02 a: \"x\"") == "1:1: there is a control character here\n");
  BOOST_TEST(complaints("a: \"x\"\r# b\n") == "1:7: a carriage return stands alone\n");
  BOOST_TEST(complaints("# \u00e9 \u202e\n") ==
             "1:5: there is an invisible character here, or one that changes the order of the "
             "text\n");
  BOOST_TEST(complaints("\xff\xfe"
                        "a") == "1:1: the file is UTF-16\n");
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_a_warning_and_moves_nothing) {
  const Parsed parsed = parse(
      "\xef\xbb\xbf"
      "a: \"x\"");
  BOOST_TEST(complaints("\xef\xbb\xbf"
                        "a: \"x\"") == "1:1: warning: the file begins with a byte order mark\n");
  BOOST_TEST(place(parsed.tree.root().field("a")->name_at()) == "1:1");
  BOOST_TEST(place(parsed.tree.root().field("a")->inside(0)) == "1:5");
}

BOOST_AUTO_TEST_CASE(an_unterminated_string_is_named_at_its_quote) {
  BOOST_TEST(complaints("a: \"x\nb: 'y\r\nc: \"z\"\nd: \"\\\"\n") ==
             "1:4: the closing quote is missing\n2:4: the closing quote is missing\n"
             "4:4: the closing quote is missing\n");
  BOOST_TEST(complaints("a: \"\\") == "1:4: the closing quote is missing\n");
  BOOST_TEST(hint_for("a: 'x") == "end the text with ' on the same line");
}

BOOST_AUTO_TEST_CASE(habits_from_elsewhere_are_one_problem_each_with_their_cure) {
  BOOST_TEST(complaints("a = \"x\"\nb: \"y\"\n") == "1:3: \"=\" has no meaning here\n");
  BOOST_TEST(hint_for("a = \"x\"") == R"(a field and its value are written name: "value")");
  BOOST_TEST(complaints("a: /var/lib/x\nb: \"y\"") == "1:4: \"/var/lib/x\" has no meaning here\n");
  BOOST_TEST(complaints("// x\nb: \"y\"") == "1:1: \"//\" has no meaning here\n");
  BOOST_TEST(complaints("a: \u201cplant\u201d\nb: \"y\"") ==
             "1:4: \"\u201cplant\u201d\" has no meaning here\n");
  BOOST_TEST(hint_for("a: \u201cplant\u201d") == R"(write straight quotes: "value")");
  BOOST_TEST(hint_for("a:\u00a0\"x\"") == "this is a no-break space: write an ordinary one");
}

BOOST_AUTO_TEST_CASE(mistakes_of_form_are_named_once_and_the_rest_is_read) {
  BOOST_TEST(complaints("a \"x\"\nb: \"y\"\n") == "1:2: \":\" is missing after \"a\"\n");
  BOOST_TEST(complaints("a\nb: \"y\"\n") == "1:2: \":\" is missing after \"a\"\n");
  BOOST_TEST(complaints("a:\nb: \"y\"\n") == "1:1: \"a\" has no value\n");
  BOOST_TEST(complaints("t { a: }\nb: \"y\"") == "1:5: \"a\" has no value\n");
  BOOST_TEST(complaints("a: \"x\",, b: \"y\"\n") ==
             "1:8: the name of a field is expected here, not \",\"\n");
  BOOST_TEST(complaints("\"a\": \"x\"\nb: \"y\"\n") ==
             "1:1: the name of a field is expected here, not \"\"a\"\"\n");
  BOOST_TEST(complaints("5 { a: \"x\"\nb: \"y\" }\nc: -\nd: \"x\"") ==
             "1:1: the name of a field is expected here, not \"5\"\n3:1: \"c\" has no value\n");
  BOOST_TEST(complaints("a: []\nb: [\"x\" \"y\"]\nc: [[1]]\nd: [1,]\ne: \"x\"") ==
             "1:4: an empty list says nothing\n"
             "2:9: \",\" or \"]\" is expected here, in a list\n"
             "3:5: a list stands in a list\n"
             "4:1: \"d\" has no value\n");
  BOOST_TEST(complaints("t <\n a: \"x\"\n>\nu {\n>\n") ==
             "1:3: a block stands in braces\n5:1: a block ends with \"}\"\n");
  const Parsed parsed = parse("a 12\nb: \"y\"\n");
  BOOST_TEST(parsed.tree.root().field("a")->value() == "12");
  BOOST_TEST(parsed.tree.root().field("b")->value() == "y");
}

BOOST_AUTO_TEST_CASE(a_block_that_does_not_close_is_found_by_its_layout) {
  const std::string_view text =
      "function {\n"
      "  permit {\n"
      "    name: \"x\"\n"
      "}\n"
      "trust { name: \"y\" }\n";
  BOOST_TEST(complaints(text) == "1:10: the block that opens here does not close\n");
  BOOST_TEST(hint_for(text) ==
             "add \"}\"; by the layout, the block that opens in line 2 is the one that does not "
             "close");
  BOOST_TEST(!parse(text).tree.whole());
  BOOST_TEST(complaints("a { }\n}\nb: 1") == "2:1: no block is open that \"}\" could close\n");
  BOOST_TEST(parse("a { }\n}\nb: 1").tree.root().field("b") != nullptr);
}

BOOST_AUTO_TEST_CASE(blocks_nest_no_deeper_than_the_limit) {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "a {";
    return text + std::string(depth, '}') + "\nb: \"x\"";
  };
  BOOST_TEST(complaints(nested(limits::kConfigDepthMax)).empty());
  BOOST_TEST(complaints(nested(limits::kConfigDepthMax + 1)) ==
             "1:99: blocks are nested too deeply\n");
  BOOST_TEST(parse(nested(100'000)).tree.root().field("b") != nullptr);
}

BOOST_AUTO_TEST_CASE(a_file_is_no_larger_than_its_limits) {
  BOOST_TEST(complaints(std::string(limits::kConfigFileBytesMax, ' ')).empty());
  BOOST_TEST(complaints(std::string(limits::kConfigFileBytesMax + 1, ' ')) ==
             "1:1: the file is larger than 8388608 bytes\n");
  std::string text;
  for (std::size_t i = 1; i < limits::kConfigTokensMax; ++i) text += "#\n";
  BOOST_TEST(complaints(text).empty());
  BOOST_TEST(complaints(text + "#") == "1048576:1: the file holds more than 1048576 words\n");
}

BOOST_AUTO_TEST_CASE(problems_beyond_the_limit_are_counted) {
  std::string text;
  for (std::size_t i = 0; i < limits::kConfigErrorsMax + 7; ++i) text += "a:\n";
  const auto problems = parse(text + "b: \"x\"").problems;
  BOOST_TEST_REQUIRE(problems.size() == limits::kConfigErrorsMax + 1);
  BOOST_TEST(to_string(problems.back()) ==
             "f:101:1: from here on 7 more problems\n  correct the ones shown first");
  BOOST_TEST(has_errors(problems));
}

BOOST_AUTO_TEST_CASE(an_error_behind_too_many_warnings_still_refuses) {
  std::vector<Problem> problems;
  Reporter report("f", problems);
  for (std::size_t i = 0; i < limits::kConfigErrorsMax + 1; ++i) report.warning(1, 1, "w");
  BOOST_TEST(report.ok());
  report.error(9, 2, "e");
  report.finish();
  BOOST_TEST(!report.ok());
  BOOST_TEST(has_errors(problems));
  BOOST_TEST(to_string(problems.back().at) == "f:9:2");
}

BOOST_AUTO_TEST_CASE(quoted_text_cannot_steer_the_terminal) {
  BOOST_TEST(quoted("a\x1b[2J\xff\u009b\u00e9") == "\"a?[2J??\u00e9\"");
  BOOST_TEST(quoted(std::string(60, 'x')) == "\"" + std::string(60, 'x') + "\"");
  BOOST_TEST(quoted(std::string(61, 'x')) == "\"" + std::string(60, 'x') + "...\"");
}

namespace {

// Scribe writes a random file and remembers where it put everything.
class Scribe {
 public:
  explicit Scribe(unsigned seed) : random_(seed) {}

  struct Wrote {
    std::string name, value, name_at, value_at;
    std::vector<std::string> byte_at;
    std::vector<Wrote> fields;
  };
  std::string text;

  std::vector<Wrote> fields(int depth) {
    std::vector<Wrote> out;
    for (int count = pick(4); count >= 0; --count) out.push_back(field(depth));
    return out;
  }

 private:
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::string here() const { return std::to_string(line_) + ":" + std::to_string(column_); }
  void put(std::string_view character) {
    text += character;
    ++column_;
    if (character == "\n") {
      ++line_;
      column_ = 1;
    }
  }
  void put_all(std::string_view ascii) {
    for (const char c : ascii) put(std::string_view(&c, 1));
  }
  void space() {
    put(" ");
    for (int count = pick(3); count > 0; --count) {
      constexpr std::string_view kSpaces[] = {" ", "\t", "\n", "\r\n"};
      const std::string_view chosen = kSpaces[pick(4)];
      if (chosen == "\r\n") put("\r");
      put(chosen == "\r\n" ? "\n" : chosen);
    }
    if (pick(6) != 0) return;
    put_all("# it's ");
    put("\u00fc");
    put("\n");
  }
  Wrote field(int depth) {
    Wrote out;
    space();
    out.name = std::string(1, static_cast<char>('a' + pick(3)));
    out.name_at = here();
    put_all(out.name);
    if (depth > 0 && pick(3) == 0) {
      space();
      out.value_at = here();
      put("{");
      out.fields = fields(depth - 1);
      space();
      put("}");
    } else {
      put(":");
      space();
      out.value_at = here();
      string(out);
      for (; pick(4) == 0; string(out)) space();
    }
    if (pick(4) == 0) put(pick(2) == 0 ? ";" : ",");
    return out;
  }
  void string(Wrote& out) {
    struct Form {
      std::string_view value;
      std::vector<std::string_view> written;  // Character by character.
    };
    static const std::vector<Form> kForms = {{"x", {"x"}},
                                             {"\u00e9", {"\u00e9"}},
                                             {" ", {" "}},
                                             {"\U0001f600", {"\U0001f600"}},
                                             {"#", {"#"}},
                                             {"\n", {"\\", "n"}},
                                             {"\"", {"\\", "\""}},
                                             {"\\", {"\\", "\\"}},
                                             {"A", {"\\", "1", "0", "1"}},
                                             {"\u20ac", {"\\", "u", "2", "0", "a", "c"}},
                                             {"J", {"\\", "x", "4", "a"}}};
    const std::string_view quote = pick(2) == 0 ? "\"" : "'";
    put(quote);
    for (int count = pick(6); count > 0; --count) {
      const Form& form = kForms[static_cast<std::size_t>(pick(static_cast<int>(kForms.size())))];
      for (std::size_t i = 0; i < form.value.size(); ++i) out.byte_at.push_back(here());
      for (const std::string_view character : form.written) put(character);
      out.value += form.value;
    }
    put(quote);
  }

  std::mt19937 random_;
  int line_ = 1;
  int column_ = 1;
};

void compare(const std::vector<Scribe::Wrote>& wrote, const Node& block) {
  BOOST_TEST_REQUIRE(block.fields().size() == wrote.size());
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < wrote.size(); ++i) {
    const Node& node = block.fields()[i];
    BOOST_TEST(block.field(wrote[i].name, seen[wrote[i].name]++) == &node);
    BOOST_TEST(node.name() == wrote[i].name);
    BOOST_TEST(node.value() == wrote[i].value);
    BOOST_TEST(place(node.name_at()) == wrote[i].name_at);
    BOOST_TEST(place(node.value_at()) == wrote[i].value_at);
    for (std::size_t byte = 0; byte < wrote[i].byte_at.size(); ++byte) {
      BOOST_TEST(place(node.inside(byte)) == wrote[i].byte_at[byte]);
    }
    compare(wrote[i].fields, node);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(whatever_is_written_is_found_again_where_it_was_put) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      Scribe scribe(seed);
      const auto wrote = scribe.fields(4);
      const Parsed parsed = parse(scribe.text);
      BOOST_TEST_REQUIRE(parsed.problems.empty(), scribe.text);
      compare(wrote, parsed.tree.root());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
