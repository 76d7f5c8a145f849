#include "net/notify_socket.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace interlock::net {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::string_view(value) : std::string_view();
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Where the variable names another process, the watchdog waits for that one.
std::optional<Millis> watchdog_from_environment() {
  const auto micros = number(environment("WATCHDOG_USEC"));
  const std::string_view process = environment("WATCHDOG_PID");
  if (!micros || *micros < 1000 || (!process.empty() && number(process) != getpid())) {
    return std::nullopt;
  }
  return Millis{*micros / 1000};
}

}  // namespace

NotifySocket NotifySocket::from_environment() {
  return NotifySocket(environment("NOTIFY_SOCKET"), watchdog_from_environment());
}

NotifySocket::NotifySocket(std::string_view path, std::optional<Millis> watchdog) {
  const bool usable = (path.starts_with('/') || path.starts_with('@')) && path.size() > 1 &&
                      path.size() < sizeof sockaddr_un{}.sun_path;
  if (!usable) return;
  path_ = path;
  if (path_[0] == '@') path_[0] = '\0';
  fd_ = Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  watchdog_ = watchdog;
}

void NotifySocket::send(std::string_view state) const {
  if (!fd_.valid()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path_.begin(), path_.end(), address.sun_path);
  const auto len = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  static_cast<void>(sendto(fd_.get(), state.data(), state.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&address), len));
}

}  // namespace interlock::net
