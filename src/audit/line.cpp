#include "audit/line.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "audit/format.h"
#include "base/hex.h"
#include "base/text.h"
#include "base/time.h"

namespace interlock::audit {
namespace {

// Token is one JSON value; `text` is without quotes, and with its escapes.
enum class TokenType : std::uint8_t { kInteger, kString, kNull, kTruth };
struct Token {
  TokenType type;
  std::string_view text;
};

bool matches(FieldType field, TokenType token) {
  switch (field) {
    case FieldType::kInteger:
      return token == TokenType::kInteger;
    case FieldType::kString:
      return token == TokenType::kString;
    case FieldType::kNull:
      return token == TokenType::kNull;
  }
  return false;
}

bool is_hex_lower(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::optional<std::uint64_t> to_integer(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool leading_zero = digits.size() > 1 && digits[0] == '0';
  if (error != std::errc{} || end != digits.data() + digits.size() || leading_zero) return {};
  return number;
}

// Scanner walks over one line. Each step takes what it names, or nothing.
class Scanner {
 public:
  explicit Scanner(std::string_view rest) : rest_(rest) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  std::optional<std::string_view> string() {
    if (!take("\"")) return {};
    std::size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') {
      const std::size_t len = character(rest_.substr(end));
      if (len == 0) return {};
      end += len;
    }
    if (end >= rest_.size()) return {};
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::optional<Token> value() {
    if (rest_.starts_with('"')) {
      const auto text = string();
      if (!text) return {};
      return Token{TokenType::kString, *text};
    }
    if (take("null")) return Token{TokenType::kNull, {}};
    if (take("true") || take("false")) return Token{TokenType::kTruth, {}};
    const std::string_view digits = rest_.substr(0, rest_.find_first_not_of("0123456789"));
    if (!to_integer(digits)) return {};
    rest_.remove_prefix(digits.size());
    return Token{TokenType::kInteger, digits};
  }

 private:
  // character returns the length of the character or escape at the start of `text`, or 0 if it is
  // none that the writer makes: \" \\ and \u00xx.
  static std::size_t character(std::string_view text) {
    if (text[0] == '\\') {
      if (text.starts_with("\\\"") || text.starts_with("\\\\")) return 2;
      const bool byte = text.size() >= 6 && text.starts_with("\\u00") && is_hex_lower(text[4]) &&
                        is_hex_lower(text[5]);
      return byte ? 6 : 0;
    }
    return text[0] >= 0 && text[0] < 0x20 ? 0 : utf8_sequence_len(text);
  }

  std::string_view rest_;
};

bool parse_hash(std::string_view text, Hash& hash) {
  if (!std::all_of(text.begin(), text.end(), is_hex_lower)) return false;
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != hash.size()) return false;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return true;
}

// keep puts aside what binds the record to its place.
bool keep(std::string_view name, const Token& token, Line& line) {
  if (name == "v") return token.text == "1";
  if (name == "seq") line.seq = to_integer(token.text).value_or(0);
  if (name == "time") {
    line.time = token.text;
    return token.text.size() == utc_text({}).size();
  }
  if (name == "prev") return parse_hash(token.text, line.prev);
  return true;
}

}  // namespace

std::optional<Line> parse_line(std::string_view text, std::vector<Member>* members) {
  const auto table = fields();
  std::uint64_t seen = 0;
  Line line;
  Scanner scan(text);
  if (!scan.take("{")) return {};
  do {
    const auto name = scan.string();
    // An escape in a name could spell a known one in a second way.
    if (!name || name->find('\\') != std::string_view::npos || !scan.take(":")) return {};
    const auto token = scan.value();
    if (!token) return {};
    if (members != nullptr) {
      members->push_back({*name, token->text, token->type == TokenType::kString});
    }
    const auto field = std::find_if(table.begin(), table.end(),
                                    [&](const Field& known) { return known.name == *name; });
    if (field == table.end()) continue;
    const std::uint64_t bit = std::uint64_t{1} << (field - table.begin());
    if ((seen & bit) != 0 || !matches(field->type, token->type)) return {};
    seen |= bit;
    if (!keep(*name, *token, line)) return {};
  } while (scan.take(","));
  if (!scan.take("}") || !scan.at_end()) return {};
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].presence == Presence::kAlways && (seen >> i & 1) == 0) return {};
  }
  return line;
}

std::string unescaped(std::string_view value) {
  std::string text;
  while (!value.empty()) {
    const std::size_t plain = std::min(value.find('\\'), value.size());
    text += value.substr(0, plain);
    value.remove_prefix(plain);
    if (value.empty()) break;
    if (!value.starts_with("\\u00")) {
      text += value.substr(1, 1);
      value.remove_prefix(std::min<std::size_t>(2, value.size()));
      continue;
    }
    const auto byte = from_hex(value.substr(4, 2)).value_or(std::vector<std::uint8_t>{0});
    if (byte[0] >= 0x80) text += static_cast<char>(0xc0 | byte[0] >> 6);
    text += static_cast<char>(byte[0] >= 0x80 ? 0x80 | (byte[0] & 0x3f) : byte[0]);
    value.remove_prefix(std::min<std::size_t>(6, value.size()));
  }
  return text;
}

}  // namespace interlock::audit
