// Who may ask on the admin socket, and is each connection answered once, bounded and freed?
#include "control/admin_server.h"

#include <deque>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "control/admin_codec.h"
#include "support/line.h"

using namespace interlock;
using namespace interlock::control;
using namespace interlock::test;

namespace {

struct Fixture : AdminBackend {
  struct Asked {
    AdminRequest request;
    AdminPeer peer;
    AdminTicket ticket;
  };
  void ask(const AdminRequest& request, const AdminPeer& peer, AdminTicket ticket) override {
    asked.push_back({request, peer, ticket});
  }

  void open(Line& line, AdminPeer peer = {.uid = 0, .gid = 0, .pid = 4711, .groups = {}}) {
    server.open(std::make_unique<LineStream>(line), peer);
  }
  void more(Line& line, std::string_view bytes) {
    line.up += bytes;
    line.observer->on_stream_ready();
  }
  static std::string refusal_in(const Line& line) {
    const auto response = decode_response(line.down);
    BOOST_REQUIRE(response.has_value());
    BOOST_REQUIRE(std::holds_alternative<Refusal>(*response));
    return std::get<Refusal>(*response).reason;
  }
  // The connection has been answered or given up, and is freed from a fresh stack.
  void check_freed(const Line& line) {
    BOOST_TEST(line.open);
    BOOST_TEST(wakeup.requested);
    server.on_wakeup();
    BOOST_TEST(!line.open);
  }

  // made returns a connection on which the client has sent this much.
  Line& made(std::string up = {}) {
    return lines.emplace_back(Line{.up = std::move(up), .down = {}});
  }

  std::deque<Line> lines;
  FakeClock clock;
  FakeWakeup wakeup;
  std::vector<Asked> asked;
  AdminServer server{clock, wakeup, {.own_uid = 998, .group = 997}, *this};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(admin_server, Fixture)

BOOST_AUTO_TEST_CASE(a_request_is_asked_once_it_is_whole_and_answered_once) {
  Line& line = made();
  open(line);
  const std::string request = encode(ReloadRequest{});
  for (const char byte : request) {
    BOOST_TEST(asked.empty());
    more(line, std::string(1, byte));
  }
  BOOST_TEST_REQUIRE(asked.size() == 1U);
  BOOST_TEST((asked[0].request == AdminRequest(ReloadRequest{})));
  BOOST_TEST(to_string(asked[0].peer) == "uid 0 (pid 4711)");
  BOOST_TEST(line.down.empty());
  server.answer(asked[0].ticket, ReloadReport{.policy_after = "abc"});
  BOOST_TEST(std::get<ReloadReport>(decode_response(line.down).value()).policy_after == "abc");
  const std::string answered = line.down;
  server.answer(asked[0].ticket, Refusal{"again"});
  BOOST_TEST(line.down == answered);
  check_freed(line);
  server.answer(asked[0].ticket, Refusal{"once more"});  // It has gone.
  BOOST_TEST(server.size() == 0U);
}

BOOST_AUTO_TEST_CASE(an_answer_goes_on_when_the_client_takes_more) {
  Line& line = made();
  line.room = 3;
  open(line);
  more(line, encode(StatusRequest{}));
  server.answer(asked.at(0).ticket, Refusal{"because"});
  BOOST_TEST(line.down.size() == 3U);
  line.room = SIZE_MAX;
  line.observer->on_stream_ready();
  BOOST_TEST(refusal_in(line) == "because");
  check_freed(line);
}

BOOST_AUTO_TEST_CASE(only_root_the_own_user_and_the_group_may_ask) {
  const std::string request = encode(StatusRequest{});
  const std::vector<std::pair<AdminPeer, bool>> cases = {
      {{.uid = 0, .gid = 5, .pid = 1, .groups = {}}, true},
      {{.uid = 998, .gid = 5, .pid = 1, .groups = {}}, true},
      {{.uid = 1000, .gid = 997, .pid = 1, .groups = {}}, true},
      {{.uid = 1000, .gid = 5, .pid = 1, .groups = {4, 997}}, true},
      {{.uid = 1000, .gid = 5, .pid = 1, .groups = {4, 998}}, false},
      {{.uid = 997, .gid = 998, .pid = 1, .groups = {}}, false}};
  for (const auto& [peer, allowed] : cases) {
    Line& line = made(request);
    asked.clear();
    open(line, peer);
    BOOST_TEST(asked.size() == (allowed ? 1U : 0U));
    if (allowed) {
      server.answer(asked[0].ticket, Refusal{""});
    } else {
      BOOST_TEST(refusal_in(line) ==
                 to_string(peer) +
                     " may not ask: it is neither root nor the gateway's user (uid "
                     "998), nor in the socket's group (gid 997)");
    }
    check_freed(line);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_refused_with_a_reason) {
  const std::string good = encode(StatusRequest{});
  const std::string too_long = std::string("\0\0\x10\x01", 4);
  static_assert(limits::kAdminRequestBytesMax == 0x1000);
  for (const auto& [bytes, reason] : std::vector<std::pair<std::string, std::string>>{
           {too_long, "the message is too long"},
           {good + good, "the request is no message of this protocol"},
           {std::string("\0\0\0\0", 4),
            "the request asks for something that this version does not "
            "know"}}) {
    Line& line = made(bytes);
    open(line);
    BOOST_TEST(refusal_in(line) == reason);
    check_freed(line);
  }
  BOOST_TEST(asked.empty());
}

BOOST_AUTO_TEST_CASE(who_hangs_up_early_is_forgotten) {
  Line& line = made();
  open(line);
  more(line, encode(StatusRequest{}).substr(0, 5));
  line.ended = true;
  line.observer->on_stream_ready();
  BOOST_TEST(line.down.empty());
  check_freed(line);
}

BOOST_AUTO_TEST_CASE(connections_are_bounded_and_the_next_is_told) {
  for (std::size_t i = 0; i < limits::kAdminConnectionsMax; ++i) open(made());
  Line& late = made();
  open(late);
  BOOST_TEST(!late.open);
  BOOST_TEST(refusal_in(late) == "too many others are asking: try again");
  BOOST_TEST(server.size() == limits::kAdminConnectionsMax);
  more(lines[3], encode(StatusRequest{}));
  server.answer(asked.at(0).ticket, Refusal{""});
  server.on_wakeup();
  Line& next = made();
  open(next);
  BOOST_TEST(next.open);
}

BOOST_AUTO_TEST_CASE(slow_readers_and_writers_are_closed_and_who_waits_is_not) {
  Line &silent = made(), &waiting = made(), &stuck = made();
  stuck.room = 1;
  for (Line* line : {&silent, &waiting, &stuck}) open(*line);
  more(waiting, encode(StatusRequest{}));
  more(stuck, encode(StatusRequest{}));
  server.answer(asked.at(1).ticket, Refusal{"because"});
  clock.at = Instant{limits::kAdminTimeout.ms - 1};
  server.on_tick();
  server.on_wakeup();
  BOOST_TEST(server.size() == 3U);
  clock.at = Instant{limits::kAdminTimeout.ms};
  server.on_tick();
  server.on_wakeup();
  BOOST_TEST(!silent.open);
  BOOST_TEST(!stuck.open);
  BOOST_TEST(waiting.open);  // A reload takes as long as it takes.
  server.answer(asked.at(0).ticket, Refusal{"at last"});
  BOOST_TEST(refusal_in(waiting) == "at last");
}

BOOST_AUTO_TEST_SUITE_END()
