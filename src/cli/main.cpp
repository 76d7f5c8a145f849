// interlock: the commands for the people who run the gateway.
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "interlock/version.h"
#include "tls/process_guard.h"

namespace interlock::cli {
namespace {

constexpr const char* kDefaultConfig = "/etc/interlock/interlock.textproto";
constexpr const char* kDefaultSocket = "/run/interlock/admin.sock";
// The largest configurations load in a few seconds.
constexpr int kTimeoutSeconds = 60;
constexpr int kTimeoutSecondsMax = 3600;
// Records that `audit tail` shows, and that may be asked for.
constexpr int kRecords = 20;
constexpr int kRecordsMax = 1'000'000;

// Each command has a function below that adds it to `app` with its options and says, once the
// command line names it, what is to be run. CLI11 is slow to compile: only this file includes it.
using Chosen = std::function<int()>;

template <class Options>
void add_config(CLI::App& command, Options& options) {
  command.add_option("-c,--config", options.config, "Main configuration file")
      ->default_val(kDefaultConfig);
}

template <class Options>
void add_json(CLI::App& command, Options& options) {
  command.add_flag("--json", options.json, "For scripts");
}

// What the commands have in common that read the audit trail.
template <class Options>
void add_log(CLI::App& command, Options& options) {
  command.add_option("file", options.file, "The audit file; without it, the configuration's");
  add_config(command, options);
  add_json(command, options);
}

void add_filter(CLI::App& command, AuditFilterOptions& filter) {
  command.add_option("--device", filter.device, "Of this device");
  command.add_option("--reason", filter.reason, "With this reason code");
  command.add_option("--event", filter.event, "Of this kind, such as operation or handshake");
  command.add_option("--decision", filter.decision, "allow or deny");
  command.add_option("--denial-id", filter.denial_id, "With the id that a client was told");
  command.add_option("--listener", filter.listener, "At this listener");
  command.add_option("--service", filter.service, "For this service");
  command.add_option("--function", filter.function, "Of devices of this function");
  command.add_option("--session", filter.session, "Of this connection");
  command.add_option("--peer", filter.peer, "From this address, with or without a port");
  command.add_option("--path", filter.path, "For this path or one below it");
  command.add_option("--since", filter.since, "From this time (UTC) on, or since so long: 2h, 7d");
  command.add_option("--until", filter.until, "Until this time (UTC), or until so long ago");
}

void add_audit(CLI::App& app, Chosen& chosen) {
  CLI::App* audit = app.add_subcommand("audit", "Look at the audit trail");
  audit->require_subcommand(1);

  CLI::App* search = audit->add_subcommand("search", "The records that answer a question");
  const auto searched = std::make_shared<AuditSearchOptions>();
  add_log(*search, *searched);
  add_filter(*search, searched->filter);
  search->add_option("--last", searched->last, "Only the last so many")
      ->check(CLI::Range(1, kRecordsMax));
  search->callback([=, &chosen] { chosen = [=] { return audit_search(*searched); }; });

  CLI::App* tail = audit->add_subcommand("tail", "The last records, and those that come");
  const auto tailed = std::make_shared<AuditTailOptions>();
  add_log(*tail, *tailed);
  add_filter(*tail, tailed->filter);
  tail->add_option("-n,--lines", tailed->num_records, "How many")
      ->check(CLI::Range(1, kRecordsMax))
      ->default_val(kRecords);
  tail->add_flag("-f,--follow", tailed->follow, "Go on with what is written, until Ctrl-C");
  tail->callback([=, &chosen] { chosen = [=] { return audit_tail(*tailed); }; });

  CLI::App* exports = audit->add_subcommand("export", "The records for other programs");
  const auto exported = std::make_shared<AuditExportOptions>();
  exports->add_option("file", exported->file, "The audit file; without it, the configuration's");
  add_config(*exports, *exported);
  add_filter(*exports, exported->filter);
  exports->add_option("--format", exported->format, "json: lines as they stand; csv: a table")
      ->check(CLI::IsMember({"json", "csv"}))
      ->default_val("json");
  exports->add_option("-o,--output", exported->output, "Into this file, not to standard output");
  exports->callback([=, &chosen] { chosen = [=] { return audit_export(*exported); }; });

  CLI::App* verify =
      audit->add_subcommand("verify", "Is every record there, unaltered and in its place?");
  const auto verified = std::make_shared<AuditVerifyOptions>();
  add_log(*verify, *verified);
  verify->callback([=, &chosen] { chosen = [=] { return audit_verify(*verified); }; });
}

void add_fmt(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("fmt", "Lay configuration files out; every comment is kept");
  const auto options = std::make_shared<FormatOptions>();
  command->add_option("files", options->files,
                      "The files, or - for standard input; without them, the configuration's");
  add_config(*command, *options);
  command->add_flag("--check", options->check, "Write nothing; say which files would change");
  command->callback([=, &chosen] { chosen = [=] { return format_files(*options); }; });
}

void add_check(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("check", "Is the configuration in order, and what does it permit?");
  const auto options = std::make_shared<CheckOptions>();
  add_config(*command, *options);
  add_json(*command, *options);
  command->callback([=, &chosen] { chosen = [=] { return check(*options); }; });
}

void add_explain(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("explain", "Would this device be allowed to do this, and why not?");
  const auto options = std::make_shared<ExplainOptions>();
  add_config(*command, *options);
  CLI::Option* denial = command->add_option("denial", options->denial_id,
                                            "Or: the id of a refusal, as the client was told it");
  CLI::Option* device =
      command->add_option("--device", options->device, "A device of the inventory");
  CLI::Option* cert =
      command->add_option("--cert", options->cert, "A client's certificate chain (PEM)");
  device->excludes(cert);
  command->add_option("--listener", options->listener, "The listener the certificate would come to")
      ->needs(cert);
  CLI::Option* http = command->add_option("--http", options->http, "The operation: 'METHOD /path'");
  command->add_option("--content-type", options->content_type, "Content-Type of its body")
      ->needs(http);
  command->add_option("--body", options->body, "Size of its body, such as 512B or 4KiB; else none")
      ->needs(http);
  command
      ->add_option("--upgrade", options->upgrade,
                   "The protocol it asks to go on in, such as websocket")
      ->needs(http);
  command->add_option("--audit", options->audit_file, "The audit log with that refusal")
      ->needs(denial);
  for (CLI::Option* other : {device, cert, http}) denial->excludes(other);
  add_json(*command, *options);
  command->callback([=, &chosen] {
    if (denial->count() == 0 && device->count() + cert->count() == 0) {
      throw CLI::RequiredError("--device or --cert, or a denial id");
    }
    if (denial->count() == 0 && http->count() == 0) throw CLI::RequiredError("--http");
    chosen = [=] { return explain(*options); };
  });
}

void add_help(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("help", "What a reason code means, and what to do");
  const auto options = std::make_shared<HelpReasonOptions>();
  command->add_option("reason", options->reason, "The code; without it, all of them");
  add_json(*command, *options);
  command->callback([=, &chosen] { chosen = [=] { return help_reason(*options); }; });
}

// What the commands have in common that ask the running gateway.
template <class Options>
void add_socket(CLI::App& command, Options& options) {
  command.add_option("--socket", options.socket, "The gateway's admin socket")
      ->default_val(kDefaultSocket);
  command.add_option("--timeout", options.timeout_s, "Seconds to wait for the answer")
      ->check(CLI::Range(1, kTimeoutSecondsMax))
      ->default_val(kTimeoutSeconds);
}

void add_reload(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "reload", "Make the running gateway take its configuration as it is now, or say why not");
  const auto options = std::make_shared<ReloadOptions>();
  add_socket(*command, *options);
  add_json(*command, *options);
  command->callback([=, &chosen] { chosen = [=] { return reload(*options); }; });
}

void add_status(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("status", "What the running gateway enforces, and what needs a person");
  const auto options = std::make_shared<StatusOptions>();
  add_socket(*command, *options);
  add_json(*command, *options);
  command->callback([=, &chosen] { chosen = [=] { return status(*options); }; });
}

template <class Options>
CLI::App* add_devices_command(CLI::App& devices, const char* name, const char* what,
                              Options& options) {
  CLI::App* command = devices.add_subcommand(name, what);
  add_socket(*command, options);
  add_json(*command, options);
  return command;
}

void add_device_acts(CLI::App& devices, Chosen& chosen) {
  const auto quarantine = std::make_shared<DeviceActOptions>();
  CLI::App* command = add_devices_command(
      devices, "quarantine", "Put a device in quarantine, at once and on its open connections too",
      *quarantine);
  command->add_option("device", quarantine->device, "The device")->required();
  command->add_option("--reason", quarantine->reason, "Why; it goes on record")->required();
  command->add_option("--for", quarantine->length, "For how long, such as 4h; else without an end");
  command->callback([=, &chosen] { chosen = [=] { return devices_quarantine(*quarantine); }; });

  const auto release = std::make_shared<DeviceActOptions>();
  command =
      add_devices_command(devices, "release", "End one cause of a device's quarantine", *release);
  command->add_option("device", release->device, "The device")->required();
  command->add_option("--cause", release->cause, "The cause that ends")->default_val("operator");
  command->add_option("--reason", release->reason, "Why; it goes on record")->required();
  command->callback([=, &chosen] { chosen = [=] { return devices_release(*release); }; });
}

void add_devices(CLI::App& app, Chosen& chosen) {
  CLI::App* devices = app.add_subcommand("devices", "Where devices stand; quarantine and release");
  devices->require_subcommand(1);
  const auto list = std::make_shared<DevicesListOptions>();
  CLI::App* command =
      add_devices_command(*devices, "list", "All devices, and where they stand", *list);
  command->add_flag("--quarantined", list->quarantined, "Only those in quarantine");
  command->callback([=, &chosen] { chosen = [=] { return devices_list(*list); }; });
  const auto show = std::make_shared<DevicesShowOptions>();
  command = add_devices_command(*devices, "show", "The story of one device", *show);
  command->add_option("device", show->device, "The device")->required();
  command->callback([=, &chosen] { chosen = [=] { return devices_show(*show); }; });
  add_device_acts(*devices, chosen);
}

int no_such_command(const CLI::App& app, std::string_view word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string_view meant = nearest(word, known);
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
  CLI::App app("interlock: what the gateway would do, what it did, and why.", "interlock");
  app.set_version_flag("--version", fmt::format("interlock {}", kVersion));
  app.require_subcommand(1);
  app.footer("Exit codes: 0 yes, 1 a check failed, 2 the question cannot be answered, 3 denied.");
  Chosen chosen;
  add_audit(app, chosen);
  add_check(app, chosen);
  add_devices(app, chosen);
  add_explain(app, chosen);
  add_fmt(app, chosen);
  add_help(app, chosen);
  add_reload(app, chosen);
  add_status(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty()) {
      return no_such_command(app, argv[1]);
    }
    return app.exit(wrong) == 0 ? kExitOk : kExitError;
  }
  const int code = chosen();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (code != kExitError) std::perror("interlock: what was to be said cannot be written");
  return kExitError;  // Else a script would take half of it for all.
}

}  // namespace
}  // namespace interlock::cli

int main(int argc, char** argv) {
  try {
    return interlock::cli::main_of(argc, argv);
  } catch (const std::exception& wrong) {
    static_cast<void>(std::fprintf(stderr, "interlock: %s\n", wrong.what()));
    return interlock::cli::kExitError;
  }
}
