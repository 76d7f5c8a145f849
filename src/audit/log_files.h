// The files that one log is made of: the one that is written, and beside it those that were put
// aside when they had grown large, each under the log's name and the number of its first record:
//   audit.jsonl.000000000001  audit.jsonl.000000131072  audit.jsonl
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace interlock::audit {

struct LogFile {
  std::string path;
  std::uint64_t first_seq = 0;  // By its name; 0: the file that is written, whose name says none.
  bool operator==(const LogFile&) const = default;
};

// put_aside_path names the file of log `path` whose first record is `first_seq`.
std::string put_aside_path(const std::string& path, std::uint64_t first_seq);

// first_seq_in returns the number at the end of such a name; nothing where there is none.
std::optional<std::uint64_t> first_seq_in(std::string_view path);

// log_files lists the files of log `path` that are there, in the order of their records: the one
// that is written is the last. A file that was put aside is a log by itself. A file under two
// names, which a crash left while it was put aside, is listed once, under its old one. kIo where
// the folder cannot be read.
Result<std::vector<LogFile>> log_files(const std::string& path);

// OpenedFile is one of them, open to be read from its beginning.
struct OpenedFile {
  LogFile file;
  Fd fd;
};

// open_log_files opens all of them, as they were at one moment, also beside the writer. kIo, with
// errno or why: also where there is none, or where one is no regular file.
Result<std::vector<OpenedFile>> open_log_files(const std::string& path);

// Beginning is what the first record of a file says.
struct Beginning {
  std::uint64_t seq = 0;
  std::uint64_t oldest_seq = 0;  // The oldest record that was kept then; 0: it does not say.
};

// beginning_of reads it; nothing where the file does not begin with an audit record. The place of
// the file stays.
std::optional<Beginning> beginning_of(int fd);

// folder_of returns the folder of a path: "." where the path names none.
std::string folder_of(const std::string& path);

// same_file says whether both paths lead to one file.
bool same_file(const std::string& a, const std::string& b);

}  // namespace interlock::audit
