#include "audit/tail.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/limits.h"
#include "pki/digest.h"

namespace interlock::audit {
namespace {

// is_torn says whether `tail` can be the beginning of one of our lines; after a power cut, file
// systems may leave zeros for what was not written.
bool is_torn(std::string_view tail) {
  tail = tail.substr(0, std::min(tail.find('\0'), kLineStart.size()));
  return kLineStart.starts_with(tail);
}

Result<std::string> read_last(int fd, off_t size, std::size_t bytes_max) {
  std::string text(std::min(static_cast<std::size_t>(size), bytes_max), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const off_t at = size - static_cast<off_t>(text.size() - have);
    const ssize_t got = ::pread(fd, text.data() + have, text.size() - have, at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {  // It cannot end early: we hold the lock.
      return fail(Errc::kIo, Origin::kEnvironment, "cannot read the audit log",
                  got < 0 ? errno : EIO);
    }
    have += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace

Result<Tail> read_tail(int fd) {
  const auto not_ours =
      fail(Errc::kMalformed, Origin::kEnvironment, "the file does not end in an audit record");
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    return fail(Errc::kIo, Origin::kEnvironment, "cannot read the audit log", errno);
  }
  if (!S_ISREG(status.st_mode)) return not_ours;
  // A torn line, the whole line before it, and the newline before that.
  IL_TRY_ASSIGN(const std::string text,
                read_last(fd, status.st_size, 2 * limits::kAuditLineBytesMax));
  const bool from_start = static_cast<off_t>(text.size()) == status.st_size;
  const std::size_t whole = text.rfind('\n') + 1;  // 0 where there is no newline.
  const std::string_view torn = std::string_view(text).substr(whole);
  Tail tail;
  tail.cut_bytes = torn.size();
  tail.size = status.st_size - static_cast<off_t>(torn.size());
  if (!is_torn(torn) || (whole == 0 && !from_start)) return not_ours;
  if (whole == 0) return tail;
  std::string_view last = std::string_view(text).substr(0, whole - 1);
  const std::size_t start = last.rfind('\n') + 1;
  if (start == 0 && !from_start) return not_ours;
  last.remove_prefix(start);
  const auto line = parse_line(last);
  if (!line) return not_ours;
  tail.seq = line->seq;
  tail.hash = pki::sha256(as_bytes(last));
  return tail;
}

}  // namespace interlock::audit
