// Reading durations, sizes and endpoints.
#include "policy/units.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/limits.h"

namespace interlock::policy {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t scale;
};
constexpr std::uint64_t kHour = 3'600'000;
constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kKilo = 1000;
constexpr Unit kDurationUnits[] = {{"ms", 1},    {"s", 1000},       {"m", 60'000},
                                   {"h", kHour}, {"d", 24 * kHour}, {"w", 7 * 24 * kHour}};
constexpr Unit kSizeUnits[] = {{"B", 1},
                               {"kB", kKilo},
                               {"KiB", kKibi},
                               {"MB", kKilo* kKilo},
                               {"MiB", kKibi* kKibi},
                               {"GB", kKilo* kKilo* kKilo},
                               {"GiB", kKibi* kKibi* kKibi}};

std::optional<std::uint64_t> scaled(std::string_view text, std::span<const Unit> units,
                                    std::uint64_t max) {
  const char* const end = text.data() + text.size();
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : units) {
    if (unit.name == name && number <= max / unit.scale) return number * unit.scale;
  }
  return std::nullopt;
}

std::string largest_unit(std::uint64_t value, std::span<const Unit> units) {
  const Unit* largest = &units.front();
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.scale == 0) largest = &unit;
  }
  return fmt::format("{}{}", value / largest->scale, largest->name);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const bool plain =
      !text.empty() && text[0] != '0' &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::uint16_t port = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (!plain || error != std::errc{}) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Millis> parse_duration(std::string_view text) {
  const auto ms = scaled(text, kDurationUnits, limits::kConfigDurationMax.ms);
  if (!ms.has_value()) return std::nullopt;
  return Millis{static_cast<std::int64_t>(*ms)};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return scaled(text, kSizeUnits, std::numeric_limits<std::uint64_t>::max());
}

std::string format_duration(Millis duration) {
  const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.ms, 0));
  return largest_unit(ms, kDurationUnits);
}

std::string format_size(std::uint64_t bytes) {
  constexpr Unit kBinaryUnits[] = {
      {"B", 1}, {"KiB", kKibi}, {"MiB", kKibi * kKibi}, {"GiB", kKibi * kKibi * kKibi}};
  return largest_unit(bytes, kBinaryUnits);
}

std::optional<std::string> canonical_address(std::string_view text) {
  // inet_pton stops at a NUL, and would take what stands before it for the whole.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return terminated;
  in6_addr v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), &v6) != 1) return std::nullopt;
  // One address, one spelling: ::ffff:10.0.0.1 would be 10.0.0.1 under another name.
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return std::nullopt;
  char out[INET6_ADDRSTRLEN] = {};
  if (inet_ntop(AF_INET6, &v6, out, sizeof out) == nullptr) return std::nullopt;
  return std::string(out);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto refuse = [](const char* what) { return fail(Errc::kMalformed, Origin::kOwn, what); };
  const bool brackets = text.starts_with('[');
  const std::size_t close = text.find(']');
  const std::size_t colon = brackets ? close + 1 : text.rfind(':');
  if (brackets && close == std::string_view::npos) return refuse("the closing ] is missing");
  if (colon >= text.size() || text[colon] != ':') return refuse("the port is missing");
  const std::string_view host = brackets ? text.substr(1, close - 1) : text.substr(0, colon);
  const bool v6 = host.find(':') != std::string_view::npos;
  if (v6 && !brackets) return refuse("an IPv6 address stands in brackets");
  const auto address = canonical_address(host);
  if (!address.has_value() || v6 != brackets) {
    return refuse("the host is not an IPv4 or IPv6 address (names are not looked up)");
  }
  const auto port = parse_port(text.substr(colon + 1));
  if (!port.has_value()) return refuse("the port is not a number from 1 to 65535");
  return Endpoint{*address, *port, v6};
}

}  // namespace interlock::policy
