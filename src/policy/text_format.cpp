// One walk over the tokens of a file whose form is right, so that every step may rely on what comes
// next: a field is a name, perhaps a colon, and a value: scalars, a list or a block.
#include "policy/text_format.h"

#include <utility>

#include "base/text.h"
#include "policy/text_tree.h"

namespace interlock::policy {
namespace {

constexpr std::size_t kIndent = 2;

std::size_t num_columns(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return columns;
}

class Formatter {
 public:
  explicit Formatter(const Source& source) : text_(source.text), tokens_(source.tokens) {}

  std::string run() {
    fields(0);
    return std::move(out_);
  }

 private:
  [[nodiscard]] const Token& token() const { return tokens_[at_]; }
  [[nodiscard]] std::string_view word(std::size_t at) const {
    return std::string_view(text_).substr(tokens_[at].offset, tokens_[at].len);
  }
  [[nodiscard]] bool is(std::size_t at, std::string_view symbol) const {
    return tokens_[at].kind == TokenKind::kSymbol && word(at) == symbol;
  }
  [[nodiscard]] bool is(std::size_t at, TokenKind kind) const { return tokens_[at].kind == kind; }

  void fields(std::size_t level);
  void field(std::size_t level);
  void block(std::size_t level);
  void scalar(std::size_t level, std::size_t end);
  std::string flat_field();
  std::string flat_value();
  std::string flat_block();
  std::string flat_list();
  void skip_comments_and(std::string_view symbols);
  [[nodiscard]] std::size_t value_end() const;
  [[nodiscard]] std::size_t closing(std::size_t open) const;
  void line(std::size_t level, std::string_view words);
  void trailing_comment();
  void blank_line();

  const std::string& text_;
  const std::vector<Token>& tokens_;
  std::string out_;
  std::size_t at_ = 0;
  int last_line_ = 0;        // Where in the source the last token stands that was written.
  bool block_began_ = true;  // No empty line follows the beginning of a block.
};

// An empty line before the next token, if the source has one.
void Formatter::blank_line() {
  if (!std::exchange(block_began_, false) && token().line > last_line_ + 1) out_ += '\n';
}

void Formatter::line(std::size_t level, std::string_view words) {
  out_.append(level * kIndent, ' ').append(words) += '\n';
}

// Ends the line, with the comment that stands on it.
void Formatter::trailing_comment() {
  if (is(at_, TokenKind::kComment) && token().line == last_line_) {
    out_.append("  ").append(trim(word(at_)));
    ++at_;
  }
  out_ += '\n';
}

void Formatter::skip_comments_and(std::string_view symbols) {
  for (;; ++at_) {
    const bool symbol =
        is(at_, TokenKind::kSymbol) && symbols.find(word(at_)) != std::string_view::npos;
    if (!symbol && !is(at_, TokenKind::kComment)) return;
  }
}

void Formatter::fields(std::size_t level) {
  while (!is(at_, TokenKind::kEnd) && !is(at_, "}")) {
    if (is(at_, TokenKind::kComment)) {
      blank_line();
      line(level, trim(word(at_)));
      last_line_ = token().line;
      ++at_;
    } else if (is(at_, ",") || is(at_, ";")) {
      last_line_ = token().line;
      ++at_;
    } else {
      field(level);
      if (is(at_, ",") || is(at_, ";")) last_line_ = tokens_[at_++].line;
      trailing_comment();
    }
  }
}

// value_end returns the token behind the value of the field at at_, or the brace that opens it.
std::size_t Formatter::value_end() const {
  std::size_t at = at_ + 1;
  while (is(at, TokenKind::kComment) || is(at, ":")) ++at;
  if (is(at, "{")) return at;
  if (is(at, "[")) return closing(at) + 1;
  if (is(at, "-")) ++at;
  while (is(at, TokenKind::kComment)) ++at;
  if (!is(at, TokenKind::kString)) return at + 1;
  for (std::size_t next = at; is(next, TokenKind::kString) || is(next, TokenKind::kComment);
       ++next) {
    if (is(next, TokenKind::kString)) at = next;
  }
  return at + 1;
}

// closing returns the bracket or brace that ends what `open` begins.
std::size_t Formatter::closing(std::size_t open) const {
  std::size_t depth = 0;
  for (std::size_t at = open;; ++at) {
    if (is(at, "{") || is(at, "[")) ++depth;
    if ((is(at, "}") || is(at, "]")) && --depth == 0) return at;
  }
}

void Formatter::field(std::size_t level) {
  const std::size_t end = value_end();
  blank_line();
  for (std::size_t at = at_; at < end; ++at) {
    if (is(at, TokenKind::kComment)) line(level, trim(word(at)));
  }
  out_.append(level * kIndent, ' ').append(word(at_));
  ++at_;
  skip_comments_and(":");
  if (is(at_, "{")) {
    out_ += ' ';
    block(level);
  } else if (is(at_, "[")) {
    out_.append(": ").append(flat_list());
  } else {
    out_ += ": ";
    scalar(level, end);
  }
  last_line_ = tokens_[at_ - 1].line;
}

// Strings that stood on lines of their own keep them.
void Formatter::scalar(std::size_t level, std::size_t end) {
  out_ += flat_value();
  for (int line = tokens_[at_ - 1].line; at_ < end; line = tokens_[at_++].line) {
    if (is(at_, TokenKind::kComment)) continue;
    if (token().line > line) {
      out_.append("\n").append((level + 2) * kIndent, ' ');
    } else {
      out_ += ' ';
    }
    out_ += word(at_);
  }
}

void Formatter::block(std::size_t level) {
  const std::size_t open = at_;
  const std::size_t end = closing(open);
  if (tokens_[end].line == tokens_[open].line || end == open + 1) {
    const std::string flat = flat_block();
    const std::string_view before = std::string_view(out_).substr(out_.rfind('\n') + 1);
    if (num_columns(before) + num_columns(flat) <= kFormatColumnsMax) {
      out_ += flat;
      return;
    }
    at_ = open;
  }
  out_ += '{';
  last_line_ = token().line;
  ++at_;
  trailing_comment();
  block_began_ = true;
  fields(level + 1);
  block_began_ = false;
  out_.append(level * kIndent, ' ') += '}';
  ++at_;
}

std::string Formatter::flat_value() {
  std::string value;
  if (is(at_, "-")) {
    value += '-';
    ++at_;
    skip_comments_and({});
  }
  return value.append(word(at_++));
}

std::string Formatter::flat_list() {
  std::string list = "[";
  ++at_;
  for (skip_comments_and(","); !is(at_, "]"); skip_comments_and(",")) {
    if (list.size() > 1) list += ", ";
    list += is(at_, "{") ? flat_block() : flat_value();
    for (skip_comments_and({}); is(at_, TokenKind::kString); skip_comments_and({})) {
      list.append(" ").append(word(at_++));
    }
  }
  ++at_;
  return list + ']';
}

std::string Formatter::flat_block() {
  std::string text = "{";
  ++at_;
  for (skip_comments_and(",;"); !is(at_, "}"); skip_comments_and(",;")) text += ' ' + flat_field();
  ++at_;
  return text + (text.size() > 1 ? " }" : "}");
}

std::string Formatter::flat_field() {
  std::string text(word(at_++));
  skip_comments_and(":");
  if (is(at_, "{")) return text + ' ' + flat_block();
  if (is(at_, "[")) return text + ": " + flat_list();
  text.append(": ").append(flat_value());
  for (skip_comments_and({}); is(at_, TokenKind::kString); skip_comments_and({})) {
    text.append(" ").append(word(at_++));
  }
  return text;
}

}  // namespace

std::optional<std::string> format_text(std::string file, std::string_view text,
                                       std::vector<Problem>& problems) {
  Reporter report(std::move(file), problems);
  const TextTree tree = TextTree::parse(text, report);
  report.finish();
  if (!report.ok() || !tree.whole()) return std::nullopt;
  return Formatter(tree.source()).run();
}

}  // namespace interlock::policy
