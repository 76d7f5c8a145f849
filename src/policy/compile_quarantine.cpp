// What holds in quarantine: essential permits, and the function for remediation.
#include <algorithm>

#include <fmt/format.h>

#include "policy/compile.h"

namespace interlock::policy {

bool Compiling::compile_essential(const config::Function::Permit& permit, const Node& block,
                                  Permit& made) {
  made.essential = permit.essential();
  if (const Node* telemetry = block.field("essential_telemetry"); telemetry && !made.essential) {
    error(telemetry->name_at(), "essential_telemetry says something of essential permits alone",
          "write essential: true as well, or leave it out");
    return false;
  }
  if (!made.essential || made.only_reads()) return true;
  const auto may = [&](const std::string& method) {
    return method == "GET" || method == "HEAD" ||
           (permit.essential_telemetry() && method == "POST");
  };
  if (made.upgrade.empty() && std::ranges::all_of(made.methods, may)) return true;
  error(block.field("essential")->value_at(),
        fmt::format("permit \"{}\" holds in quarantine and permits more than GET and HEAD",
                    made.name),
        "put what is essential into a permit of its own; POST of measured values may be essential "
        "with essential_telemetry: true");
  return false;
}

void Compiling::compile_quarantine(const std::deque<Unit>& units) {
  const Node* first = nullptr;
  for (const Unit& unit : units) {
    const Node* block = unit.text.tree.root().field("quarantine");
    if (block == nullptr) continue;
    if (first != nullptr) {
      error(block->name_at(), "quarantine is given twice",
            fmt::format("it is first given at {}", to_string(first->name_at())));
      return;
    }
    first = block;
    const Node* field = block->field("function");
    if (field == nullptr) continue;
    const std::string& name = unit.text.message.quarantine().function();
    const Function* function = out().function(name);
    if (function == nullptr) {
      if (!functions_.contains(name)) {
        unknown_name(field->value_at(), "function", name, functions_);
      }
      continue;
    }
    const auto writes = std::ranges::find_if_not(function->permits, &Permit::only_reads);
    if (writes != function->permits.end()) {
      error(field->value_at(),
            fmt::format("a device in quarantine only reads, and permit \"{}\" of function \"{}\" "
                        "permits more than GET and HEAD",
                        writes->name, name),
            "name a function of permits with GET and HEAD alone");
      continue;
    }
    out().remediation = function;
  }
}

}  // namespace interlock::policy
