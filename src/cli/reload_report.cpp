#include "cli/reload_report.h"

#include <fmt/format.h>

#include "cli/problem_json.h"

namespace interlock::cli {
namespace {

void write(JsonWriter& json, const char* name, const std::vector<std::string>& files) {
  json.key(name).begin_array();
  for (const std::string& file : files) json.value(file);
  json.end_array();
}

}  // namespace

std::string_view to_string(control::ReloadReport::Outcome outcome) {
  switch (outcome) {
    case control::ReloadReport::Outcome::kApplied:
      return "applied";
    case control::ReloadReport::Outcome::kUnchanged:
      return "unchanged";
    case control::ReloadReport::Outcome::kRejected:
      break;
  }
  return "rejected";
}

std::string describe(const control::DiskReport& disk) {
  std::string text;
  const auto part = [&](const char* what, const std::vector<std::string>& files) {
    if (files.empty()) return;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", what, fmt::join(files, ", "));
  };
  part("changed", disk.changed);
  part("gone", disk.gone);
  part("new", disk.added);
  if (disk.left_out > 0) text += fmt::format("; and {} more files", disk.left_out);
  return text;
}

void write(JsonWriter& json, const control::DiskReport& disk) {
  json.begin_object().member("differs", !disk.empty());
  write(json, "changed", disk.changed);
  write(json, "gone", disk.gone);
  write(json, "new", disk.added);
  json.member("left_out", disk.left_out).end_object();
}

void write(JsonWriter& json, const control::ReloadReport& reload) {
  json.begin_object().member("outcome", to_string(reload.outcome));
  json.member("asked_by", reload.asked_by).member("at", format_utc(reload.at));
  json.member("policy_before", reload.policy_before).member("policy", reload.policy_after);
  json.key("problems");
  write_problems(json, reload.problems);
  json.key("disk");
  write(json, reload.disk);
  json.end_object();
}

}  // namespace interlock::cli
