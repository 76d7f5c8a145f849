#include "audit/log.h"

#include <algorithm>
#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include "audit/log_files.h"

namespace interlock::audit {
namespace {

constexpr std::size_t kBlockBytes = 256 * limits::kKiB;

tl::unexpected<Error> failed(const char* what, int sys) {
  return fail(Errc::kIo, Origin::kEnvironment, what, sys);
}

bool is_below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/');
}

}  // namespace

std::string_view Entry::written(std::string_view name) const {
  const auto at = std::find_if(members.begin(), members.end(),
                               [&](const Member& each) { return each.name == name; });
  return at == members.end() ? std::string_view() : at->value;
}

bool Filter::matches(const Entry& record) const {
  if (!record.is_record) return false;
  const std::string_view time = record.written("time");
  if ((!since.empty() && time < since) || (!until.empty() && time > until)) return false;
  if (!std::all_of(equal.begin(), equal.end(), [&](const auto& wanted) {
        return record.text(wanted.first) == wanted.second;
      })) {
    return false;
  }
  if (!peer.empty()) {
    const std::string all = record.text("peer");
    const std::string address = all.substr(0, all.rfind(':'));  // Counts are of an address alone.
    const std::string in_brackets = "[" + peer + "]";
    if (all != peer && address != peer && all != in_brackets && address != in_brackets) {
      return false;
    }
  }
  return path_prefix.empty() || is_below(record.text("path"), path_prefix);
}

Result<std::vector<Log>> Log::open_all(const std::string& path) {
  IL_TRY_ASSIGN(std::vector<OpenedFile> files, open_log_files(path));
  std::vector<Log> logs;
  logs.reserve(files.size());
  for (OpenedFile& each : files) logs.push_back(Log(std::move(each.file.path), std::move(each.fd)));
  return logs;
}

Status Log::start_at(std::int64_t offset) {
  if (lseek(file_.get(), offset, SEEK_SET) < 0) return failed("cannot read", errno);
  lines_ = LineCutter();
  offset_ = offset;
  number_ = 0;
  numbered_ = offset == 0;
  skips_first_ = offset > 0;
  return Ok{};
}

Status Log::read(const Visit& visit, const Sieve* sieve) {
  std::string block(kBlockBytes, '\0');
  for (bool go_on = true; go_on;) {
    const ssize_t got = ::read(file_.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot read", errno);
    if (got == 0) break;
    offset_ += got;
    const auto bytes = std::string_view(block).substr(0, static_cast<std::size_t>(got));
    lines_.feed(bytes, [&](std::string_view line) {
      go_on = std::exchange(skips_first_, false) || hand_over(line, visit, sieve);
      return go_on;
    });
  }
  return Ok{};
}

void Log::finish(const Visit& visit) {
  if (lines_.is_partial() && !skips_first_) hand_over(lines_.partial(), visit);
}

bool Log::hand_over(std::string_view line, const Visit& visit, const Sieve* sieve) {
  if (numbered_) ++number_;
  if (sieve != nullptr && !sieve->may_match(line)) return true;
  entry_.file = path_;
  entry_.number = number_;
  entry_.line = line;
  entry_.members.clear();
  entry_.is_record = parse_line(line, &entry_.members).has_value();
  return visit(entry_);
}

Status Log::go_back(std::size_t num, const Filter& filter) {
  struct stat about {};
  if (fstat(file_.get(), &about) != 0) return failed("cannot look at", errno);
  for (std::int64_t window = kBlockBytes;; window *= 4) {
    const std::int64_t from = std::max<std::int64_t>(about.st_size - window, 0);
    IL_TRY(start_at(from));
    std::size_t found = 0;
    if (from > 0) {
      IL_TRY(read([&](const Entry& entry) {
        found += filter.matches(entry) ? 1 : 0;
        return found < num;
      }));
    }
    if (from == 0 || found >= num) return start_at(from);
  }
}

bool Log::is_current() const {
  struct stat here {
  }, there{};
  if (fstat(file_.get(), &here) != 0 || here.st_size < offset_) return false;
  return stat(path_.c_str(), &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

bool Log::is_same(const Log& other) const {
  struct stat one {
  }, two{};
  return fstat(file_.get(), &one) == 0 && fstat(other.file_.get(), &two) == 0 &&
         one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

Status read_log(const std::string& path, const Filter& filter, const Log::Visit& visit) {
  IL_TRY_ASSIGN(std::vector<Log> logs, Log::open_all(path));
  const Sieve sieve(filter);
  bool go_on = true;
  const auto look = [&](const Entry& entry) { return go_on = visit(entry); };
  for (auto log = logs.begin(); go_on && log != logs.end(); ++log) {
    IL_TRY(log->read(look, &sieve));
    if (go_on) log->finish(look);
  }
  return Ok{};
}

}  // namespace interlock::audit
