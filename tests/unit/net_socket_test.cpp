// Do real sockets on the loopback move bytes, hold back when told to, and say how they ended?
#include <cerrno>
#include <cstring>
#include <random>
#include <set>

#include <arpa/inet.h>
#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/hex.h"
#include "net/socket.h"
#include "support/test_loop.h"

using namespace interlock;
using namespace interlock::test;
using port::IoState;

namespace {

Endpoint loopback(std::uint16_t port = 0) { return {"127.0.0.1", port, false}; }

sockaddr_in address_of(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A plain client that blocks.
Fd connect_to(std::uint16_t port) {
  Fd fd(socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in address = address_of(port);
  BOOST_REQUIRE(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
  return fd;
}

void send_text(const Fd& fd, std::string_view text) {
  BOOST_REQUIRE(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
}

std::string receive_text(const Fd& fd) {
  char text[100];
  const ssize_t got = recv(fd.get(), text, sizeof text, 0);
  BOOST_REQUIRE(got >= 0);
  return {text, static_cast<std::size_t>(got)};
}

void reset(const Fd& fd) {
  const linger now{1, 0};
  BOOST_REQUIRE(setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
}

// End is one stream under test: it reads whatever comes, until told to hold back.
struct End {
  End(TestLoop& loop, std::unique_ptr<port::ByteStream> opened)
      : stream(std::move(opened)), watcher(loop, [this] { look(); }) {
    BOOST_REQUIRE(stream != nullptr);
    stream->observe(&watcher);
  }
  void look() {
    while (reads && last == IoState::kProgress) {
      std::array<std::uint8_t, 4096> piece;
      const port::IoResult got = stream->read(piece);
      last = got.state;
      received.append(as_text(std::span(piece).first(got.bytes)));
    }
    if (last == IoState::kBlocked) last = IoState::kProgress;
    stream->want(reads && !over(), false);
  }
  bool over() const { return last == IoState::kEof || last == IoState::kFailed; }

  std::unique_ptr<port::ByteStream> stream;
  Watcher watcher;
  bool reads = true;
  IoState last = IoState::kProgress;
  std::string received;
};

struct Fixture {
  TestLoop loop;
  net::SocketDialer dialer{loop.loop};
  std::vector<std::unique_ptr<End>> accepted;
  std::vector<std::string> peers;
  std::unique_ptr<net::Acceptor> acceptor;
  std::uint16_t port = 0;

  Fixture() {
    Fd listening = net::listen_on(loopback(), /*shared=*/false).value();
    port = net::bound_port(listening);
    acceptor = std::make_unique<net::Acceptor>(
        loop.loop, std::move(listening),
        [this](std::unique_ptr<net::SocketStream> stream, const std::string& peer) {
          accepted.push_back(std::make_unique<End>(loop, std::move(stream)));
          accepted.back()->look();
          peers.push_back(peer);
          loop.check();
        });
  }

  // A plain client and the stream that was accepted for it.
  std::pair<Fd, End*> connected() {
    Fd client = connect_to(port);
    const std::size_t before = accepted.size();
    loop.run_until([&] { return accepted.size() > before; });
    return {std::move(client), accepted.back().get()};
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(net_socket, Fixture)

BOOST_AUTO_TEST_CASE(bytes_and_the_end_arrive) {
  auto [client, end] = connected();
  BOOST_TEST(peers.front().starts_with("127.0.0.1:"));
  send_text(client, "request");
  loop.run_until([&] { return end->received == "request"; });
  BOOST_TEST((end->stream->write(as_bytes("answer")).bytes == 6));
  BOOST_TEST(receive_text(client) == "answer");
  shutdown(client.get(), SHUT_WR);
  loop.run_until([&] { return end->over(); });
  BOOST_TEST((end->last == IoState::kEof));
  BOOST_TEST((end->stream->write(as_bytes("late")).bytes == 4));  // Half-closed, not closed.
  end->stream->shutdown_write();
  BOOST_TEST(receive_text(client) == "late");
  BOOST_TEST(receive_text(client).empty());
}

BOOST_AUTO_TEST_CASE(a_reset_is_a_failure) {
  auto [client, end] = connected();
  reset(client);
  client = Fd();
  loop.run_until([&] { return end->over(); });
  BOOST_TEST((end->last == IoState::kFailed));
  BOOST_TEST((end->stream->write(as_bytes("answer")).state == IoState::kFailed));
}

BOOST_AUTO_TEST_CASE(who_does_not_want_to_read_is_left_alone) {
  auto [client, end] = connected();
  end->reads = false;
  end->look();
  const int before = end->watcher.times;
  for (int i = 0; i < 5; ++i) {
    send_text(client, "more");
    loop.turn();
  }
  BOOST_TEST(end->watcher.times == before);
  BOOST_TEST(end->received.empty());
  end->reads = true;
  end->stream->want(true, false);
  loop.run_until([&] { return end->received.size() == 20; });
  BOOST_TEST(end->watcher.times == before + 1);
}

BOOST_AUTO_TEST_CASE(who_has_read_everything_is_left_alone) {
  auto [client, end] = connected();
  send_text(client, "request");
  loop.run_until([&] { return end->received == "request"; });
  const int before = end->watcher.times;
  loop.turn();
  BOOST_TEST(end->watcher.times == before);
}

BOOST_AUTO_TEST_CASE(room_to_write_is_told_once_for_each_time_it_is_wanted) {
  auto [client, end] = connected();
  const int before = end->watcher.times;
  end->stream->want(true, true);
  loop.run_until([&] { return end->watcher.times > before; });
  loop.turn();
  BOOST_TEST(end->watcher.times == before + 1);
}

BOOST_AUTO_TEST_CASE(a_slow_reader_gets_everything_in_order) {
  std::string text(4 * 1024 * 1024, '\0');
  std::mt19937 dice(1);
  for (char& each : text) each = static_cast<char>(dice());
  auto stream = dialer.dial({}, loopback(port)).value();
  BOOST_REQUIRE(stream != nullptr);
  std::size_t sent = 0, times_blocked = 0;
  Watcher writer(loop, [&] {
    while (sent < text.size()) {
      const port::IoResult took = stream->write(as_bytes(std::string_view(text).substr(sent)));
      if (took.state != IoState::kProgress) {
        BOOST_REQUIRE((took.state == IoState::kBlocked));
        ++times_blocked;
        stream->want(false, true);
        return;
      }
      sent += took.bytes;
    }
    stream->shutdown_write();
    stream->want(false, false);
  });
  stream->observe(&writer);
  loop.run_until([&] { return accepted.size() == 1; });
  accepted[0]->reads = false;
  accepted[0]->look();
  loop.turn();
  BOOST_TEST(sent < text.size());  // Both sockets are full.
  BOOST_TEST(times_blocked >= 1U);
  const int before = writer.times;
  loop.turn();
  BOOST_TEST(writer.times == before);
  accepted[0]->reads = true;
  accepted[0]->look();
  loop.run_until([&] { return accepted[0]->over(); });
  BOOST_TEST((accepted[0]->last == IoState::kEof));
  BOOST_TEST((accepted[0]->received == text));
}

BOOST_AUTO_TEST_CASE(dialing_waits_until_the_connection_stands) {
  End end(loop, dialer.dial({}, loopback(port)).value());
  BOOST_TEST((end.stream->write(as_bytes("early")).state == IoState::kBlocked));
  bool wrote = false;
  Watcher writer(loop, [&] {
    if (!wrote) wrote = end.stream->write(as_bytes("hello")).state == IoState::kProgress;
  });
  end.stream->observe(&writer);
  loop.run_until([&] { return accepted.size() == 1 && accepted[0]->received == "hello"; });
  BOOST_TEST(wrote);
}

BOOST_AUTO_TEST_CASE(a_refused_connection_fails_for_reader_and_writer) {
  // Bound and not listening: the port is taken, and nobody answers there.
  const Fd taken(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = address_of(0);
  socklen_t len = sizeof address;
  BOOST_REQUIRE(bind(taken.get(), reinterpret_cast<sockaddr*>(&address), len) == 0);
  BOOST_REQUIRE(getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &len) == 0);
  for (const bool writes_first : {false, true}) {
    End end(loop, dialer.dial({}, loopback(ntohs(address.sin_port))).value());
    end.reads = false;
    loop.run_until([&] { return end.watcher.times > 0; });
    std::array<std::uint8_t, 10> piece;
    loop.turn();
    for (int i = 0; i < 3; ++i) {
      if (writes_first) BOOST_TEST((end.stream->write(as_bytes("x")).state == IoState::kFailed));
      BOOST_TEST((end.stream->read(piece).state == IoState::kFailed));
      BOOST_TEST((end.stream->write(as_bytes("x")).state == IoState::kFailed));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_burst_is_accepted_whole_and_in_portions) {
  constexpr std::size_t kBurst = 200;
  std::vector<Fd> clients;
  for (std::size_t i = 0; i < kBurst; ++i) clients.push_back(connect_to(port));
  std::size_t after_first_portion = 0;
  loop.on_wakeup = [&] {
    if (after_first_portion == 0) after_first_portion = accepted.size();
    if (accepted.size() < kBurst) loop.loop.request();
  };
  loop.loop.request();
  loop.run_until([&] { return accepted.size() == kBurst; });
  BOOST_TEST(after_first_portion < kBurst);  // Others had their turn.
  for (const Fd& client : clients) send_text(client, "hello");
  loop.run_until([&] {
    return std::all_of(accepted.begin(), accepted.end(),
                       [](const auto& end) { return end->received == "hello"; });
  });
  BOOST_TEST(std::set<std::string>(peers.begin(), peers.end()).size() == kBurst);
}

BOOST_AUTO_TEST_CASE(a_stream_may_be_destroyed_while_its_event_waits) {
  auto [client, end] = connected();
  auto [other_client, other] = connected();
  send_text(client, "x");
  send_text(other_client, "x");
  Watcher killer(loop, [&] { accepted.clear(); });
  accepted[0]->stream->observe(&killer);
  accepted[1]->stream->observe(&killer);
  loop.run_until([&] { return accepted.empty(); });
  BOOST_TEST(killer.times == 1);
  loop.turn();
  BOOST_TEST(killer.times == 1);
}

BOOST_AUTO_TEST_CASE(a_used_address_is_named_by_errno) {
  const auto second = net::listen_on(loopback(port), /*shared=*/false);
  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST(second.error().sys == EADDRINUSE);
  const auto foreign = net::listen_on({"192.0.2.1", 0, false}, /*shared=*/false);
  BOOST_REQUIRE(!foreign.has_value());
  BOOST_TEST(foreign.error().sys == EADDRNOTAVAIL);
}

BOOST_AUTO_TEST_CASE(workers_share_an_address_by_consent_only) {
  const Fd first = net::listen_on(loopback(), /*shared=*/true).value();
  const Endpoint same = loopback(net::bound_port(first));
  BOOST_TEST(net::listen_on(same, /*shared=*/true).has_value());
  BOOST_TEST(!net::listen_on(same, /*shared=*/false).has_value());
}

BOOST_AUTO_TEST_CASE(ipv6_listens_dials_and_names_its_peer) {
  auto listening = net::listen_on({"::1", 0, true}, /*shared=*/false);
  if (!listening.has_value() && listening.error().sys == EADDRNOTAVAIL) {
    BOOST_TEST_MESSAGE("skipped: this machine has no IPv6 loopback");
    return;
  }
  const std::uint16_t port6 = net::bound_port(*listening);
  std::string peer;
  const net::Acceptor acceptor6(loop.loop, std::move(*listening),
                                [&](std::unique_ptr<net::SocketStream>, std::string from) {
                                  peer = std::move(from);
                                  loop.check();
                                });
  const auto stream = dialer.dial({}, {"::1", port6, true}).value();
  loop.run_until([&] { return !peer.empty(); });
  BOOST_TEST(peer.starts_with("[::1]:"));
}

// Bytes that came after the last user had read all there was belong to nobody: the next user must
// see them at once, without an event.
BOOST_AUTO_TEST_CASE(a_new_observer_sees_what_came_since_the_last_read) {
  auto [client, end] = connected();
  send_text(client, "answer");
  loop.run_until([&] { return end->received == "answer"; });
  send_text(client, "unasked");
  std::array<std::uint8_t, 16> piece{};
  BOOST_TEST((end->stream->read(piece).state == IoState::kBlocked));
  end->stream->observe(&end->watcher);
  BOOST_TEST(end->stream->read(piece).bytes == 7U);
}

// Goal: without free descriptors accepting rests instead of spinning, says so once, and goes on.
BOOST_AUTO_TEST_CASE(accepting_rests_while_no_descriptor_is_free) {
  int num_exhausted = 0;
  Fd listening = net::listen_on(loopback(), /*shared=*/false).value();
  const std::uint16_t narrow = net::bound_port(listening);
  std::vector<std::unique_ptr<net::SocketStream>> taken;
  rlimit before{};
  BOOST_REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const net::Acceptor resting(
      loop.loop, std::move(listening),
      [&](std::unique_ptr<net::SocketStream> stream, const std::string&) {
        taken.push_back(std::move(stream));
        loop.check();
      },
      [&] {
        if (++num_exhausted > 1) BOOST_ERROR("said more than once");
        loop.check();
      });
  const Fd first = connect_to(narrow);
  const Fd second = connect_to(narrow);
  const Fd highest(dup(0));
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(highest.get()) + 1;
  BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  loop.run_until([&] { return num_exhausted > 0; });
  BOOST_TEST(taken.empty());
  BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  loop.run_until([&] { return taken.size() == 2; });
  BOOST_TEST(num_exhausted == 1);
}

BOOST_AUTO_TEST_SUITE_END()
