#include "cli/denial.h"

#include "audit/log.h"

namespace interlock::cli {
namespace {

Denial denial_of(const audit::Entry& record) {
  return {.line = std::string(record.line),
          .time = record.text("time"),
          .event = record.text("event"),
          .reason = record.text("reason"),
          .detail = record.text("detail"),
          .device = record.text("device"),
          .peer = record.text("peer"),
          .listener = record.text("listener"),
          .method = record.text("method"),
          .path = record.text("path"),
          .permit = record.text("permit"),
          .service = record.text("service"),
          .policy = record.text("policy")};
}

}  // namespace

bool is_denial_id(std::string_view text) {
  constexpr std::size_t kDigits = 32;
  return text.size() == kDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::optional<Denial>> find_denial(const std::string& audit_file, std::string_view id) {
  auto log = audit::Log::open(audit_file);
  if (!log) return tl::make_unexpected(log.error());
  const audit::Filter filter{.equal = {{"denial_id", std::string(id)}}};
  std::optional<Denial> found;
  const auto look = [&](const audit::Entry& entry) {
    if (filter.matches(entry)) found = denial_of(entry);
    return !found;
  };
  IL_TRY(log->read(look));
  if (!found) log->finish(look);
  return found;
}

}  // namespace interlock::cli
