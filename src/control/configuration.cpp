#include "control/configuration.h"

#include <fmt/format.h>

namespace interlock::control {
namespace {

std::string count(std::size_t num, const char* one) {
  return fmt::format("{} {}{}", num, one, num == 1 ? "" : "s");
}

policy::FileAccess access_to(port::Files& files) {
  return {.read = [&files](const std::string& file,
                           std::size_t bytes_max) { return files.read(file, bytes_max); },
          .glob = [&files](const std::string& pattern) { return files.glob(pattern); }};
}

}  // namespace

policy::Loaded load_configuration(port::Files& files, const std::string& path, WallTime now) {
  return policy::load(path, access_to(files), now);
}

std::vector<std::string> configuration_files(port::Files& files, const std::string& path) {
  return policy::configuration_files(path, access_to(files));
}

std::optional<std::string> audit_file_of(port::Files& files, const std::string& path) {
  return policy::audit_file_of(path, access_to(files));
}

std::string describe(const policy::Snapshot& snapshot) {
  return fmt::format("{}, {}, {}, {}", count(snapshot.listeners.size(), "listener"),
                     count(snapshot.services.size(), "service"),
                     count(snapshot.functions.size(), "function"),
                     count(snapshot.devices.size(), "device"));
}

}  // namespace interlock::control
