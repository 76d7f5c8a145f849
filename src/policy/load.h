// From files to a Snapshot: reads the main file and everything it names, reports all that is wrong
// with its place, and compiles what is right. Pure but for the reading, which the caller supplies.
#pragma once

#include <functional>
#include <memory>
#include <optional>
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

// configuration_files returns the main file and those that its includes match, in the order in
// which they are read; the main file alone where it cannot be read. Nothing is said of what they
// hold.
std::vector<std::string> configuration_files(const std::string& path, const FileAccess& files);

// audit_file_of returns where the audit log is, as these files say it, whether or not anything else
// in them is in order; nothing where they do not say it or cannot be read.
std::optional<std::string> audit_file_of(const std::string& path, const FileAccess& files);

}  // namespace interlock::policy
