// The file of the log that is being written: bytes go to its end whole or not at all, room is held
// behind it, and it is put aside for a new one without a moment in which the log has no file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "audit/file_calls.h"
#include "audit/tail.h"
#include "base/fd.h"
#include "base/result.h"

namespace interlock::audit {

class OpenFile {
 public:
  // open opens or creates the file (mode 0640), takes its lock, which ends with the object, and
  // ends what a crash left of a putting aside. kState, if another process holds the lock; kIo.
  static Result<OpenFile> open(const std::string& path, FileCalls& calls);

  // tail says where the chain of this file stands (tail.h).
  [[nodiscard]] Result<Tail> tail() const { return read_tail(file_.get()); }

  // first_seq is the number of its first record; nothing where it does not begin with one.
  [[nodiscard]] std::optional<std::uint64_t> first_seq() const;

  // What follows returns 0 or an errno.

  // cut makes `size` the end of the file.
  int cut(off_t size);

  // write appends all of `bytes` or, as far as the file lets it, nothing: a piece that cannot be
  // taken back at once is taken back by the next write.
  int write(std::string_view bytes);

  // sync brings to the disk what was written, or, after a failure, writes it once more first.
  int sync();

  // hold_room sees to it that `bytes` and more can be written, however full the disk gets: ENOSPC
  // or EDQUOT where that many are not free. Where the file system cannot hold room it does nothing.
  int hold_room(std::uint64_t bytes);

  // put_aside gives the file the name `aside` and begins a new one. On failure all is as before.
  int put_aside(const std::string& aside);

  [[nodiscard]] std::uint64_t size() const { return static_cast<std::uint64_t>(size_); }

 private:
  OpenFile(std::string path, Fd file, FileCalls& calls)
      : path_(std::move(path)), file_(std::move(file)), calls_(&calls) {}

  int keep_unsynced();
  int write_again();

  std::string path_;
  Fd file_;
  FileCalls* calls_;
  off_t size_ = 0;             // Up to the last bytes that were written whole.
  off_t synced_ = 0;           // So far all is on the disk.
  std::string lost_;           // What follows it, where bringing it there has failed.
  int unread_ = 0;             // An errno: not even that could be kept.
  off_t room_end_ = 0;         // So far disk is ours.
  bool names_synced_ = false;  // The file's own name, and that of the one put aside.
  bool torn_ = false;          // Beyond size_ lies a piece.
};

}  // namespace interlock::audit
