// Where the chain of a log file stands: what a writer must know to go on with it.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/types.h>

#include "audit/line.h"
#include "base/result.h"

namespace interlock::audit {

struct Tail {
  std::uint64_t seq = 0;  // Of the last whole line; 0: none.
  Hash hash{};
  off_t size = 0;             // Up to the end of that line.
  std::size_t cut_bytes = 0;  // What follows it: the beginning of a line, torn by a crash.
};

// read_tail looks at the end of a file. kMalformed where it does not end in an audit record, whole
// or torn; kIo.
Result<Tail> read_tail(int fd);

}  // namespace interlock::audit
