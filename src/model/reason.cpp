#include "interlock/reason.h"

#include <array>

namespace interlock {
namespace {

struct Entry {
  Reason reason;
  std::string_view code, what, hint;
};

constexpr Entry kEntries[] = {
#define INTERLOCK_REASON(code, what, hint) {Reason::code, #code, what, hint},
#include "interlock/reason.def"
#undef INTERLOCK_REASON
};

constexpr auto kReasons = [] {
  std::array<Reason, std::size(kEntries)> list{};
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = kEntries[i].reason;
  return list;
}();

const Entry* find(Reason reason) {
  return reason == Reason::kNone ? nullptr : &kEntries[static_cast<std::size_t>(reason) - 1];
}

}  // namespace

std::string_view to_string(Reason reason) {
  const Entry* entry = find(reason);
  return entry ? entry->code : "none";
}

std::optional<Reason> reason_from_string(std::string_view code) {
  for (const Entry& entry : kEntries) {
    if (entry.code == code) return entry.reason;
  }
  return std::nullopt;
}

std::string_view what_happened(Reason reason) {
  const Entry* entry = find(reason);
  return entry ? entry->what : "Nothing was refused.";
}

std::string_view what_to_do(Reason reason) {
  const Entry* entry = find(reason);
  return entry ? entry->hint : "";
}

std::span<const Reason> all_reasons() { return kReasons; }

}  // namespace interlock
