// Reason codes: why an operation or a handshake was refused. A closed list (reason.def).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace interlock {

enum class Reason : std::uint8_t {
  kNone,  // Not refused.
#define INTERLOCK_REASON(code, what, hint) code,
#include "interlock/reason.def"
#undef INTERLOCK_REASON
};

// kNumReasons counts them, kNone included: the size of a table by reason.
constexpr std::size_t kNumReasons = 1
#define INTERLOCK_REASON(code, what, hint) +1
#include "interlock/reason.def"
#undef INTERLOCK_REASON
    ;

// to_string returns the code as written in records and answers; "none" for kNone.
std::string_view to_string(Reason reason);

// reason_from_string is the inverse of to_string; nothing for words that are no code.
std::optional<Reason> reason_from_string(std::string_view code);

// what_happened and what_to_do are one or two plain sentences for a site engineer.
std::string_view what_happened(Reason reason);
std::string_view what_to_do(Reason reason);

// all_reasons lists every code once, without kNone.
std::span<const Reason> all_reasons();

}  // namespace interlock
