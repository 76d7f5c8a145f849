// What `interlock audit search` and `tail` have in common: which log, which records, and how a
// record is shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "audit/log.h"
#include "cli/commands.h"

namespace interlock::cli {

// audit_file_named returns the log to read: the one given, else the configuration's; nothing, and a
// complaint on stderr, where there is neither.
std::optional<std::string> audit_file_named(const char* command, const std::string& file,
                                            const std::string& config);

// filter_of reads the filter options; nothing, and a complaint on stderr, where one means nothing.
std::optional<audit::Filter> filter_of(const char* command, const AuditFilterOptions& options);

// readable returns a value without the escapes of quotes and backslashes, which need none outside
// JSON; all that could steer a terminal keeps them.
std::string readable(std::string_view written);

// shown returns a record as one line for people, or, with `json`, as it stands in the log. Its
// escapes of controls stay, so that no record can steer the terminal.
std::string shown(const audit::Entry& record, bool json);

// DamageReport counts the lines that are no records, and says so on stderr.
class DamageReport {
 public:
  explicit DamageReport(std::string file) : file_(std::move(file)) {}

  void note(const audit::Entry& entry);
  // finish says how many there were, if any, and what to do.
  void finish() const;

 private:
  std::string file_;
  std::size_t num_damaged_ = 0;
};

// complain_of_log says on stderr what is wrong with a log, and returns kExitError.
int complain_of_log(const char* command, const std::string& file, const Error& error);

}  // namespace interlock::cli
