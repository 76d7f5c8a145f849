// Reads an audit log record by record, for people who look for something in it: `interlock audit
// search` and `tail`, `interlock explain` of a denial id. It can run beside the writer. Nothing
// here proves anything: that is reader.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/line.h"
#include "audit/line_cutter.h"
#include "audit/sieve.h"
#include "base/fd.h"
#include "base/result.h"

namespace interlock::audit {

// Entry is one line of a log. Its views end with the call that it is handed to.
struct Entry {
  std::string_view file;     // Path of the file that it is in.
  std::uint64_t number = 0;  // Of the line in the file, from 1; 0 where reading began inside it.
  std::string_view line;     // As it stands there; empty where it was too long.
  bool is_record = false;    // Else it is damaged, or something else: nothing below is known.
  std::vector<Member> members;

  // written returns a member as the log has it, with the escapes; empty where it is absent.
  [[nodiscard]] std::string_view written(std::string_view name) const;

  // text returns what a member stands for.
  [[nodiscard]] std::string text(std::string_view name) const { return unescaped(written(name)); }
};

// Filter says which records are wanted: those that hold for all of it.
struct Filter {
  std::vector<std::pair<std::string_view, std::string>> equal;  // Name of a member, and its text.
  std::string peer;          // "192.0.2.7:40112", or the address alone.
  std::string path_prefix;   // The path, or one below it.
  std::string since, until;  // As utc_text writes times; both are included. Empty: no bound.

  [[nodiscard]] bool matches(const Entry& record) const;
};

// Log is one open file of a log and a place in it.
class Log {
 public:
  // Visit is handed each line and returns whether to go on.
  using Visit = std::function<bool(const Entry&)>;

  // open_all opens the files of a log (log_files.h), oldest first, at their beginnings. kIo, with
  // errno or why.
  static Result<std::vector<Log>> open_all(const std::string& path);

  // read hands over each line from the place on to the end, whose unfinished line it keeps for the
  // next call. With a `sieve`, lines that do not pass it are left out, damaged ones never. kIo
  // where the file cannot be read.
  Status read(const Visit& visit, const Sieve* sieve = nullptr);

  // finish says that nothing more will come: it hands over what read kept, if anything.
  void finish(const Visit& visit);

  // go_back moves the place so far back that at least `num` records that match are to come, or to
  // the beginning; it reads about twice what that takes, from the end.
  Status go_back(std::size_t num, const Filter& filter);

  // is_current says whether `path` still is this file, and no shorter than what was read.
  [[nodiscard]] bool is_current() const;

  // is_same says whether both are one file, whatever their names.
  [[nodiscard]] bool is_same(const Log& other) const;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Log(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  Status start_at(std::int64_t offset);
  bool hand_over(std::string_view line, const Visit& visit, const Sieve* sieve = nullptr);

  std::string path_;
  Fd file_;
  LineCutter lines_;
  Entry entry_;
  std::int64_t offset_ = 0;
  std::uint64_t number_ = 0;  // Of the last line handed over, where numbers are known.
  bool numbered_ = true;
  bool skips_first_ = false;  // The place is inside a line.
};

// read_log reads the files of a log from the oldest line to the last. `visit` returns whether to go
// on. kIo.
Status read_log(const std::string& path, const Filter& filter, const Log::Visit& visit);

}  // namespace interlock::audit
