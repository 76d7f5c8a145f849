// Are Unix sockets made safely and taken away again, is it known who connects, do signals come as
// events, and does the service manager hear what it is told?
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/notify_socket.h"
#include "net/signals.h"
#include "net/unix_socket.h"
#include "support/test_loop.h"

using namespace interlock;
using namespace interlock::test;

namespace {

struct Fixture {
  std::string folder = "/tmp/interlock-unix-XXXXXX";
  std::string path;
  TestLoop test;

  Fixture() {
    BOOST_REQUIRE(mkdtemp(folder.data()) != nullptr);
    path = folder + "/socket";
  }
  ~Fixture() { std::filesystem::remove_all(folder); }

  std::unique_ptr<net::UnixListener> listen() {
    auto made = net::UnixListener::listen(path);
    BOOST_REQUIRE(made.has_value());
    return std::move(*made);
  }

  // What a program that was killed leaves behind: a file on which nobody listens.
  void leave_behind() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    const Fd fd(socket(AF_UNIX, SOCK_STREAM, 0));
    BOOST_REQUIRE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
};

// The other end of a notify socket.
struct Manager {
  Fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)};

  explicit Manager(std::string path) {
    if (path[0] == '@') path[0] = '\0';
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    const auto len = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    BOOST_REQUIRE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), len) == 0);
  }
  std::string heard() const {
    char text[256];
    const ssize_t got = recv(fd.get(), text, sizeof text, 0);
    return got < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(got));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(net_unix, Fixture)

BOOST_AUTO_TEST_CASE(the_file_has_its_mode_and_goes_with_the_listener) {
  auto listener = listen();
  struct stat about {};
  BOOST_REQUIRE(lstat(path.c_str(), &about) == 0);
  BOOST_TEST((about.st_mode & 07777) == 0660U);
  BOOST_TEST(listener->group() == about.st_gid);
  BOOST_TEST(net::connect_unix(path).has_value());
  listener.reset();
  BOOST_TEST(lstat(path.c_str(), &about) != 0);
  BOOST_TEST(net::connect_unix(path).error().sys == ENOENT);
}

BOOST_AUTO_TEST_CASE(what_a_dead_program_left_is_replaced) {
  leave_behind();
  BOOST_TEST(net::connect_unix(path).error().sys == ECONNREFUSED);
  const auto listener = listen();
  BOOST_TEST(net::connect_unix(path).has_value());
}

BOOST_AUTO_TEST_CASE(a_living_programs_socket_is_left_alone) {
  const auto first = listen();
  const auto second = net::UnixListener::listen(path);
  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST((second.error().code == Errc::kState));
  BOOST_TEST(net::connect_unix(path).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_is_left_alone) {
  std::ofstream(path) << "data";
  const auto refused = net::UnixListener::listen(path);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().what ==
             "something else than a socket is there: remove it, or choose another path");
  BOOST_TEST(std::filesystem::file_size(path) == 4U);
}

BOOST_AUTO_TEST_CASE(a_file_that_took_its_place_stays) {
  auto listener = listen();
  std::filesystem::remove(path);
  leave_behind();
  listener.reset();
  BOOST_TEST(std::filesystem::is_socket(path));
}

BOOST_AUTO_TEST_CASE(paths_have_the_kernels_limit) {
  path = folder + "/" + std::string(limits::kSocketPathBytesMax - folder.size() - 1, 's');
  BOOST_TEST(path.size() == limits::kSocketPathBytesMax);
  const auto listener = listen();
  BOOST_TEST(net::connect_unix(path).has_value());
  BOOST_TEST(net::UnixListener::listen(path + "s").error().sys == ENAMETOOLONG);
  BOOST_TEST(net::connect_unix(path + "s").error().sys == ENAMETOOLONG);
  BOOST_TEST(net::UnixListener::listen(folder + "/absent/s").error().sys == ENOENT);
}

BOOST_AUTO_TEST_CASE(the_kernel_says_who_connects) {
  const auto listener = listen();
  bool accepted = false;
  net::Acceptor acceptor(
      test.loop, listener->take_fd(),
      [&](std::unique_ptr<net::SocketStream> stream, const std::string&) {
        const auto who = net::peer_identity(*stream);
        BOOST_REQUIRE(who.has_value());
        BOOST_TEST(who->uid == geteuid());
        BOOST_TEST(who->gid == getegid());
        BOOST_TEST(who->pid == getpid());
        std::vector<gid_t> groups(static_cast<std::size_t>(getgroups(0, nullptr)));
        BOOST_TEST(getgroups(static_cast<int>(groups.size()), groups.data()) >= 0);
        BOOST_TEST((who->groups == groups));
        accepted = true;
        test.check();
      });
  const auto client = net::connect_unix(path);
  BOOST_REQUIRE(client.has_value());
  test.run_until([&] { return accepted; });
  BOOST_TEST(accepted);
}

BOOST_AUTO_TEST_CASE(signals_come_as_events) {
  net::block_signals({SIGUSR1, SIGUSR2});
  std::vector<int> got;
  const net::Signals signals(test.loop, {SIGUSR1, SIGUSR2}, [&](int signal) {
    got.push_back(signal);
    test.check();
  });
  raise(SIGUSR2);
  raise(SIGUSR1);
  test.run_until([&] { return got.size() == 2U; });
  BOOST_TEST(got == (std::vector<int>{SIGUSR1, SIGUSR2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_service_manager_hears_what_it_is_told) {
  for (const std::string& name : {folder + "/notify", "@" + folder.substr(1)}) {
    const Manager manager(name);
    const net::NotifySocket told(name, Millis{500});
    BOOST_TEST((told.watchdog() == Millis{500}));
    told.send("READY=1\nSTATUS=all is well");
    BOOST_TEST(manager.heard() == "READY=1\nSTATUS=all is well");
    BOOST_TEST(manager.heard() == "nothing");
  }
}

BOOST_AUTO_TEST_CASE(without_a_service_manager_nothing_happens) {
  for (const std::string& name : std::vector<std::string>{"", "/", "@", "relative", "vsock:2:1234",
                                                          "/" + std::string(200, 'x')}) {
    const net::NotifySocket nobody(name, Millis{500});
    BOOST_TEST(!nobody.watchdog().has_value());
    nobody.send("READY=1");
  }
  net::NotifySocket(folder + "/absent").send("READY=1");
}

BOOST_AUTO_TEST_CASE(the_environment_names_socket_and_watchdog) {
  const auto watchdog = [&](const char* usec, const std::string& pid) {
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    setenv("WATCHDOG_USEC", usec, 1);
    pid.empty() ? unsetenv("WATCHDOG_PID") : setenv("WATCHDOG_PID", pid.c_str(), 1);
    const auto interval = net::NotifySocket::from_environment().watchdog();
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
    return interval ? interval->ms : -1;
  };
  BOOST_TEST(watchdog("30000000", "") == 30'000);
  BOOST_TEST(watchdog("30000000", std::to_string(getpid())) == 30'000);
  BOOST_TEST(watchdog("30000000", "1") == -1);
  for (const char* odd : {"", "0", "-5", "x", "30000000s", "999999999999999999999"}) {
    BOOST_TEST(watchdog(odd, "") == -1);
  }
  const Manager manager(path);
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  net::NotifySocket::from_environment().send("READY=1");
  unsetenv("NOTIFY_SOCKET");
  BOOST_TEST(manager.heard() == "READY=1");
}

BOOST_AUTO_TEST_SUITE_END()
