#include "control/configuration.h"

#include <fmt/format.h>

namespace interlock::control {
namespace {

std::string count(std::size_t num, const char* one) {
  return fmt::format("{} {}{}", num, one, num == 1 ? "" : "s");
}

}  // namespace

policy::Loaded load_configuration(port::Files& files, const std::string& path, WallTime now) {
  const policy::FileAccess access{
      .read = [&](const std::string& file,
                  std::size_t bytes_max) { return files.read(file, bytes_max); },
      .glob = [&](const std::string& pattern) { return files.glob(pattern); }};
  return policy::load(path, access, now);
}

std::string describe(const policy::Snapshot& snapshot) {
  return fmt::format("{}, {}, {}, {}", count(snapshot.listeners.size(), "listener"),
                     count(snapshot.services.size(), "service"),
                     count(snapshot.functions.size(), "function"),
                     count(snapshot.devices.size(), "device"));
}

}  // namespace interlock::control
