// interlock: the commands for the people who run the gateway.
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "interlock/version.h"
#include "tls/process_guard.h"

namespace interlock::cli {
namespace {

constexpr const char* kDefaultConfig = "/etc/interlock/interlock.textproto";

struct Options {
  CheckOptions check{.config = kDefaultConfig};
  ExplainOptions explain{.config = kDefaultConfig};
  AuditVerifyOptions verify;
  std::string reason;
  bool reason_json = false;
};

CLI::App* add_check(CLI::App& app, CheckOptions& options) {
  CLI::App* command =
      app.add_subcommand("check", "Is the configuration in order, and what does it permit?");
  command->add_option("-c,--config", options.config, "Main configuration file")
      ->capture_default_str();
  command->add_flag("--json", options.json, "For scripts");
  return command;
}

CLI::App* add_explain(CLI::App& app, ExplainOptions& options) {
  CLI::App* command =
      app.add_subcommand("explain", "Would this device be allowed to do this, and why not?");
  command->add_option("-c,--config", options.config, "Main configuration file")
      ->capture_default_str();
  CLI::Option* device =
      command->add_option("--device", options.device, "A device of the inventory");
  CLI::Option* cert =
      command->add_option("--cert", options.cert, "A client's certificate chain (PEM)");
  device->excludes(cert);
  command->add_option("--listener", options.listener, "The listener the certificate would come to")
      ->needs(cert);
  CLI::Option* http =
      command->add_option("--http", options.http, "The operation: 'METHOD /path'")->required();
  command->add_option("--content-type", options.content_type, "Content-Type of its body")
      ->needs(http);
  command->add_option("--body", options.body, "Size of its body, such as 512B or 4KiB; else none")
      ->needs(http);
  command->add_flag("--json", options.json, "For scripts");
  command->callback([=] {
    if (device->count() + cert->count() == 0) throw CLI::RequiredError("--device or --cert");
  });
  return command;
}

int no_such_command(std::string_view word) {
  static constexpr std::string_view kCommands[] = {"check", "explain", "audit", "help"};
  const std::string_view meant = nearest(word, kCommands);
  fmt::print(
      stderr, "interlock: there is no command '{}'; {}\n", word,
      meant.empty() ? "interlock --help lists them" : fmt::format("did you mean {}?", meant));
  return kExitError;
}

int main_of(int argc, char** argv) {
  if (const auto foreign = tls::foreign_tls_library()) {
    fmt::print(stderr,
               "interlock: {} is loaded in this process and would corrupt it; look at LD_PRELOAD\n",
               *foreign);
    return kExitError;
  }
  Options options;
  CLI::App app("interlock: what the gateway would do, what it did, and why.", "interlock");
  app.set_version_flag("--version", fmt::format("interlock {}", kVersion));
  app.require_subcommand(1);
  app.footer("Exit codes: 0 yes, 1 a check failed, 2 the question cannot be answered, 3 denied.");
  const CLI::App* check_command = add_check(app, options.check);
  const CLI::App* explain_command = add_explain(app, options.explain);
  CLI::App* audit = app.add_subcommand("audit", "Look at the audit trail");
  audit->require_subcommand(1);
  CLI::App* verify_command =
      audit->add_subcommand("verify", "Is every record there, unaltered and in its place?");
  verify_command->add_option("file", options.verify.file, "The audit file")->required();
  verify_command->add_flag("--json", options.verify.json, "For scripts");
  CLI::App* help_command = app.add_subcommand("help", "What a reason code means, and what to do");
  help_command->add_option("reason", options.reason, "The code; without it, all of them");
  help_command->add_flag("--json", options.reason_json, "For scripts");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty()) {
      return no_such_command(argv[1]);
    }
    return app.exit(wrong) == 0 ? kExitOk : kExitError;
  }
  if (check_command->parsed()) return check(options.check);
  if (explain_command->parsed()) return explain(options.explain);
  if (verify_command->parsed()) return audit_verify(options.verify);
  return help_reason(options.reason, options.reason_json);
}

}  // namespace
}  // namespace interlock::cli

int main(int argc, char** argv) {
  try {
    return interlock::cli::main_of(argc, argv);
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "interlock: %s\n", wrong.what());
    return interlock::cli::kExitError;
  }
}
