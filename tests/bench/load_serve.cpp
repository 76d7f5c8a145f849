#include "bench/load_serve.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/fd.h"

namespace interlock::bench {
namespace {

constexpr std::string_view kSmallAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 62\r\n\r\n"
    R"({"recipe":"a","revision":17,"pressure":4.25,"temperature":80.})";

std::array<char, 65536> block;

std::uint64_t number_after(std::string_view text, std::string_view mark) {
  std::uint64_t value = 0;
  const std::size_t at = text.find(mark);
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), value);
  }
  return value;
}

struct Caller {
  explicit Caller(int number) : fd(number) {}

  // pump moves what can be moved; false where the connection has ended. Edge-triggered: it stops
  // only where the kernel has nothing more.
  bool pump() {
    for (;;) {
      if (!send_all()) return false;
      if (bulk_left > 0 || !out.empty()) return true;
      const ssize_t got = recv(fd.get(), block.data(), block.size(), 0);
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
      take({block.data(), static_cast<std::size_t>(got)});
    }
  }

 private:
  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t body = std::min<std::uint64_t>(body_left, bytes.size());
      body_left -= body;
      bytes.remove_prefix(body);
      if (body > 0 && body_left == 0) answer();
      if (bytes.empty()) return;
      head.append(bytes);
      const std::size_t end = head.find("\r\n\r\n");
      if (end == std::string::npos) return;
      bytes.remove_prefix(bytes.size() - (head.size() - end - 4));
      head.resize(end + 4);
      std::transform(head.begin(), head.end(), head.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      body_left = number_after(head, "\r\ncontent-length: ");
      bulk_wanted = number_after(head.substr(0, head.find('\r')), " /v1/bulk/");
      head.clear();
      if (body_left == 0) answer();
    }
  }

  void answer() {
    if (bulk_wanted == 0) {
      out += kSmallAnswer;
      return;
    }
    out += fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bulk_wanted);
    bulk_left = bulk_wanted;
  }

  bool send_all() {
    while (!out.empty() || bulk_left > 0) {
      const std::string_view piece =
          out.empty() ? std::string_view(block.data(), std::min<std::uint64_t>(bulk_left, 65536))
                      : std::string_view(out);
      const ssize_t sent = send(fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN;
      if (out.empty()) {
        bulk_left -= static_cast<std::uint64_t>(sent);
      } else {
        out.erase(0, static_cast<std::size_t>(sent));
      }
    }
    return true;
  }

  Fd fd;
  std::string head, out;
  std::uint64_t body_left = 0, bulk_wanted = 0, bulk_left = 0;
};

Fd listen_at(std::uint16_t port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
      listen(fd.get(), 4096) != 0) {
    throw std::runtime_error("cannot listen on port " + std::to_string(port));
  }
  return fd;
}

void watch(int epoll, int fd, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

void serve(std::uint16_t port) {
  const Fd listening = listen_at(port);
  const Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  watch(epoll.get(), listening.get(), EPOLLIN);
  std::unordered_map<int, std::unique_ptr<Caller>> callers;
  std::array<epoll_event, 64> events;
  for (;;) {
    const int num = epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < num; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd != listening.get()) {
        if (!callers.at(fd)->pump()) callers.erase(fd);
        continue;
      }
      const int came = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (came < 0) continue;
      const int on = 1;
      setsockopt(came, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      callers[came] = std::make_unique<Caller>(came);
      watch(epoll.get(), came, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    }
  }
}

}  // namespace interlock::bench
