#include "cli/audit_log.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "audit/format.h"
#include "base/text.h"
#include "control/configuration.h"
#include "files/posix_files.h"
#include "interlock/reason.h"
#include "net/loop.h"
#include "policy/units.h"

namespace interlock::cli {
namespace {

constexpr std::string_view kTimeHint =
    R"(write a time in UTC, such as "2026-11-26" or "2026-11-26T08:30", or how long ago: "2h", "7d")";
constexpr std::string_view kEarliest = "0000-00-00T00:00:00.000Z";
constexpr std::string_view kLatest = "0000-00-00T23:59:59.999Z";

// Damaged lines named one by one; the rest is counted.
constexpr std::size_t kDamagedNamedMax = 10;

// is_time says whether this day, and this time of day, comes in the calendar.
bool is_time(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t len) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + len, value);
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  return day.ok() && number(11, 2) < 24 && number(14, 2) < 60 && number(17, 2) < 60;
}

// "2026-11-26T08:30" as the log would write it, with what it leaves open from `rest`, or a time so
// long before now; nothing where it is neither.
std::optional<std::string> parse_time(std::string_view text, std::string_view rest) {
  if (const auto ago = policy::parse_duration(text)) {
    return format_utc(net::SystemClock().wall() + Millis{-ago->ms});
  }
  if (text.ends_with('Z')) text.remove_suffix(1);
  const bool cut_well =
      text.size() == 10 || text.size() == 16 || text.size() == 19 || text.size() == rest.size() - 1;
  if (!cut_well) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kEarliest[i] == '0' ? !digit : text[i] != kEarliest[i]) return std::nullopt;
  }
  const std::string time = std::string(text).append(rest.substr(text.size()));
  return is_time(time) ? std::optional(time) : std::nullopt;
}

bool is_known(const char* command, const char* what, const std::string& word,
              std::span<const std::string_view> known) {
  if (word.empty() || std::find(known.begin(), known.end(), word) != known.end()) return true;
  const std::string_view meant = nearest(word, known);
  fmt::print(stderr, "interlock audit {}: there is no {} '{}'{}\n", command, what, word,
             meant.empty() ? fmt::format("; known are: {}", fmt::join(known, ", "))
                           : fmt::format("; did you mean {}?", meant));
  return false;
}

bool read_time(const char* command, const char* option, const std::string& text,
               std::string_view rest, std::string& into) {
  if (text.empty()) return true;
  const auto time = parse_time(text, rest);
  if (time) {
    into = *time;
  } else {
    fmt::print(stderr, "interlock audit {}: {} '{}' is no time: {}\n", command, option, text,
               kTimeHint);
  }
  return time.has_value();
}

}  // namespace

std::optional<std::string> audit_file_named(const char* command, const std::string& file,
                                            const std::string& config) {
  if (!file.empty()) return file;
  files::PosixFiles files;
  auto found = control::audit_file_of(files, config);
  if (!found) {
    fmt::print(
        stderr,
        "interlock audit {}: {} cannot be read, or names no audit file: name the file, as in "
        "interlock audit {} FILE\n",
        command, config, command);
  }
  return found;
}

std::optional<audit::Filter> filter_of(const char* command, const AuditFilterOptions& options) {
  std::vector<std::string_view> reasons;
  for (const Reason each : all_reasons()) reasons.push_back(to_string(each));
  static constexpr std::string_view kDecisions[] = {"allow", "deny"};
  audit::Filter filter{.equal = {}, .peer = options.peer, .path_prefix = options.path};
  const bool good = is_known(command, "reason", options.reason, reasons) &&
                    is_known(command, "event", options.event, audit::event_words()) &&
                    is_known(command, "decision", options.decision, kDecisions) &&
                    read_time(command, "--since", options.since, kEarliest, filter.since) &&
                    read_time(command, "--until", options.until, kLatest, filter.until);
  if (!good) return std::nullopt;
  if (!filter.since.empty() && !filter.until.empty() && filter.until < filter.since) {
    fmt::print(stderr, "interlock audit {}: --until {} comes before --since {}\n", command,
               options.until, options.since);
    return std::nullopt;
  }
  const auto want = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) filter.equal.emplace_back(name, text);
  };
  want("device", options.device);
  want("reason", options.reason);
  want("event", options.event);
  want("decision", options.decision);
  want("denial_id", to_lower(options.denial_id));
  want("listener", options.listener);
  want("service", options.service);
  want("function", options.function);
  want("session", options.session);
  return filter;
}

std::string readable(std::string_view written) {
  std::string text;
  for (; !written.empty(); written.remove_prefix(1)) {
    if (written.starts_with("\\\"") || written.starts_with("\\\\")) written.remove_prefix(1);
    text += written.front();
  }
  return text;
}

std::string shown(const audit::Entry& record, bool json) {
  if (json) return std::string(record.line) + '\n';
  const auto written = [&](std::string_view name) { return readable(record.written(name)); };
  const auto has = [&](std::string_view name) { return !record.written(name).empty(); };
  const std::string_view event = record.written("event");
  std::string line = fmt::format("{}  {:<5}  ", record.written("time"),
                                 has("decision") ? record.written("decision") : "-");
  line += fmt::format("{:<26} {:<16}", has("reason") ? record.written("reason") : event,
                      has("device") ? record.written("device") : record.written("peer"));
  if (has("method")) {
    line += fmt::format("  {} {}", record.written("method"), written("path"));
  }
  if (has("suppressed")) {
    line += fmt::format("  {} more refusals until {}", record.written("suppressed"),
                        record.written("until"));
  }
  if (has("service")) line += fmt::format(" -> {}", record.written("service"));
  if (has("detail")) line += fmt::format("  {}", written("detail"));
  if (has("denial_id")) line += fmt::format("  [{}]", record.written("denial_id"));
  return line + '\n';
}

void DamageReport::note(const audit::Entry& entry) {
  if (++num_damaged_ > kDamagedNamedMax) return;
  const std::string where = entry.number == 0 ? "a line" : fmt::format("line {}", entry.number);
  fmt::print(stderr, "{}: {} is no audit record: damaged, or not written by the gateway\n",
             entry.file, where);
}

void DamageReport::finish() const {
  if (num_damaged_ == 0) return;
  fmt::print(stderr,
             "{}: {} damaged line{}; interlock audit verify {} says where the chain breaks\n",
             file_, num_damaged_, num_damaged_ == 1 ? "" : "s", file_);
}

int complain_of_log(const char* command, const std::string& file, const Error& error) {
  fmt::print(stderr, "interlock audit {}: {}: {}{}{}\n", command, file, error.what,
             error.sys != 0 ? ": " : "", error.sys != 0 ? errno_text(error.sys) : "");
  return kExitError;
}

}  // namespace interlock::cli
