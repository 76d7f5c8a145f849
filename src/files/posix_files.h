// The real file system, for reading what intent is written in.
#pragma once

#include "port/files.h"

namespace interlock::files {

class PosixFiles final : public port::Files {
 public:
  Result<std::string> read(const std::string& path, std::size_t bytes_max) override;
  std::vector<std::string> glob(const std::string& pattern) override;
};

}  // namespace interlock::files
