#include "base/text.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "base/time.h"

namespace interlock {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

struct Utf8Lead {
  std::size_t len;
  std::uint32_t least;
  unsigned char mask, lead;
};
constexpr Utf8Lead kUtf8Leads[] = {
    {1, 0, 0x80, 0x00}, {2, 0x80, 0xe0, 0xc0}, {3, 0x800, 0xf0, 0xe0}, {4, 0x10000, 0xf8, 0xf0}};

}  // namespace

std::size_t utf8_sequence_len(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  for (const Utf8Lead& form : kUtf8Leads) {
    if ((first & form.mask) != form.lead) continue;
    if (text.size() < form.len) return 0;
    std::uint32_t code = first & static_cast<unsigned char>(~form.mask);
    for (std::size_t i = 1; i < form.len; ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      if ((next & 0xc0) != 0x80) return 0;
      code = code << 6 | (next & 0x3fU);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < form.least || code > 0x10ffff || surrogate ? 0 : form.len;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t len = utf8_sequence_len(text);
    if (len == 0) return false;
    text.remove_prefix(len);
  }
  return true;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7f || (character >= "\xc2\x80" && character < "\xc2\xa0");
}

bool is_invisible(std::string_view character) {
  // UTF-8 keeps the order of code points: U+061C, U+200B, U+200E to U+200F, U+202A to U+202E,
  // U+2060, U+2066 to U+2069, U+FEFF.
  constexpr std::pair<std::string_view, std::string_view> kRanges[] = {
      {"\xd8\x9c", "\xd8\x9c"},         {"\xe2\x80\x8b", "\xe2\x80\x8b"},
      {"\xe2\x80\x8e", "\xe2\x80\x8f"}, {"\xe2\x80\xaa", "\xe2\x80\xae"},
      {"\xe2\x81\xa0", "\xe2\x81\xa0"}, {"\xe2\x81\xa6", "\xe2\x81\xa9"},
      {"\xef\xbb\xbf", "\xef\xbb\xbf"}};
  return std::any_of(std::begin(kRanges), std::end(kRanges), [character](const auto& range) {
    return character >= range.first && character <= range.second;
  });
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = word.size() / 3 + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= best_distance && (best.empty() || distance < best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::array<char, 24> utc_text(WallTime at) {
  using namespace std::chrono;
  constexpr std::int64_t kYearZero = -62167219200000;  // 0000-01-01T00:00:00.000Z
  const milliseconds since(std::clamp(at.ms, kYearZero, kDistantFuture.ms + 999));
  const sys_days day = floor<days>(sys_time<milliseconds>(since));
  const year_month_day date(day);
  const hh_mm_ss clock(since - day.time_since_epoch());
  std::array<char, 24> out{};
  char* to = out.data();
  const auto put = [&to](auto number, int width, char after) {
    for (int i = width - 1; i >= 0; --i, number /= 10) to[i] = static_cast<char>('0' + number % 10);
    to[width] = after;
    to += width + 1;
  };
  put(static_cast<int>(date.year()), 4, '-');
  put(static_cast<unsigned>(date.month()), 2, '-');
  put(static_cast<unsigned>(date.day()), 2, 'T');
  put(clock.hours().count(), 2, ':');
  put(clock.minutes().count(), 2, ':');
  put(clock.seconds().count(), 2, '.');
  put(clock.subseconds().count(), 3, 'Z');
  return out;
}

std::string format_utc(WallTime at) {
  const auto text = utc_text(at);
  return {text.data(), text.size()};
}

std::string_view errno_text(int error) {
  const char* text = strerrordesc_np(error);
  return text != nullptr ? text : "Unknown error";
}

}  // namespace interlock
