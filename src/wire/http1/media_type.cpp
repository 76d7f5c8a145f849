#include "wire/http1/media_type.h"

#include <cstddef>

#include "wire/http1/grammar.h"

namespace interlock::http1 {
namespace {

// Each of these takes one thing off the front of `rest`; false where it is not there.

bool take_token(std::string_view& rest) {
  const std::size_t end = run_end(kTokenChar, rest);
  rest.remove_prefix(end);
  return end > 0;
}

bool take_char(std::string_view& rest, char c) {
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  return true;
}

void skip_ows(std::string_view& rest) {
  while (rest.starts_with(' ') || rest.starts_with('\t')) rest.remove_prefix(1);
}

// The rest of a quoted-string (RFC 9110, section 5.6.4) after its opening quote.
bool take_quoted(std::string_view& rest) {
  const std::size_t line_end = text_end(rest, 0);
  for (std::size_t i = 0; i < line_end; ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return true;
    }
    if (rest[i] == '\\') ++i;
  }
  return false;
}

// parameter = token "=" ( token / quoted-string ), and RFC 9110 lets one be empty.
bool take_parameter(std::string_view& rest) {
  if (rest.empty() || rest.starts_with(';')) return true;
  if (!take_token(rest) || !take_char(rest, '=')) return false;
  return take_char(rest, '"') ? take_quoted(rest) : take_token(rest);
}

}  // namespace

std::string_view media_type(std::string_view field_value) {
  std::string_view rest = field_value;
  if (!take_token(rest) || !take_char(rest, '/') || !take_token(rest)) return {};
  const std::string_view found = field_value.substr(0, field_value.size() - rest.size());
  while (!rest.empty()) {
    skip_ows(rest);
    if (!take_char(rest, ';')) return {};
    skip_ows(rest);
    if (!take_parameter(rest)) return {};
  }
  return found;
}

}  // namespace interlock::http1
