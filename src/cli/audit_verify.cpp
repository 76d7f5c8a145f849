// interlock audit verify: is the chain of records whole?
#include <cstdio>

#include <fmt/format.h>

#include "audit/reader.h"
#include "base/json.h"
#include "cli/audit_log.h"

namespace interlock::cli {
namespace {

void print_json(const audit::VerifyReport& report, bool whole) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("ok", whole).member("records", report.num_records);
  json.member("first_seq", report.first_seq).member("last_seq", report.last_seq);
  json.member("first_time", report.first_time).member("last_time", report.last_time);
  if (report.first_break) {
    json.key("break").begin_object().member("line", report.first_break->line);
    json.member("kind", audit::to_string(report.first_break->kind));
    json.member("file", report.break_file);
    json.member("expected_seq", report.first_break->expected_seq).end_object();
  }
  json.end_object();
  fmt::print("{}\n", text);
}

}  // namespace

int audit_verify(const AuditVerifyOptions& options) {
  const auto file = audit_file_named("verify", options.file, options.config);
  if (!file) return kExitError;
  const auto report = audit::verify_log(*file);
  if (!report) return complain_of_log("verify", *file, report.error());
  const bool whole = !report->first_break && report->num_records > 0;
  if (options.json) {
    print_json(*report, whole);
  } else if (report->num_records == 0 && !report->first_break) {
    fmt::print("{}: holds no record\n", *file);
  } else if (!report->first_break) {
    fmt::print("{}: whole: {} records, from {} to {}\n", *file, report->num_records,
               report->first_time, report->last_time);
    if (report->first_seq > 1) {
      fmt::print(
          "it begins with record {}: older files were deleted, as configured, or not asked for\n",
          report->first_seq);
    }
  } else {
    fmt::print("{}:{}: the chain is broken here: {}; what stands before it is whole\n",
               report->break_file, report->first_break->line,
               audit::to_string(report->first_break->kind));
    if (report->first_break->line == 1 && report->first_break->kind == audit::BreakKind::kMissing) {
      fmt::print("the file with record {} is not there\n", report->first_break->expected_seq);
    }
  }
  return whole ? kExitOk : kExitFailed;
}

}  // namespace interlock::cli
