// Quantities and addresses as people write them in the configuration. Nothing is guessed: no
// fractions, signs, spaces, missing units or other spellings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "model/endpoint.h"

namespace interlock::policy {

// For the hint of a problem.
constexpr std::string_view kDurationHint =
    R"(write a number and a unit, such as "90s", "36h" or "30d" (ms, s, m, h, d, w))";
constexpr std::string_view kSizeHint =
    R"(write a number and a unit, such as "512B", "4KiB" or "1MiB" (B, kB, KiB, MB, MiB, GB, GiB))";
constexpr std::string_view kEndpointHint =
    R"(write an address and a port, such as "192.0.2.1:8443" or "[::1]:8443")";

// parse_duration reads "200ms", "90s", "5m" (minutes), "36h", "30d" (of 24 hours), "2w". It refuses
// more than limits::kConfigDurationMax, so that adding a duration to a time never overflows.
std::optional<Millis> parse_duration(std::string_view text);

// parse_size reads "512B", "10kB" (1000), "4KiB" (1024), "1MB", "1MiB", "1GB", "1GiB" into bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

// format_duration and format_size write what parse_duration and parse_size read: in the largest
// unit of powers of two, or of time, that loses nothing. "90s", "4KiB", "4097B".
std::string format_duration(Millis duration);
std::string format_size(std::uint64_t bytes);

// parse_endpoint reads "10.20.0.5:8080" or "[::1]:80": an address, never a name, and a port from 1
// to 65535. The error's `what` is a sentence that says what is wrong. IPv4 in IPv6 clothes
// (::ffff:10.0.0.1) and scoped addresses (fe80::1%eth0) are refused.
Result<Endpoint> parse_endpoint(std::string_view text);

// canonical_address returns the one spelling of an IPv4 or IPv6 address, without port or brackets;
// nothing where `text` is no such address.
std::optional<std::string> canonical_address(std::string_view text);

}  // namespace interlock::policy
