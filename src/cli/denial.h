// A refusal as the audit log has it: what `interlock explain DENIAL_ID` begins with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace interlock::cli {

// Denial is one record; texts are as written, empty where the record has none.
struct Denial {
  std::string line;  // The whole record, JSON.
  std::string time, event, reason, detail;
  std::string device, peer, listener, method, path, permit, service, policy;
  // Refusals that were counted under the same id, and when the first and the last of them happened.
  std::string suppressed, since, until;
  std::string count_line;  // The record that says so, JSON.
};

// is_denial_id says whether `text` is 32 lower-case hexadecimal digits.
bool is_denial_id(std::string_view text);

// find_denial looks for the record of that id in the files of a log, from the newest back, and for
// the count of those that have none of their own. Nothing where none has it; kIo where a file
// cannot be read. Takes one line's memory, whatever the size of the log.
Result<std::optional<Denial>> find_denial(const std::string& audit_file, std::string_view id);

}  // namespace interlock::cli
