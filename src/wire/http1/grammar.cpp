#include "wire/http1/grammar.h"

#include <algorithm>
#include <bit>

namespace interlock::http1 {
namespace {

constexpr bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

// special_bytes looks at eight bytes at once and marks (in their highest bits) those that are below
// 0x20, HTAB included, or 0x7f. A borrow can mark more bytes, but only behind one that counts: the
// first mark is exact.
std::uint64_t special_bytes(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  std::array<char, sizeof(std::uint64_t)> bytes{};
  std::copy_n(at, bytes.size(), bytes.begin());
  const auto word = std::bit_cast<std::uint64_t>(bytes);
  const std::uint64_t below_space = (word - kOnes * 0x20) & ~word;
  const std::uint64_t del = word ^ (kOnes * 0x7f);
  return (below_space | ((del - kOnes) & ~del)) & kHigh;
}
static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) {
    return false;
  }
  unsigned port = 0;
  for (const char c : text) port = port * 10 + static_cast<unsigned>(c - '0');
  return port <= 65535;
}

// Looks no further than the letters of an IPv6 address: the host is never resolved here.
bool is_ipv6_letters(std::string_view text) {
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

}  // namespace

std::size_t text_end(std::string_view text, std::size_t from) {
  while (from < text.size()) {
    if (text.size() - from >= sizeof(std::uint64_t)) {
      const std::uint64_t marks = special_bytes(text.data() + from);
      from += marks == 0 ? sizeof marks : static_cast<std::size_t>(std::countr_zero(marks)) / 8;
      if (marks == 0) continue;
    }
    if (is_control(text[from])) return from;
    ++from;
  }
  return from;
}

std::string_view trim_ows(std::string_view text) {
  const auto is_ows = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_ows(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ows(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  constexpr std::size_t kDigitsMax = 19;  // 2^63 has 19; any 19 digits fit in 64 bits.
  if (text.empty() || text.size() > kDigitsMax || (text[0] == '0' && text.size() > 1)) return {};
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return {};
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value >> 63 == 0 ? std::optional(value) : std::nullopt;
}

bool is_authority(std::string_view text) {
  std::size_t host_len = 0;
  if (text.substr(0, 1) == "[") {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6_letters(text.substr(1, end - 1))) return false;
    host_len = end + 1;
  } else {
    host_len = run_end(kHostChar, text);
  }
  const std::string_view rest = text.substr(host_len);
  return host_len > 0 && (rest.empty() || (rest[0] == ':' && is_port(rest.substr(1))));
}

std::optional<std::string_view> next_element(std::optional<std::string_view>& list) {
  if (!list) return {};
  const std::size_t comma = list->find(',');
  const std::string_view element = trim_ows(list->substr(0, comma));
  if (comma == std::string_view::npos) {
    list.reset();
  } else {
    list->remove_prefix(comma + 1);
  }
  return element;
}

}  // namespace interlock::http1
