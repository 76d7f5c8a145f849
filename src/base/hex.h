// Bytes as text: hexadecimal (lower case) and base64 (RFC 4648, section 4, padded, one line).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace interlock {

using Bytes = std::span<const std::uint8_t>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string to_hex(Bytes bytes);
void append_hex(std::string& out, Bytes bytes);

// from_hex accepts both cases and nothing but digits; nothing on any other input.
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

std::string to_base64(Bytes bytes);

}  // namespace interlock
