// interlock reload: the running gateway takes its files as they are now, or says why not.
#include <cstdio>

#include <fmt/format.h>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/reload_report.h"

namespace interlock::cli {

int reload(const ReloadOptions& options) {
  const auto answer = ask_gateway(options.socket, control::ReloadRequest{},
                                  {std::int64_t{options.timeout_s} * 1000});
  if (!answer) {
    fmt::print(stderr, "interlock reload: {}\n", answer.error());
    return kExitError;
  }
  const auto* report = std::get_if<control::ReloadReport>(&*answer);
  if (report == nullptr) {
    fmt::print(stderr, "interlock reload: {}: the gateway answered something else\n",
               options.socket);
    return kExitError;
  }
  const bool rejected = report->outcome == control::ReloadReport::Outcome::kRejected;
  const int code = rejected ? kExitFailed : kExitOk;
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    write(json, *report);
    fmt::print("{}\n", out);
    return code;
  }
  for (const policy::Problem& problem : report->problems) {
    fmt::print(stderr, "{}\n", policy::to_string(problem));
  }
  switch (report->outcome) {
    case control::ReloadReport::Outcome::kApplied:
      fmt::print("applied: policy {} is in force, in place of {}\n", report->policy_after,
                 report->policy_before);
      break;
    case control::ReloadReport::Outcome::kUnchanged:
      fmt::print("nothing changed: policy {} is in force\n", report->policy_after);
      break;
    case control::ReloadReport::Outcome::kRejected:
      fmt::print(stderr, "rejected: policy {} stays in force\n", report->policy_after);
      if (!report->disk.empty()) {
        fmt::print(stderr, "the disk differs from it: {}\n", describe(report->disk));
      }
      break;
  }
  return code;
}

}  // namespace interlock::cli
