// The commands of `interlock`. Each prints to stdout, complains on stderr, and returns an exit
// code.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace interlock::policy {
struct Snapshot;
}

namespace interlock::cli {

// Documented exit codes (--help, README).
enum ExitCode { kExitOk = 0, kExitFailed = 1, kExitError = 2, kExitDenied = 3 };

struct CheckOptions {
  std::string config;
  bool json = false;
};
// check: 0 the configuration is in order, 2 it is not.
int check(const CheckOptions& options);

struct ExplainOptions {
  std::string config;
  std::string device;    // Device id, or
  std::string cert;      // a PEM file with the client's chain,
  std::string listener;  // and with it the listener it would come to; empty: the only one.
  std::string http;      // "METHOD /path".
  // Content-Type and size ("512B") of the body. No size: none announced where there is a type, else
  // no body.
  std::optional<std::string> content_type, body;
  std::string upgrade;     // The protocol it asks to go on in; empty: none.
  std::string denial_id;   // In place of device, certificate and operation: a refusal on record,
  std::string audit_file;  // in this log; empty: the configuration's.
  bool json = false;
};
// explain: 0 it would be allowed, 3 denied, 2 the question cannot be answered. Of a refusal on
// record: as its operation is decided now, 3 where that cannot be asked.
int explain(const ExplainOptions& options);
// explain_denial is explain for a denial id. `snapshot` may be null: then nothing is said of now.
int explain_denial(const ExplainOptions& options, const policy::Snapshot* snapshot);

// Which records are wanted; empty: whatever they say there.
struct AuditFilterOptions {
  std::string device, reason, event, decision, denial_id, listener, service, function, session;
  std::string peer;          // With or without its port.
  std::string path;          // This path, and those below it.
  std::string since, until;  // A time in UTC, or how long ago.
};

struct AuditSearchOptions {
  std::string config;
  std::string file;  // Empty: the configuration's.
  AuditFilterOptions filter;
  std::size_t last = 0;  // The last so many; 0: all.
  bool json = false;
};
// audit_search: 0 something was found, 1 nothing, 2 the file cannot be read.
int audit_search(const AuditSearchOptions& options);

struct AuditTailOptions {
  std::string config;
  std::string file;  // Empty: the configuration's.
  AuditFilterOptions filter;
  std::size_t num_records = 0;
  bool follow = false;
  bool json = false;
};
// audit_tail: 0 shown, 1 there was nothing, 2 the file cannot be read. With `follow`: 0 when a
// signal ends it.
int audit_tail(const AuditTailOptions& options);

struct AuditExportOptions {
  std::string config;
  std::string file;  // Empty: the configuration's.
  AuditFilterOptions filter;
  std::string format;  // "json" or "csv".
  std::string output;  // Empty: standard output.
};
// audit_export: 0 exported, 1 there was nothing, 2 the log cannot be read or the output not
// written.
int audit_export(const AuditExportOptions& options);

struct AuditVerifyOptions {
  std::string config;
  std::string file;  // Empty: the configuration's.
  bool json = false;
};
// audit_verify: 0 the chain is whole, 1 it is broken or empty, 2 the file cannot be read.
int audit_verify(const AuditVerifyOptions& options);

struct FormatOptions {
  std::string config;
  std::vector<std::string> files;  // Empty: the configuration's; "-": from stdin to stdout.
  bool check = false;              // Write nothing.
};
// format_files: 0 all are laid out, 1 some would change (check), 2 one cannot be read, is wrong in
// form, or cannot be written.
int format_files(const FormatOptions& options);

// GatewayOptions are those of commands that ask the running gateway.
struct GatewayOptions {
  std::string socket;
  int timeout_s = 0;
  bool json = false;
};

struct ReloadOptions : GatewayOptions {};
// reload: 0 the files are in force, 1 they were refused, 2 the gateway cannot be asked.
int reload(const ReloadOptions& options);

struct StatusOptions : GatewayOptions {};
// status: 0 all is in order, 1 something needs a person, 2 the gateway cannot be asked.
int status(const StatusOptions& options);

struct DevicesListOptions : GatewayOptions {
  bool quarantined = false;  // Only those in quarantine.
};
// devices_list: 0 listed, 2 the gateway cannot be asked.
int devices_list(const DevicesListOptions& options);

struct DevicesShowOptions : GatewayOptions {
  std::string device;
};
// devices_show: 0 shown, 2 there is no such device or the gateway cannot be asked.
int devices_show(const DevicesShowOptions& options);

struct DeviceActOptions : GatewayOptions {
  std::string device, reason;
  std::string length;  // Of a quarantine, "4h"; empty: without an end.
  std::string cause;   // That is released.
};
// devices_quarantine and devices_release: 0 done and kept, 1 done, and something about it needs a
// person, 2 refused or the gateway cannot be asked.
int devices_quarantine(const DeviceActOptions& options);
int devices_release(const DeviceActOptions& options);

struct HelpReasonOptions {
  std::string reason;  // A code; empty: all.
  bool json = false;
};
// help_reason: 0 the code is known, 2 it is not.
int help_reason(const HelpReasonOptions& options);

}  // namespace interlock::cli
