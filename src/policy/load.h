// From files to a Snapshot: reads the main file and everything it names, reports all that is wrong
// with its place, and compiles what is right. Pure but for the reading, which the caller supplies.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "policy/problem.h"
#include "policy/snapshot.h"

namespace interlock::policy {

// FileAccess is how loading reaches the file system. `read` returns a whole file of at most so many
// bytes; `glob` the paths that match a shell pattern, sorted.
struct FileAccess {
  std::function<Result<std::string>(const std::string& path, std::size_t bytes_max)> read;
  std::function<std::vector<std::string>(const std::string& pattern)> glob;
};

// Loaded has a snapshot unless any problem is an error. Problems stand file by file, the
// main one first, and from top to bottom; at most limits::kConfigErrorsMax, the rest is counted.
struct Loaded {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<Problem> problems;
  std::size_t num_expects = 0;  // Policy tests that ran.
};

// load reads the configuration whose main file is `path`. Other paths are relative to the file that
// names them. `now` decides whether certificates and revocation lists have run out.
Loaded load(const std::string& path, const FileAccess& files, WallTime now);

}  // namespace interlock::policy
