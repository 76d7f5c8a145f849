#include "audit/log_files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/line.h"
#include "base/limits.h"

namespace interlock::audit {
namespace {

// So that lists of names are in the order of numbers for the first 10^12 records.
constexpr std::size_t kDigitsMin = 12;

std::optional<std::uint64_t> number_of(std::string_view digits) {
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [last, error] = std::from_chars(digits.data(), end, number);
  const bool padded_only = digits.size() <= kDigitsMin || digits[0] != '0';
  if (error != std::errc{} || last != end || digits.size() < kDigitsMin || !padded_only) return {};
  return number == 0 ? std::nullopt : std::optional(number);
}

}  // namespace

std::string put_aside_path(const std::string& path, std::uint64_t first_seq) {
  return fmt::format("{}.{:012}", path, first_seq);
}

std::optional<std::uint64_t> first_seq_in(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::nullopt : number_of(path.substr(dot + 1));
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat one {
  }, two{};
  return stat(a.c_str(), &one) == 0 && stat(b.c_str(), &two) == 0 && one.st_dev == two.st_dev &&
         one.st_ino == two.st_ino;
}

namespace {

Result<Fd> open_file(const std::string& path) {
  // O_NONBLOCK: a named pipe in the place of a file must not hold the program up.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return fail(Errc::kIo, Origin::kEnvironment, "cannot open", errno);
  struct stat about {};
  if (fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return fail(Errc::kIo, Origin::kEnvironment, "it is not a regular file");
  }
  return fd;
}

Result<std::vector<OpenedFile>> open_each(const std::vector<LogFile>& files) {
  std::vector<OpenedFile> opened;
  for (const LogFile& each : files) {
    IL_TRY_ASSIGN(Fd fd, open_file(each.path));
    opened.push_back({each, std::move(fd)});
  }
  return opened;
}

}  // namespace

Result<std::vector<OpenedFile>> open_log_files(const std::string& path) {
  constexpr int kTriesMax = 5;  // Somebody puts aside a file a second, or more.
  for (int tries = 0;; ++tries) {
    IL_TRY_ASSIGN(std::vector<LogFile> files, log_files(path));
    if (files.empty()) files.push_back({path, 0});  // Then that cannot be opened.
    auto opened = open_each(files);
    const auto after = log_files(path);
    if (tries == kTriesMax || (after && *after == files) || (!opened && files.size() == 1)) {
      return opened;
    }
  }
}

std::optional<Beginning> beginning_of(int fd) {
  std::string text(limits::kAuditLineBytesMax, '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const std::size_t end = text.find('\n');
  if (end == std::string::npos) return {};
  std::vector<Member> members;
  const auto line = parse_line(std::string_view(text).substr(0, end), &members);
  if (!line) return {};
  Beginning beginning{.seq = line->seq};
  for (const Member& each : members) {
    if (each.name != "oldest_seq") continue;
    std::from_chars(each.value.data(), each.value.data() + each.value.size(), beginning.oldest_seq);
  }
  return beginning;
}

Result<std::vector<LogFile>> log_files(const std::string& path) {
  std::vector<LogFile> files;
  if (const auto alone = first_seq_in(path)) {
    files.push_back({path, *alone});
    return files;
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(folder_of(path).c_str()), &closedir);
  if (!folder) return fail(Errc::kIo, Origin::kEnvironment, "cannot read its folder", errno);
  const std::string prefix = std::filesystem::path(path).filename().string() + ".";
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(prefix)) continue;
    const auto first_seq = number_of(name.substr(prefix.size()));
    if (!first_seq) continue;
    std::string aside = put_aside_path(path, *first_seq);
    if (!same_file(aside, path)) files.push_back({std::move(aside), *first_seq});
  }
  std::sort(files.begin(), files.end(),
            [](const LogFile& a, const LogFile& b) { return a.first_seq < b.first_seq; });
  struct stat there {};
  if (stat(path.c_str(), &there) == 0) {
    files.push_back({path, 0});
  } else if (errno != ENOENT) {
    return fail(Errc::kIo, Origin::kEnvironment, "cannot look at it", errno);
  }
  return files;
}

}  // namespace interlock::audit
