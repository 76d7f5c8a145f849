// The values that stand in the cells of an inventory: checked and brought into the one form in
// which equal things are equal bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "model/identity.h"

namespace interlock::policy {

// Fault is what is wrong with a value, at its `byte`th byte.
struct Fault {
  std::size_t byte = 0;
  std::string message;
  std::string hint;
};
using Value = tl::expected<std::string, Fault>;

// kLostZeros is the hint where a value is shorter than it should be.
inline constexpr std::string_view kLostZeros =
    "a spreadsheet may have removed leading zeros: set the column to text";

// read_identity returns the form that model/identity.h gives for `kind`.
Value read_identity(IdentityKind kind, std::string_view text);

// read_path_name accepts what is safe to put into a path: 1 to 64 of A-Z a-z 0-9 . _ - and no dot
// at the end, as is_path_name (policy/path_pattern.h) says at every match.
Value read_path_name(std::string_view text);

// read_mac returns "00:1a:2b:3c:4d:5e" of that or of "00-1A-2B-3C-4D-5E".
Value read_mac(std::string_view text);

// read_interface accepts a name that Linux accepts for a network interface: 1 to 15 characters.
Value read_interface(std::string_view text);

// read_address returns the canonical form of an IPv4 or IPv6 address.
Value read_address(std::string_view text);

}  // namespace interlock::policy
