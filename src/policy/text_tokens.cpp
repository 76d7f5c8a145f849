// The token pass. Everything between tokens is white space; every byte of the file is looked at
// exactly once, so that no part of it escapes the checks on encoding and invisible characters.
#include "policy/text_tokens.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace interlock::policy {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kSymbols = "{}[]<>:;,-";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// What people write out of habit, by its first character, and what to write here.
constexpr std::pair<std::string_view, std::string_view> kHabits[] = {
    {"=", R"(a field and its value are written name: "value")"},
    {"/", R"(a comment begins with "#"; a path stands in quotes)"},
    {"\xe2\x80\x9c", R"(write straight quotes: "value")"},
    {"\xe2\x80\x9d", R"(write straight quotes: "value")"},
    {"\xe2\x80\x9e", R"(write straight quotes: "value")"},
    {"\xe2\x80\x98", R"(write straight quotes: "value")"},
    {"\xe2\x80\x99", R"(write straight quotes: "value")"},
    {"\xc2\xa0", "this is a no-break space: write an ordinary one"}};

class Tokenizer {
 public:
  Tokenizer(std::string_view text, Reporter& report) : text_(text), report_(report) {}
  std::vector<Token> run();

 private:
  [[nodiscard]] bool done() const { return at_ == text_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool start();
  void step();
  void check(std::string_view character, std::size_t utf8_len);
  TokenKind take();
  TokenKind take_name();
  TokenKind take_number();
  TokenKind take_string();
  TokenKind take_comment();
  TokenKind take_unknown();
  void error(std::string message, std::string hint) {
    report_.error(line_, column_, std::move(message), std::move(hint));
  }

  std::string_view text_;
  Reporter& report_;
  std::size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
  int bad_line_ = 0;  // The last line that was reported for its characters: once is enough.
  Token token_;       // The one being taken; `len` is not known yet.
};

// start looks at the first bytes; false where the rest is not worth reading.
bool Tokenizer::start() {
  if (text_.size() > limits::kConfigFileBytesMax) {
    error("the file is larger than " + std::to_string(limits::kConfigFileBytesMax) + " bytes",
          "split it, and include the parts");
    return false;
  }
  if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff")) {
    error("the file is UTF-16", "save it as UTF-8");
    return false;
  }
  // Messages quote what they complain of, and a private key must never reach a terminal or journal.
  if (text_.find("-----BEGIN ") != std::string_view::npos) {
    error("this is a PEM file, not a configuration",
          "name keys and certificates in the configuration; they are not read as one");
    return false;
  }
  if (text_.starts_with(kByteOrderMark)) {
    report_.warning(line_, column_, "the file begins with a byte order mark",
                    "save it as UTF-8 without one");
    at_ = kByteOrderMark.size();
  }
  return true;
}

std::vector<Token> Tokenizer::run() {
  std::vector<Token> tokens;
  const bool readable = start();
  while (readable) {
    while (!done() && is_space(peek())) step();
    if (done()) break;
    if (tokens.size() + 1 == limits::kConfigTokensMax) {
      error("the file holds more than " + std::to_string(limits::kConfigTokensMax) + " words",
            "split it, and include the parts");
      break;
    }
    token_ = {TokenKind::kBad, static_cast<std::uint32_t>(at_), 0, line_, column_};
    token_.kind = take();
    token_.len = static_cast<std::uint32_t>(at_) - token_.offset;
    tokens.push_back(token_);
  }
  tokens.push_back({TokenKind::kEnd, static_cast<std::uint32_t>(at_), 0, line_, column_});
  return tokens;
}

// step passes one character, whatever it is.
void Tokenizer::step() {
  if (text_[at_] >= ' ' && text_[at_] < 0x7f) {  // Nearly always.
    ++at_;
    ++column_;
    return;
  }
  const std::size_t len = utf8_sequence_len(text_.substr(at_, 4));
  const std::string_view character = text_.substr(at_, std::max<std::size_t>(len, 1));
  if (character == "\n") {
    ++line_;
    column_ = 1;
  } else {
    check(character, len);
    ++column_;
  }
  at_ += character.size();
}

void Tokenizer::check(std::string_view character, std::size_t utf8_len) {
  if (character == "\t" || line_ == bad_line_) return;
  if (character == "\r" && peek(1) == '\n') return;
  if (utf8_len == 0) {
    error("this is not UTF-8", "save the file as UTF-8");
  } else if (character == "\r") {
    error("a carriage return stands alone", "end lines with LF, or with CR and LF");
  } else if (is_control(character)) {
    error("there is a control character here", "remove it");
  } else if (is_invisible(character)) {
    error("there is an invisible character here, or one that changes the order of the text",
          "remove it: the text could read differently from what it says");
  } else {
    return;
  }
  bad_line_ = line_;
}

TokenKind Tokenizer::take() {
  const char c = peek();
  if (is_letter(c)) return take_name();
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return take_number();
  if (c == '"' || c == '\'') return take_string();
  if (c == '#') return take_comment();
  if (kSymbols.find(c) == std::string_view::npos) return take_unknown();
  step();
  return TokenKind::kSymbol;
}

TokenKind Tokenizer::take_name() {
  const auto belongs = [](char c) { return is_letter(c) || is_digit(c); };
  while (belongs(peek()) || (peek() == '-' && belongs(peek(1)))) step();
  return TokenKind::kName;
}

TokenKind Tokenizer::take_number() {
  const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
  const auto joins = [this](char c) {  // An address, a network or a date without quotes.
    return (c == ':' || c == '/' || c == '-') && is_digit(peek(1));
  };
  while (is_letter(peek()) || is_digit(peek()) || peek() == '.' || joins(peek())) {
    const bool exponent = !hex && (peek() == 'e' || peek() == 'E');
    step();
    if (exponent && (peek() == '+' || peek() == '-')) step();
  }
  return TokenKind::kNumber;
}

TokenKind Tokenizer::take_string() {
  const char quote = peek();
  step();
  while (!done() && peek() != quote && peek() != '\n') {
    if (peek() == '\\' && peek(1) != '\n' && at_ + 1 < text_.size()) step();
    step();
  }
  if (peek() != quote) {
    report_.error(token_.line, token_.column, "the closing quote is missing",
                  std::string("end the text with ") + quote + " on the same line");
    return TokenKind::kBad;
  }
  step();
  token_.len = static_cast<std::uint32_t>(at_) - token_.offset;
  StringCursor cursor(text_, token_);
  while (cursor.next()) {
  }
  if (!cursor.bad()) return TokenKind::kString;
  report_.error(token_.line, column_at(text_, token_, cursor.offset()), "this escape means nothing",
                R"(write a backslash as "\\")");
  return TokenKind::kBad;
}

TokenKind Tokenizer::take_comment() {
  while (!done() && peek() != '\n' && !(peek() == '\r' && peek(1) == '\n')) step();
  return TokenKind::kComment;
}

// Takes the whole run of what has no meaning, so that it is one problem.
TokenKind Tokenizer::take_unknown() {
  const std::size_t begin = at_;
  const auto ends = [](char c) {
    return is_space(c) || c == '"' || c == '\'' || c == '#' ||
           std::string_view("{}[]<>;,").find(c) != std::string_view::npos;
  };
  do {
    step();
  } while (!done() && !ends(peek()));
  if (bad_line_ == line_) return TokenKind::kBad;
  const std::string_view run = text_.substr(begin, at_ - begin);
  std::string_view hint = "a text value stands in quotes";
  for (const auto& [habit, advice] : kHabits) {
    if (run.starts_with(habit)) hint = advice;
  }
  report_.error(token_.line, token_.column, quoted(run) + " has no meaning here",
                std::string(hint));
  return TokenKind::kBad;
}

std::string utf8(std::uint32_t code) {
  const auto tail = [code](unsigned shift) {
    return static_cast<char>(0x80 | (code >> shift & 0x3f));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

std::vector<Token> tokenize(std::string_view text, Reporter& report) {
  return Tokenizer(text, report).run();
}

int column_at(std::string_view text, const Token& token, std::size_t offset) {
  int column = token.column;
  for (std::size_t at = token.offset; at < offset; ++column) {
    at += std::max<std::size_t>(utf8_sequence_len(text.substr(at, 4)), 1);
  }
  return column;
}

StringCursor::StringCursor(std::string_view text, const Token& token)
    : text_(text),
      next_(token.offset + 1),
      end_(std::size_t{token.offset} + token.len - 1),
      offset_(next_) {}

bool StringCursor::next() {
  offset_ = next_;
  if (next_ >= end_) return false;
  if (text_[next_] == '\\') {
    bad_ = !escape();
    return !bad_;
  }
  const std::size_t len = utf8_sequence_len(text_.substr(next_, 4));
  bytes_ = text_.substr(next_, std::max<std::size_t>(len, 1));
  next_ += bytes_.size();
  return true;
}

// The escapes of protobuf's text format: one character, \ooo, \xhh, \uhhhh and \Uhhhhhhhh.
bool StringCursor::escape() {
  constexpr std::string_view kWritten = "abfnrtv\\?'\"";
  constexpr std::string_view kMeant = "\a\b\f\n\r\t\v\\?'\"";
  const char c = text_[next_ + 1];
  ++next_;
  if (const std::size_t index = kWritten.find(c); index != std::string_view::npos) {
    bytes_ = kMeant[index];
    ++next_;
    return true;
  }
  if (c == 'u') return unicode(4);
  if (c == 'U') return unicode(8);
  const bool hex = c == 'x' || c == 'X';
  if (hex) ++next_;
  const auto byte = hex ? digits(1, 2, 16) : digits(1, 3, 8);
  if (!byte.has_value() || *byte > 0xff) return false;
  bytes_ = static_cast<char>(*byte);
  return true;
}

bool StringCursor::unicode(std::size_t num_digits) {
  ++next_;
  auto code = digits(num_digits, num_digits, 16);
  if (!code.has_value() || *code > 0x10ffff) return false;
  if (*code >= 0xd800 && *code <= 0xdfff) {
    // A pair of surrogates, both written \uhhhh, is one character.
    if (num_digits != 4 || *code > 0xdbff ||
        !text_.substr(next_, end_ - next_).starts_with("\\u")) {
      return false;
    }
    next_ += 2;
    const auto low = digits(4, 4, 16);
    if (!low.has_value() || *low < 0xdc00 || *low > 0xdfff) return false;
    code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
  }
  bytes_ = utf8(*code);
  return true;
}

// digits reads `min` to `max` digits of `base`.
std::optional<std::uint32_t> StringCursor::digits(std::size_t min, std::size_t max, int base) {
  const char* const begin = text_.data() + next_;
  const char* const end = begin + std::min(max, end_ - next_);
  std::uint32_t value = 0;
  const auto [rest, error] = std::from_chars(begin, end, value, base);
  if (error != std::errc{} || static_cast<std::size_t>(rest - begin) < min) return std::nullopt;
  next_ += static_cast<std::size_t>(rest - begin);
  return value;
}

}  // namespace interlock::policy
