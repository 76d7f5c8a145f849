// Is the running configuration still what the files say?
#pragma once

#include <string>
#include <vector>

#include "policy/snapshot.h"
#include "port/files.h"

namespace interlock::control {

// DiskDifference names the files in which the disk differs from what runs, ordered by path. A file
// that cannot be read has changed.
struct DiskDifference {
  std::vector<std::string> changed;
  std::vector<std::string> gone;
  std::vector<std::string> added;  // They match an include and were not read.

  [[nodiscard]] bool empty() const { return changed.empty() && gone.empty() && added.empty(); }
};

// compare_with_disk reads again every file that `running` was made of, which may take as long as
// loading it did: never in a data thread.
DiskDifference compare_with_disk(const policy::Snapshot& running, port::Files& files);

}  // namespace interlock::control
