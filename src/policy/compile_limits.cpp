// limits { }: what clients may take of the gateway.
#include <fmt/format.h>

#include "policy/compile.h"
#include "policy/units.h"

namespace interlock::policy {
namespace {

// Beyond these a value is a slip of the pen, or takes the limit away.
constexpr std::uint32_t kCountMax = 65'536;
constexpr std::uint64_t kMemoryMin = limits::kMiB;
constexpr std::uint64_t kMemoryMax = 65'536 * limits::kMiB;
constexpr std::uint64_t kRateMin = 1;
constexpr std::uint64_t kRateMax = limits::kMiB;
constexpr Millis kTimeMin{1'000};
constexpr Millis kOpeningMax{60'000};
constexpr Millis kTransferMax{300'000};
constexpr Millis kIdleMax{3'600'000};

}  // namespace

std::optional<std::size_t> Compiling::limit_count(const Node& block, const char* field,
                                                  std::uint32_t given) {
  const Node* node = block.field(field);
  if (node == nullptr) return std::nullopt;
  if (given >= 1 && given <= kCountMax) return given;
  error(node->value_at(), fmt::format("{} is from 1 to {}, not {}", field, kCountMax, given),
        "leave the line out for a value that suits most plants");
  return std::nullopt;
}

void Compiling::limit_size(const Node& block, const char* field, std::uint64_t least,
                           std::uint64_t most, std::uint64_t& into) {
  const Node* node = block.field(field);
  if (node == nullptr) return;
  const auto size = parse_size(node->value());
  if (!size) {
    error(node->value_at(), fmt::format("{} is no size", quoted(node->value())),
          std::string(kSizeHint));
  } else if (*size < least || *size > most) {
    error(node->value_at(),
          fmt::format("{} is from \"{}\" to \"{}\", not {}", field, format_size(least),
                      format_size(most), quoted(node->value())),
          "leave the line out for a value that suits most plants");
  } else {
    into = *size;
  }
}

void Compiling::limit_time(const Node& block, const char* field, Millis most, Millis& into) {
  if (block.field(field) == nullptr) return;
  const auto time = duration(block, field);
  if (!time) return;
  if (*time < kTimeMin || most < *time) {
    error(block.field(field)->value_at(),
          fmt::format("{} is from \"{}\" to \"{}\", not {}", field, format_duration(kTimeMin),
                      format_duration(most), quoted(block.field(field)->value())),
          "leave the line out for a value that suits most plants");
    return;
  }
  into = *time;
}

void Compiling::compile_limits(const config::Limits& given, const Node& block) {
  ClientLimits& made = out().limits;
  const auto count = [&](const char* field, std::uint32_t value, std::size_t otherwise) {
    return limit_count(block, field, value).value_or(otherwise);
  };
  made.connections = count("connections", given.connections(), made.connections);
  made.connections_per_device =
      count("connections_per_device", given.connections_per_device(), made.connections_per_device);
  made.connections_per_address =
      limit_count(block, "connections_per_address", given.connections_per_address());
  made.handshakes = limit_count(block, "handshakes", given.handshakes());
  made.handshakes_per_address =
      limit_count(block, "handshakes_per_address", given.handshakes_per_address());
  limit_size(block, "memory", kMemoryMin, kMemoryMax, made.buffer_bytes);
  limit_size(block, "transfer_rate", kRateMin, kRateMax, made.transfer_rate);
  limit_time(block, "handshake_timeout", kOpeningMax, made.handshake_timeout);
  limit_time(block, "head_timeout", kOpeningMax, made.head_timeout);
  limit_time(block, "idle_timeout", kIdleMax, made.idle_timeout);
  limit_time(block, "transfer_timeout", kTransferMax, made.transfer_timeout);
  if (const Node* field = block.field("connections")) out().places.connections = field->value_at();
}

}  // namespace interlock::policy
