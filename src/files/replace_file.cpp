#include "files/replace_file.h"

#include <cerrno>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace interlock::files {
namespace {

tl::unexpected<Error> failed(const char* what) {
  return fail(Errc::kIo, Origin::kEnvironment, what, errno);
}

// Temporary is a new file beside the one it is to replace; it is removed unless it took its place.
class Temporary {
 public:
  explicit Temporary(const std::string& beside)
      : path_(beside + ".XXXXXX"), fd_(mkostemp(path_.data(), O_CLOEXEC)) {}
  ~Temporary() {
    if (fd_.valid() && !placed_) unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  bool take_place_of(const std::string& path) {
    placed_ = rename(path_.c_str(), path.c_str()) == 0;
    return placed_;
  }

 private:
  std::string path_;
  Fd fd_;
  bool placed_ = false;
};

struct FreeDeleter {
  void operator()(char* text) const { std::free(text); }
};

}  // namespace

Status replace_file(const std::string& path, std::string_view content) {
  const std::unique_ptr<char, FreeDeleter> real(realpath(path.c_str(), nullptr));
  if (real == nullptr) return failed("cannot find");
  const std::string target = real.get();
  struct stat about {};
  if (stat(target.c_str(), &about) != 0) return failed("cannot look at");
  if (!S_ISREG(about.st_mode)) {
    return fail(Errc::kIo, Origin::kEnvironment, "it is not a regular file");
  }
  Temporary next(target);
  if (next.fd() < 0) return failed("cannot write beside");
  if (fchown(next.fd(), about.st_uid, about.st_gid) != 0) return failed("cannot keep the owner of");
  if (fchmod(next.fd(), about.st_mode & 07777) != 0) return failed("cannot keep the mode of");
  if (!write_all(next.fd(), content) || fsync(next.fd()) != 0) return failed("cannot write");
  if (!next.take_place_of(target)) return failed("cannot replace");
  const Fd folder(
      open(target.substr(0, target.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || fsync(folder.get()) != 0) return failed("cannot bring to the disk");
  return Ok{};
}

}  // namespace interlock::files
