#include "base/json.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "base/text.h"

namespace interlock {
namespace {

void append_escaped_byte(std::string& out, unsigned char c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u00";
  out.push_back(kDigits[c >> 4]);
  out.push_back(kDigits[c & 15]);
}

// kPlain marks the bytes that stand for themselves in a JSON string.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

// plain_len returns how much of the beginning of `text` stands for itself: eight bytes at a time.
std::size_t plain_len(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  constexpr auto any_zero = [](std::uint64_t v) { return (v - kOnes) & ~v & kHighs; };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::array<char, 8> piece{};
    std::copy_n(text.data() + at, piece.size(), piece.begin());
    const auto v = std::bit_cast<std::uint64_t>(piece);
    const std::uint64_t other = (v & kHighs) | ((v - 0x20 * kOnes) & ~v & kHighs) |
                                any_zero(v ^ ('"' * kOnes)) | any_zero(v ^ ('\\' * kOnes)) |
                                any_zero(v ^ (0x7f * kOnes));
    if (other != 0) break;
  }
  while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    // Almost all text is plain: it goes in one piece.
    const std::size_t plain = plain_len(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text[0]);
    std::size_t len = 1;
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(text[0]);
    } else if (c < 0x80 || (len = utf8_sequence_len(text)) == 0) {
      append_escaped_byte(out, c);
      len = 1;
    } else {
      out.append(text.substr(0, len));
    }
    text.remove_prefix(len);
  }
  out.push_back('"');
}

template <class Number>
void append_number(std::string& out, Number number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

}  // namespace

void JsonWriter::separate() {
  if (need_comma_) out_.push_back(',');
  need_comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_.push_back('{');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_.push_back('}');
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_.push_back('[');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_.push_back(']');
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_.push_back(':');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number) {
  separate();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
  separate();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(bool truth) {
  separate();
  out_ += truth ? "true" : "false";
  return *this;
}

}  // namespace interlock
