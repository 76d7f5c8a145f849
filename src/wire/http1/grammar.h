// The letters and small words of HTTP: character tables and the parsers of single values. Pure
// functions of bytes; everything above reads its input through these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace interlock::http1 {

// CharClass holds one bit per set of characters.
enum CharClass : std::uint8_t {
  kTokenChar = 1,       // RFC 9110, section 5.6.2: tchar.
  kUnreservedChar = 2,  // RFC 3986, section 2.3.
  kPathChar = 4,        // pchar (RFC 3986, section 3.3) without "%", and without ";".
  kQueryChar = 8,       // pchar, "/" and "?" (RFC 3986, section 3.4), without "%".
  kHostChar = 16,       // Letters, digits, "-", "." and "_".
};

constexpr std::array<std::uint8_t, 256> make_char_table() {
  std::array<std::uint8_t, 256> table{};
  const auto add = [&table](std::string_view chars, int classes) {
    for (const char c : chars) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | classes);
    }
  };
  add("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
      kTokenChar | kUnreservedChar | kPathChar | kQueryChar | kHostChar);
  add("!#$%&'*+-.^_`|~", kTokenChar);
  add("-._~", kUnreservedChar | kPathChar | kQueryChar);
  add("!$&'()*+,=:@", kPathChar | kQueryChar);
  add(";/?", kQueryChar);
  add("-._", kHostChar);
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kCharTable = make_char_table();

constexpr bool is(CharClass wanted, char c) {
  return (kCharTable[static_cast<unsigned char>(c)] & wanted) != 0;
}

// run_end returns the index of the first character of `text` at or after `from` that is not of
// the class, or text.size().
constexpr std::size_t run_end(CharClass wanted, std::string_view text, std::size_t from = 0) {
  while (from < text.size() && is(wanted, text[from])) ++from;
  return from;
}

constexpr bool is_token(std::string_view text) {
  return !text.empty() && run_end(kTokenChar, text) == text.size();
}

// text_end returns the index of the first byte of `text` at or after `from` that may not stand in
// a line of a message: a control character other than HTAB. text.size() where there is none.
std::size_t text_end(std::string_view text, std::size_t from);

// hex_value returns 0 to 15, or -1 for what is no hexadecimal digit.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// escaped_octet returns the octet of the percent escape at the start of `text`, or -1.
constexpr int escaped_octet(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// trim_ows removes the optional white space (SP and HTAB) around a field value.
std::string_view trim_ows(std::string_view text);

// parse_decimal reads digits alone, without sign or leading zero, below 2^63; nothing else.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// is_authority says whether `text` is host[":" port] with a name, an IPv4 or a bracketed IPv6
// address. Stricter than RFC 3986: no user information, no escapes, no sub-delimiters, no empty
// host, no empty port.
bool is_authority(std::string_view text);

// next_element takes the next element off a comma-separated list (RFC 9110, section 5.6.1),
// trimmed and possibly empty. Nothing at the end of the list.
std::optional<std::string_view> next_element(std::optional<std::string_view>& list);

}  // namespace interlock::http1
