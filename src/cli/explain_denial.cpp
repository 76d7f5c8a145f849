// interlock explain DENIAL_ID: what was refused and why, as it is on record, and what the
// configuration on disk would say to the same operation now.
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/denial.h"
#include "cli/explanation.h"
#include "interlock/reason.h"

namespace interlock::cli {
namespace {

int complain(const std::string& what) {
  fmt::print(stderr, "interlock explain: {}\n", what);
  return kExitError;
}

// The same operation by the configuration on disk; nothing where it cannot be asked.
std::optional<Explanation> ask_now(const policy::Snapshot* snapshot, const Denial& denial) {
  if (snapshot == nullptr || denial.method.empty() || denial.path.empty()) return std::nullopt;
  Explanation now{.asked = denial.method + " " + denial.path};
  now.device = snapshot->device(denial.device);
  if (now.device == nullptr) return std::nullopt;
  decide(*snapshot, {.device = *now.device, .certificate_lifetime = {}},
         {.method = denial.method, .path = denial.path}, now);
  return now;
}

void print_record(const Denial& denial, const policy::Snapshot* snapshot) {
  const auto line = [](const char* name, std::string_view value) {
    if (!value.empty()) fmt::print("{:<10} {}\n", name, value);
  };
  line("refused", denial.time);
  line("event", denial.event);
  if (!denial.method.empty()) line("operation", denial.method + " " + denial.path);
  line("device", denial.device);
  line("peer", denial.peer);
  line("listener", denial.listener);
  line("reason", denial.reason);
  const auto reason = reason_from_string(denial.reason);
  if (reason) line("", what_happened(*reason));
  line("because", denial.detail);
  if (!denial.suppressed.empty()) {
    line("counted",
         fmt::format("{} refusals of this caller for this reason, from {} to {}, have no "
                     "record of their own",
                     denial.suppressed, denial.since, denial.until));
  }
  if (reason) line("what to do", what_to_do(*reason));
  const bool same = snapshot != nullptr && snapshot->id == denial.policy;
  line("policy", denial.policy + (snapshot == nullptr ? ""
                                  : same              ? ", which is on disk now"
                                                      : ", which is not the one on disk now"));
}

}  // namespace

int explain_denial(const ExplainOptions& options, const policy::Snapshot* snapshot) {
  const std::string id = to_lower(options.denial_id);
  if (!is_denial_id(id)) {
    return complain(
        fmt::format("'{}' is no denial id: one has 32 hexadecimal digits", options.denial_id));
  }
  if (options.audit_file.empty() && snapshot == nullptr) {
    return complain("the configuration is not in order; name the audit log with --audit FILE");
  }
  const std::string& file = options.audit_file.empty() ? snapshot->audit_file : options.audit_file;
  const auto found = find_denial(file, id);
  if (!found) {
    return complain(fmt::format("{}: {}{}{}", file, found.error().what,
                                found.error().sys != 0 ? ": " : "",
                                found.error().sys != 0 ? errno_text(found.error().sys) : ""));
  }
  if (!*found) {
    return complain(fmt::format("no record of {} has the denial id {}", file, id));
  }
  const Denial& denial = **found;
  const auto now = ask_now(snapshot, denial);
  if (options.json) {
    const std::string& count = denial.count_line;
    fmt::print("{{\"record\":{}{}{}}}\n", denial.line, count.empty() ? "" : ",\"counted\":" + count,
               now ? ",\"now\":" + to_json(*now) : "");
  } else {
    print_record(denial, snapshot);
    if (now) {
      fmt::print(
          "\nby the configuration on disk, without a body or an upgrade (they are not on "
          "record):\n");
      print_text(*now);
    }
  }
  return now && now->decision.allowed() ? kExitOk : kExitDenied;
}

}  // namespace interlock::cli
