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
          .policy = record.text("policy"),
          .suppressed = record.text("suppressed"),
          .since = record.text("since"),
          .until = record.text("until")};
}

}  // namespace

bool is_denial_id(std::string_view text) {
  constexpr std::size_t kDigits = 32;
  return text.size() == kDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::optional<Denial>> find_denial(const std::string& audit_file, std::string_view id) {
  IL_TRY_ASSIGN(std::vector<audit::Log> logs, audit::Log::open_all(audit_file));
  const audit::Filter filter{.equal = {{"denial_id", std::string(id)}}};
  const audit::Sieve sieve(filter);
  std::optional<Denial> found;
  Denial count;
  const auto look = [&](const audit::Entry& entry) {
    if (!filter.matches(entry)) return true;
    const bool is_count = !entry.written("suppressed").empty();
    if (is_count) {
      count = denial_of(entry);
    } else {
      found = denial_of(entry);
    }
    return true;
  };
  // Whoever asks has seen the refusal just now: it is in the newest file, or the one before it.
  for (auto log = logs.rbegin(); log != logs.rend() && !found; ++log) {
    IL_TRY(log->read(look, &sieve));
    log->finish(look);
  }
  if (!found && !count.line.empty()) found = count;
  if (found && !count.line.empty()) {
    found->suppressed = count.suppressed;
    found->since = count.since;
    found->until = count.until;
    found->count_line = count.line;
  }
  return found;
}

}  // namespace interlock::cli
