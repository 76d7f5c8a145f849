// The files that intent lives in.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace interlock::port {

class Files {
 public:
  virtual ~Files() = default;

  // read returns the whole of a regular file of at most `bytes_max` bytes; the error carries errno.
  virtual Result<std::string> read(const std::string& path, std::size_t bytes_max) = 0;

  // glob returns the paths that match a shell pattern, sorted by name; empty where none does.
  virtual std::vector<std::string> glob(const std::string& pattern) = 0;
};

}  // namespace interlock::port
