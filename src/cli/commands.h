// The commands of `interlock`. Each prints to stdout, complains on stderr, and returns an exit
// code.
#pragma once

#include <string>

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
  bool json = false;
};
// explain: 0 it would be allowed, 3 denied, 2 the question cannot be answered.
int explain(const ExplainOptions& options);

struct AuditVerifyOptions {
  std::string file;
  bool json = false;
};
// audit_verify: 0 the chain is whole, 1 it is broken or empty, 2 the file cannot be read.
int audit_verify(const AuditVerifyOptions& options);

struct HelpReasonOptions {
  std::string reason;  // A code; empty: all.
  bool json = false;
};
// help_reason: 0 the code is known, 2 it is not.
int help_reason(const HelpReasonOptions& options);

}  // namespace interlock::cli
