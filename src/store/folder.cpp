#include "store/folder.h"

#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace interlock::store {
namespace {

// What SQLite may leave beside a database that nobody has open.
constexpr std::array<const char*, 3> kBeside = {"-wal", "-shm", "-journal"};

tl::unexpected<StoreError> failed(const std::string& path, std::string_view what) {
  const int error = errno;
  return tl::make_unexpected(
      store_error(StoreFault::kUnavailable, path, fmt::format("{} ({})", what, errno_text(error))));
}

tl::unexpected<StoreError> unfit(StoreFault fault, const std::string& path, std::string_view what) {
  return tl::make_unexpected(store_error(fault, path, what));
}

void remove_beside(const std::string& database) {
  for (const char* ending : kBeside) ::unlink((database + ending).c_str());
}

// sync_file brings a file, or the names in a folder, to the disk.
StoreStatus sync_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // Some file systems bring names to the disk by themselves, and say EINVAL.
  if (!file.valid() || (::fsync(file.get()) != 0 && errno != EINVAL)) {
    return failed(path, "it cannot be brought to the disk");
  }
  return Ok{};
}

}  // namespace

StoreStatus create_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.valid()) return Ok{};
  if (errno == EEXIST) return unfit(StoreFault::kRefused, path, "there is such a file already");
  return failed(path, "it cannot be created");
}

void remove_database(const std::string& path) {
  ::unlink(path.c_str());
  remove_beside(path);
}

StoreStatus publish(const std::string& part, const std::string& path) {
  IL_TRY(sync_file(part));
  if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return unfit(StoreFault::kRefused, path, "there is such a file already");
    return failed(path, "it cannot be created");
  }
  const auto slash = path.rfind('/');
  return sync_file(slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

StoreResult<Folder> Folder::hold(const std::string& path) {
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return failed(path, "the folder of the state database cannot be opened");
  struct stat about {};
  if (::fstat(folder.get(), &about) != 0) return failed(path, "it cannot be looked at");
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return unfit(StoreFault::kUnavailable, path, "others may write in it (chmod go-w)");
  }
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed(path, "it cannot be locked");
    return unfit(StoreFault::kLocked, path, "another process has the state database in it open");
  }
  return Folder(path, std::move(folder));
}

StoreResult<bool> Folder::has_database() const {
  struct stat about {};
  if (::lstat(database().c_str(), &about) != 0) {
    if (errno == ENOENT) return false;
    return failed(database(), "it cannot be looked at");
  }
  if (!S_ISREG(about.st_mode)) return unfit(StoreFault::kDamaged, database(), "it is no file");
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return unfit(StoreFault::kUnavailable, database(), "others may use it (chmod 0600)");
  }
  return true;
}

bool Folder::has_log() const {
  struct stat about {};
  return ::stat((database() + "-wal").c_str(), &about) == 0 && about.st_size > 0;
}

StoreResult<std::optional<std::string>> Folder::instance() const {
  const Fd file(::open(marker().c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    if (errno == ENOENT) return std::nullopt;
    return failed(marker(), "it cannot be opened");
  }
  std::array<char, 64> content{};  // More than an instance and its newline: no marker of ours.
  const ssize_t len = ::read(file.get(), content.data(), content.size());
  if (len < 0) return failed(marker(), "it cannot be read");
  return std::string(trim(std::string_view(content.data(), static_cast<std::size_t>(len))));
}

StoreStatus Folder::name_next(const std::string& instance) const {
  const std::string temporary = marker() + ".next";
  ::unlink(temporary.c_str());  // What a crash may have left.
  const Fd file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return failed(temporary, "it cannot be created");
  if (!write_all(file.get(), instance + "\n") || ::fsync(file.get()) != 0) {
    return failed(temporary, "it cannot be written");
  }
  if (::rename(temporary.c_str(), marker().c_str()) != 0) {
    return failed(marker(), "it cannot be replaced");
  }
  return sync_file(path_);
}

StoreStatus Folder::place_next() const {
  remove_beside(database());  // Of the database that goes.
  if (::rename(next().c_str(), database().c_str()) != 0) {
    return failed(database(), "it cannot be replaced");
  }
  return sync_file(path_);
}

}  // namespace interlock::store
