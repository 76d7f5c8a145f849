#include "files/posix_files.h"

#include <cerrno>

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace interlock::files {
namespace {

tl::unexpected<Error> failed(const char* what, int sys = 0) {
  return fail(Errc::kIo, Origin::kEnvironment, what, sys);
}

}  // namespace

Result<std::string> PosixFiles::read(const std::string& path, std::size_t bytes_max) {
  // O_NONBLOCK: a named pipe in the place of a file must not hold the program up.
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return failed("cannot open", errno);
  struct stat about {};
  if (fstat(fd.get(), &about) != 0) return failed("cannot look at", errno);
  if (!S_ISREG(about.st_mode)) return failed("it is not a regular file");
  std::string content;
  // One byte more than allowed tells a file that grew, or lied about its size.
  const std::size_t most = bytes_max + 1;
  content.resize(std::min(most, static_cast<std::size_t>(about.st_size) + 1));
  std::size_t have = 0;
  while (have < content.size()) {
    const ssize_t got = ::read(fd.get(), content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot read", errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
    if (have == content.size() && have < most) content.resize(std::min(most, have * 2));
  }
  if (have > bytes_max) {
    return fail(Errc::kLimit, Origin::kEnvironment, "it is larger than such a file may be");
  }
  content.resize(have);
  return content;
}

std::vector<std::string> PosixFiles::glob(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  return paths;
}

}  // namespace interlock::files
