// interlock audit search: the records of the trail that answer a question.
#include <cstdio>
#include <deque>

#include <fmt/format.h>

#include "cli/audit_log.h"

namespace interlock::cli {

int audit_search(const AuditSearchOptions& options) {
  const auto filter = filter_of("search", options.filter);
  if (!filter) return kExitError;
  const auto file = audit_file_named("search", options.file, options.config);
  if (!file) return kExitError;
  DamageReport damage(*file);
  std::deque<std::string> last;
  std::size_t num_found = 0;
  const auto look = [&](const audit::Entry& entry) {
    if (!entry.is_record) damage.note(entry);
    if (!filter->matches(entry)) return true;
    ++num_found;
    if (options.last == 0) {
      fmt::print("{}", shown(entry, options.json));
    } else {
      last.push_back(shown(entry, options.json));
      if (last.size() > options.last) last.pop_front();
    }
    return true;
  };
  const Status read = audit::read_log(*file, *filter, look);
  for (const std::string& each : last) fmt::print("{}", each);
  if (!read) return complain_of_log("search", *file, read.error());
  damage.finish();
  if (num_found > 0) return kExitOk;
  fmt::print(stderr, "{}: no record answers to that\n", *file);
  return kExitFailed;
}

}  // namespace interlock::cli
