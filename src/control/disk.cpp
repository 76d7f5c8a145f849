#include "control/disk.h"

#include <algorithm>
#include <cerrno>

#include "base/limits.h"
#include "pki/digest.h"

namespace interlock::control {

DiskDifference compare_with_disk(const policy::Snapshot& running, port::Files& files) {
  // Whatever a file is for: the largest that any may be.
  constexpr std::size_t kBytesMax =
      std::max({limits::kInventoryBytesMax, limits::kCrlFileBytesMax, limits::kConfigFileBytesMax});
  DiskDifference difference;
  for (const policy::ReadFile& was : running.files) {
    const auto content = files.read(was.path, kBytesMax);
    if (!content && content.error().sys == ENOENT) {
      difference.gone.push_back(was.path);
    } else if (!content || pki::sha256(as_bytes(*content)) != was.sha256) {
      difference.changed.push_back(was.path);
    }
  }
  const auto by_path = [](const policy::ReadFile& file, const std::string& path) {
    return file.path < path;
  };
  for (const std::string& pattern : running.globs) {
    for (std::string& path : files.glob(pattern)) {
      const auto at = std::lower_bound(running.files.begin(), running.files.end(), path, by_path);
      const bool known = at != running.files.end() && at->path == path;
      if (!known) difference.added.push_back(std::move(path));
    }
  }
  // A file that two patterns match is one file.
  std::sort(difference.added.begin(), difference.added.end());
  difference.added.erase(std::unique(difference.added.begin(), difference.added.end()),
                         difference.added.end());
  return difference;
}

}  // namespace interlock::control
