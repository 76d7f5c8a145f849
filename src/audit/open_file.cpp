// How a file is put aside. A new file is made, and locked, under a name of its own; the old one
// gets its second name; the new one takes the place of the first. So the log always has a file, and
// that file a lock. A crash leaves the new file under its own name, which counts for nothing, or
// the old one under two names; open() removes both.
#include "audit/open_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/log_files.h"
#include "base/limits.h"

namespace interlock::audit {
namespace {

constexpr int kOpenFlags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC;
constexpr mode_t kMode = 0640;

class SystemCalls final : public FileCalls {
 public:
  ssize_t write(int fd, std::string_view bytes) override {
    return ::write(fd, bytes.data(), bytes.size());
  }
  ssize_t overwrite(int fd, std::string_view bytes, off_t at) override {
    const int flags = ::fcntl(fd, F_GETFL);  // With O_APPEND, pwrite() would append.
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags & ~O_APPEND) != 0) return -1;
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), at);
    const int error = errno;
    if (::fcntl(fd, F_SETFL, flags) != 0) return -1;
    errno = error;
    return put;
  }
  int ftruncate(int fd, off_t size) override { return ::ftruncate(fd, size); }
  int fdatasync(int fd) override { return ::fdatasync(fd); }
  int sync_folder(const std::string& path) override {
    const Fd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid()) return -1;
    // Some file systems bring names to the disk by themselves, and say EINVAL.
    return ::fsync(folder.get()) == 0 || errno == EINVAL ? 0 : -1;
  }
  int hold_room(int fd, off_t from, off_t len) override {
    return ::fallocate(fd, FALLOC_FL_KEEP_SIZE, from, len);
  }
  int link(const std::string& from, const std::string& to) override {
    return ::link(from.c_str(), to.c_str());
  }
  int rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str());
  }
};

std::string next_path(const std::string& path) { return path + ".next"; }

Result<Fd> open_locked(const std::string& path) {
  for (;;) {
    Fd file(::open(path.c_str(), kOpenFlags, kMode));
    if (!file.valid()) {
      return fail(Errc::kIo, Origin::kEnvironment, "cannot open the audit log", errno);
    }
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        return fail(Errc::kState, Origin::kEnvironment, "another process writes this audit log");
      }
      return fail(Errc::kIo, Origin::kEnvironment, "cannot lock the audit log", errno);
    }
    // Its writer may have put it aside in between, and ended.
    struct stat locked {
    }, named{};
    if (::fstat(file.get(), &locked) == 0 && ::stat(path.c_str(), &named) == 0 &&
        locked.st_ino == named.st_ino && locked.st_dev == named.st_dev) {
      return file;
    }
  }
}

void undo_half(const std::string& path, const Fd& file) {
  ::unlink(next_path(path).c_str());
  const auto beginning = beginning_of(file.get());
  if (!beginning) return;
  const std::string aside = put_aside_path(path, beginning->seq);
  if (same_file(path, aside)) ::unlink(aside.c_str());
}

}  // namespace

FileCalls& system_calls() {
  static SystemCalls calls;
  return calls;
}

Result<OpenFile> OpenFile::open(const std::string& path, FileCalls& calls) {
  IL_TRY_ASSIGN(Fd file, open_locked(path));
  undo_half(path, file);
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  OpenFile opened(path, std::move(file), calls);
  opened.size_ = size < 0 ? 0 : size;  // Pipes have none, and are no log.
  opened.room_end_ = opened.synced_ = opened.size_;
  return opened;
}

std::optional<std::uint64_t> OpenFile::first_seq() const {
  const auto beginning = beginning_of(file_.get());
  return beginning ? std::optional(beginning->seq) : std::nullopt;
}

int OpenFile::cut(off_t size) {
  if (calls_->ftruncate(file_.get(), size) != 0) return errno;
  room_end_ = size_ = size;  // It gives away what lies beyond.
  synced_ = std::min(synced_, size);
  return 0;
}

int OpenFile::write(std::string_view bytes) {
  if (torn_) {
    if (const int error = cut(size_); error != 0) return error;
    torn_ = false;
  }
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t put = calls_->write(file_.get(), rest);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      const int error = put < 0 ? errno : EIO;
      torn_ = rest.size() < bytes.size() && cut(size_) != 0;
      return error;
    }
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  size_ += static_cast<off_t>(bytes.size());
  return 0;
}

// After a failed fdatasync() the kernel takes the pages that it could not write for written, and
// the next one succeeds without them. So they are kept here, from the page cache while it has them,
// and written again before anybody hears that they are on the disk.
int OpenFile::sync() {
  if (unread_ != 0) return unread_;  // What is lost cannot be had again.
  // Without its name on the disk a power cut would take the file away, whatever is in it.
  if (!names_synced_ && calls_->sync_folder(path_) != 0) return errno;
  names_synced_ = true;
  if (!lost_.empty()) {
    if (const int error = write_again(); error != 0) return error;
  }
  if (calls_->fdatasync(file_.get()) == 0) {
    synced_ = size_;
    lost_.clear();
    lost_.shrink_to_fit();
    return 0;
  }
  const int error = errno;
  if (lost_.empty()) unread_ = keep_unsynced();
  return error;
}

int OpenFile::keep_unsynced() {
  lost_.resize(static_cast<std::size_t>(size_ - synced_));
  for (std::size_t have = 0; have < lost_.size();) {
    const ssize_t got = ::pread(file_.get(), lost_.data() + have, lost_.size() - have,
                                synced_ + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      lost_.clear();
      return got < 0 ? errno : EIO;
    }
    have += static_cast<std::size_t>(got);
  }
  return 0;
}

int OpenFile::write_again() {
  for (std::size_t put = 0; put < lost_.size();) {
    const ssize_t now = calls_->overwrite(file_.get(), std::string_view(lost_).substr(put),
                                          synced_ + static_cast<off_t>(put));
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) return now < 0 ? errno : EIO;
    put += static_cast<std::size_t>(now);
  }
  return 0;
}

int OpenFile::hold_room(std::uint64_t bytes) {
  const off_t wanted = size_ + static_cast<off_t>(bytes);
  if (room_end_ >= wanted) return 0;
  const off_t end = wanted + static_cast<off_t>(limits::kAuditReserveStepBytes);
  const bool held = calls_->hold_room(file_.get(), size_, end - size_) == 0;
  if (!held && (errno == ENOSPC || errno == EDQUOT)) return errno;
  room_end_ = end;  // Or as good as that: this file system is not asked again before.
  return 0;
}

int OpenFile::put_aside(const std::string& aside) {
  const std::string next = next_path(path_);
  Fd file(::open(next.c_str(), kOpenFlags | O_TRUNC, kMode));
  if (!file.valid()) return errno;
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return errno;
  if (calls_->link(path_, aside) != 0) {
    const int error = errno;
    ::unlink(next.c_str());
    return error;
  }
  if (calls_->rename(next, path_) != 0) {
    const int error = errno;
    ::unlink(aside.c_str());
    ::unlink(next.c_str());
    return error;
  }
  cut(size_);  // Gives back the room that was held; where that fails nothing else is lost.
  file_ = std::move(file);
  size_ = room_end_ = synced_ = 0;
  names_synced_ = false;
  return 0;
}

}  // namespace interlock::audit
