// The system calls of the audit writer that may fail while running; tests put faults here.
#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

namespace interlock::audit {

// Each returns what the call of the same name does, with errno set. Writer::open calls some; after
// it, the writer thread alone calls.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  virtual ssize_t write(int fd, std::string_view bytes) = 0;
  // overwrite is pwrite(), also into a file that is open to be appended to.
  virtual ssize_t overwrite(int fd, std::string_view bytes, off_t at) = 0;
  virtual int ftruncate(int fd, off_t size) = 0;
  virtual int fdatasync(int fd) = 0;
  // hold_room is fallocate() that keeps the size of the file.
  virtual int hold_room(int fd, off_t from, off_t len) = 0;
  virtual int link(const std::string& from, const std::string& to) = 0;
  virtual int rename(const std::string& from, const std::string& to) = 0;
  // sync_folder is fsync() of the folder that `path` is in: its names are on the disk then.
  virtual int sync_folder(const std::string& path) = 0;
};

// system_calls are the kernel's own. They live as long as the program.
FileCalls& system_calls();

}  // namespace interlock::audit
