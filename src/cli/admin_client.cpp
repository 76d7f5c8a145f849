#include "cli/admin_client.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "base/limits.h"
#include "base/text.h"
#include "control/admin_codec.h"
#include "net/loop.h"
#include "net/unix_socket.h"

namespace interlock::cli {
namespace {

std::string why_not_connected(const std::string& socket, int sys) {
  if (sys == ENOENT || sys == ECONNREFUSED) {
    return fmt::format(
        "interlockd is not running, or its configuration has no admin {{ socket: \"{}\" }}: {}",
        socket, errno_text(sys));
  }
  if (sys == EACCES || sys == EPERM) {
    // Names of groups would need the name service, which may load foreign libraries.
    struct stat about {};
    const bool known = stat(socket.c_str(), &about) == 0;
    return fmt::format("{}: permission denied: run this as root, or as a member of {}", socket,
                       known ? fmt::format("the socket's group (gid {})", about.st_gid)
                             : std::string("the group that owns the socket"));
  }
  if (sys == EAGAIN) return fmt::format("{}: the gateway is busy: try again", socket);
  return fmt::format("cannot connect to {}: {}", socket, errno_text(sys));
}

// Waits until there is something to read, or `deadline` has come.
bool readable(int fd, Instant deadline) {
  for (;;) {
    const Millis left = deadline - net::SystemClock().now();
    if (left.ms <= 0) return false;
    pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&wanted, 1, static_cast<int>(left.ms));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

tl::expected<control::AdminResponse, std::string> ask_gateway(const std::string& socket,
                                                              const control::AdminRequest& request,
                                                              Millis timeout) {
  const auto refused = [](std::string why) { return tl::unexpected<std::string>(std::move(why)); };
  const Instant deadline = net::SystemClock().now() + timeout;
  const auto fd = net::connect_unix(socket);
  if (!fd) return refused(why_not_connected(socket, fd.error().sys));
  // A gateway that refuses who asks does not read what is asked: its answer says more than an error
  // here.
  const std::string question = control::encode(request);
  static_cast<void>(send(fd->get(), question.data(), question.size(), MSG_NOSIGNAL));

  std::string received;
  std::array<char, 16 * limits::kKiB> piece{};
  for (;;) {
    if (!readable(fd->get(), deadline)) {
      return refused(
          fmt::format("{}: no answer within {} s; what was asked may still be done "
                      "(--timeout waits longer)",
                      socket, timeout.ms / 1000));
    }
    const ssize_t got = recv(fd->get(), piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) {
      return refused(
          fmt::format("{}: the gateway closed the connection without an answer: is it "
                      "stopping?",
                      socket));
    }
    received.append(piece.data(), static_cast<std::size_t>(got));
    const auto len = control::frame_bytes(received, limits::kAdminResponseBytesMax);
    if (!len) return refused(fmt::format("{}: {}", socket, len.error().what));
    if (!*len || received.size() < **len) continue;
    auto response = control::decode_response(received);
    if (!response) return refused(fmt::format("{}: {}", socket, response.error().what));
    if (const auto* refusal = std::get_if<control::Refusal>(&*response)) {
      return refused(refusal->reason);
    }
    return std::move(*response);
  }
}

}  // namespace interlock::cli
