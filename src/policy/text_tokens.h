// Protobuf text format, cut into tokens that know their exact place: the ground of error messages
// and of `interlock fmt`. Stricter than protobuf's own tokenizer: text that could look different
// from what it means is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/problem.h"

namespace interlock::policy {

enum class TokenKind : std::uint8_t {
  kName,     // A field's name or an enum value; "-" inside is kept, so that ca-file is one mistake.
  kNumber,   // Begins with a digit; 36h and 10.20.0.5:8080 are one each, hence one mistake.
  kString,   // With its quotes, single or double.
  kSymbol,   // One of { } [ ] < > : ; , -
  kComment,  // From "#" to the end of the line, without it.
  kBad,      // Something that was reported already; it stands for whatever was meant.
  kEnd,      // The last token, of no length.
};

// Token is `len` bytes of the text at `offset`. Line and column as in Position.
struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::uint32_t offset = 0;
  std::uint32_t len = 0;
  int line = 1;
  int column = 1;
};

// tokenize cuts `text` (at most limits::kConfigFileBytesMax) into at most limits::kConfigTokensMax
// tokens; the last is kEnd. Reports invalid UTF-8, controls, characters that reorder text, UTF-16,
// unterminated strings, bad escapes and symbols that mean nothing, and goes on behind each. A byte
// order mark at the start is a warning. Lines may end in CR LF.
std::vector<Token> tokenize(std::string_view text, Reporter& report);

// column_at returns the column of the byte at `offset`, which lies on the line of `token`, not
// before it.
int column_at(std::string_view text, const Token& token, std::size_t offset);

// StringCursor walks through the value of a kString token, one character or escape at a time.
class StringCursor {
 public:
  // `text` is the whole file and must outlive the cursor.
  StringCursor(std::string_view text, const Token& token);

  // next goes to the next character; false at the closing quote, or, with bad(), at an escape that
  // means nothing.
  bool next();

  [[nodiscard]] std::string_view bytes() const { return bytes_; }  // What the character stands for.
  [[nodiscard]] std::size_t offset() const { return offset_; }     // Where it begins in the text.
  [[nodiscard]] bool bad() const { return bad_; }

 private:
  bool escape();
  bool unicode(std::size_t num_digits);
  std::optional<std::uint32_t> digits(std::size_t min, std::size_t max, int base);

  std::string_view text_;
  std::size_t next_;
  std::size_t end_;
  std::size_t offset_;
  std::string bytes_;
  bool bad_ = false;
};

}  // namespace interlock::policy
