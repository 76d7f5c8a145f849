// interlock check: is the configuration in order, and what does it permit?
#include <cstdio>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/permit_table.h"
#include "cli/problem_json.h"
#include "control/configuration.h"
#include "files/posix_files.h"
#include "net/loop.h"

namespace interlock::cli {
namespace {

void print_json(const policy::Loaded& loaded) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("ok", loaded.snapshot != nullptr).key("problems");
  write_problems(json, loaded.problems);
  if (loaded.snapshot != nullptr) {
    json.member("policy", loaded.snapshot->id);
    json.member("devices", static_cast<std::uint64_t>(loaded.snapshot->devices.size()));
    json.member("expects", static_cast<std::uint64_t>(loaded.num_expects));
    json.key("functions");
    write_functions(json, *loaded.snapshot);
  }
  json.end_object();
  fmt::print("{}\n", out);
}

}  // namespace

int check(const CheckOptions& options) {
  files::PosixFiles files;
  const policy::Loaded loaded =
      control::load_configuration(files, options.config, net::SystemClock().wall());
  const int code = loaded.snapshot != nullptr ? kExitOk : kExitError;
  if (options.json) {
    print_json(loaded);
    return code;
  }
  for (const policy::Problem& problem : loaded.problems) {
    fmt::print(stderr, "{}\n", policy::to_string(problem));
  }
  if (loaded.snapshot == nullptr) {
    fmt::print(stderr, "{}: not in order; a gateway would not start with it\n", options.config);
    return code;
  }
  fmt::print("{}: in order: {}; {} of {} expectations hold (policy {})\n", options.config,
             control::describe(*loaded.snapshot), loaded.num_expects, loaded.num_expects,
             loaded.snapshot->id);
  fmt::print("{}", permit_table(*loaded.snapshot));
  return code;
}

}  // namespace interlock::cli
