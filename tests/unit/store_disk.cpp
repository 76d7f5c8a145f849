// The calls of SQLite's interface to a file system (sqlite3_vfs, sqlite3_io_methods).
#include "store_disk.h"

#include <new>

#include <unistd.h>

namespace interlock::store {

// SQLite allocates it, with the real file behind it.
struct TestDisk::File {
  sqlite3_file base;
  TestDisk* disk;
  std::string* path;

  static File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(of(file) + 1);
  }
};

struct TestDisk::Calls {
  // Through SQLite: whoever else closes the file takes its locks away.
  static void keep_synced(sqlite3_file* file) {
    const File* own = File::of(file);
    if (own->disk->synced_.contains(*own->path)) return;
    sqlite3_int64 size = 0;
    File::real(file)->pMethods->xFileSize(File::real(file), &size);
    std::string content(static_cast<std::size_t>(size), '\0');
    read(file, content.data(), static_cast<int>(size), 0);
    own->disk->synced_.emplace(*own->path, std::move(content));
  }
  static int close(sqlite3_file* file) {
    delete File::of(file)->path;
    return File::real(file)->pMethods->xClose(File::real(file));
  }
  static int read(sqlite3_file* file, void* out, int len, sqlite3_int64 at) {
    return File::real(file)->pMethods->xRead(File::real(file), out, len, at);
  }
  static int write(sqlite3_file* file, const void* data, int len, sqlite3_int64 at) {
    keep_synced(file);
    const int code = File::of(file)->disk->change();
    const int part = code == SQLITE_OK ? len : len / 2;
    const int written = File::real(file)->pMethods->xWrite(File::real(file), data, part, at);
    return code == SQLITE_OK ? written : code;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    keep_synced(file);
    const int code = File::of(file)->disk->change();
    return code == SQLITE_OK ? File::real(file)->pMethods->xTruncate(File::real(file), size) : code;
  }
  static int sync(sqlite3_file* file, int) {
    const int code = File::of(file)->disk->change();
    if (code != SQLITE_OK) return code == SQLITE_FULL ? SQLITE_IOERR_FSYNC : code;
    File::of(file)->disk->synced_.erase(*File::of(file)->path);
    return SQLITE_OK;  // What is synced is decided here; to wait for a real disk proves nothing.
  }
  static int size(sqlite3_file* file, sqlite3_int64* out) {
    return File::real(file)->pMethods->xFileSize(File::real(file), out);
  }
  static int lock(sqlite3_file* file, int level) {
    return File::real(file)->pMethods->xLock(File::real(file), level);
  }
  static int unlock(sqlite3_file* file, int level) {
    return File::real(file)->pMethods->xUnlock(File::real(file), level);
  }
  static int reserved(sqlite3_file* file, int* out) {
    return File::real(file)->pMethods->xCheckReservedLock(File::real(file), out);
  }
  static int control(sqlite3_file* file, int what, void* with) {
    return File::real(file)->pMethods->xFileControl(File::real(file), what, with);
  }
  static int sector(sqlite3_file* file) {
    return File::real(file)->pMethods->xSectorSize(File::real(file));
  }
  // The real one promises atomic sectors and appends that a failing disk does not keep.
  static int characteristics(sqlite3_file*) { return 0; }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    static const sqlite3_io_methods methods = {
        1,       close,    read,    write,  truncate,        sync,    size,    lock,
        unlock,  reserved, control, sector, characteristics, nullptr, nullptr, nullptr,
        nullptr, nullptr,  nullptr};
    auto* disk = static_cast<TestDisk*>(vfs->pAppData);
    auto* own = new (file) File{};
    const int code = disk->real_->xOpen(disk->real_, name, File::real(file), flags, out);
    if (code != SQLITE_OK) return code;
    own->base.pMethods = &methods;
    own->disk = disk;
    own->path = new std::string(name != nullptr ? name : "");
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    auto* disk = static_cast<TestDisk*>(vfs->pAppData);
    const int code = disk->change();
    if (code != SQLITE_OK) return SQLITE_IOERR_DELETE;
    disk->synced_.erase(name);
    return disk->real_->xDelete(disk->real_, name, sync_folder);
  }
};

TestDisk::TestDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  vfs_.zName = "test-disk";
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.pAppData = this;
  vfs_.xOpen = Calls::open;
  vfs_.xDelete = Calls::remove;
  sqlite3_vfs_register(&vfs_, 1);
}

TestDisk::~TestDisk() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

int TestDisk::change() {
  const int n = changes_++;
  if (n == end_at_) ::_exit(0);
  return fail_at_ >= 0 && (n == fail_at_ || (fail_on_ && n > fail_at_)) ? code_ : SQLITE_OK;
}

std::map<std::string, std::string> TestDisk::after_power_cut(const TempFolder& folder) const {
  auto files = folder.files();
  for (auto& [name, content] : files) {
    const auto kept = synced_.find(folder / name);
    if (kept != synced_.end()) content = kept->second;
  }
  return files;
}

}  // namespace interlock::store
