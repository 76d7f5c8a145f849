// interlock help REASON: what a reason code means, and what to do.
#include <cstdio>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "interlock/reason.h"

namespace interlock::cli {

int help_reason(const HelpReasonOptions& options) {
  std::vector<Reason> wanted(all_reasons().begin(), all_reasons().end());
  if (!options.reason.empty()) {
    const auto reason = reason_from_string(options.reason);
    if (!reason) {
      std::vector<std::string_view> known;
      for (const Reason each : all_reasons()) known.push_back(to_string(each));
      const std::string_view meant = nearest(options.reason, known);
      fmt::print(stderr, "interlock help: there is no reason code '{}'{}\n", options.reason,
                 meant.empty() ? "; `interlock help` lists them"
                               : fmt::format("; did you mean {}?", meant));
      return kExitError;
    }
    wanted = {*reason};
  }
  std::string text;
  JsonWriter writer(text);
  writer.begin_array();
  for (const Reason reason : wanted) {
    if (options.json) {
      writer.begin_object()
          .member("reason", to_string(reason))
          .member("what", what_happened(reason));
      writer.member("do", what_to_do(reason)).end_object();
    } else {
      fmt::print("{}\n  {}\n  {}\n", to_string(reason), what_happened(reason), what_to_do(reason));
    }
  }
  writer.end_array();
  if (options.json) fmt::print("{}\n", text);
  return kExitOk;
}

}  // namespace interlock::cli
