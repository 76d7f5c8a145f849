#include "lifecycle/machines_text.h"

#include <fmt/format.h>

#include "lifecycle/standing_of.h"

namespace interlock::lifecycle {
namespace {

std::string transitions() {
  std::string out = "Stages: what has no line here does not happen\n";
  for (const StageRow& row : stage_rows()) {
    const EventRule& rule = rule_of(row.event);
    const std::string event = fmt::format("{}{}", rule.name, rule.by_person ? "" : " (by itself)");
    const std::string_view condition = condition_text(row.guard);
    out += fmt::format("  {:<8} {:<21} -> {:<8}{}{}", to_string(row.from), event, to_string(row.to),
                       condition.empty() ? "" : "if ", condition);
    while (out.back() == ' ') out.pop_back();
    out += '\n';
  }
  out += "  Any other violation of a staged device begins its soak anew.\n";
  out += "  People freeze a stage, and then it does not change by itself until they unfreeze it.\n";
  return out;
}

std::string_view yes_no(bool value) { return value ? "yes" : "no"; }

std::string causes() {
  std::string out = fmt::format("Causes of a quarantine\n  {:<18} {:<48} {:<10} {}\n", "",
                                "ends by", "essential", "enrolment");
  for (const CauseRule& rule : cause_rules()) {
    out += fmt::format("  {:<18} {:<48} {:<10} {}\n", to_string(rule.cause),
                       release_text(rule.release), yes_no(rule.essential), to_string(rule.enrol));
  }
  return out;
}

std::string line(std::string_view what, const Plight& plight) {
  const Scope scope = scope_of(plight);
  return fmt::format("  {:<8} {:<34} {:<12} {:<11} {:<10} {}\n", to_string(plight.stage), what,
                     to_string(scope.base), yes_no(scope.reads_only), yes_no(scope.essential),
                     to_string(scope.enrol));
}

std::string scopes() {
  std::string out = fmt::format("In force\n  {:<43} {:<12} {:<11} {:<10} {}\n", "", "base",
                                "reads only", "essential", "enrolment");
  for (const Stage stage : {Stage::kPending, Stage::kStaged, Stage::kActive}) {
    out += line("trusted", {.stage = stage});
    out += line("grace: reads", {.stage = stage, .phase = Phase::kReads});
    out += line("grace: essential", {.stage = stage, .phase = Phase::kEssential});
    out += line("unattested", {.stage = stage, .unattested = true});
    out += line("budget spent: evidence",
                {.stage = stage, .unattested = true, .phase = Phase::kNothing});
    out += line("budget spent: certificate",
                {.stage = stage, .phase = Phase::kNothing, .leaf_ended = true});
    out += line("budget spent: revocation list",
                {.stage = stage, .phase = Phase::kNothing, .crl_ended = true});
    for (const CauseRule& rule : cause_rules()) {
      out += line(fmt::format("quarantined: {}", to_string(rule.cause)),
                  {.stage = stage, .causes = {rule.cause}});
    }
  }
  return out + line("whatever else", {.stage = Stage::kRetired});
}

}  // namespace

std::string stages_text() { return transitions() + "\n" + causes() + "\n" + scopes(); }

}  // namespace interlock::lifecycle
