// Does whoever reads the metrics get one page, and hold nothing longer than is good for us?
#include "control/metrics_server.h"

#include <deque>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "support/line.h"

using namespace interlock;
using namespace interlock::control;
using namespace interlock::test;

namespace {

constexpr std::string_view kGet = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9464\r\n\r\n";

struct Fixture {
  Line& open(std::string_view up = {}) {
    Line& line = lines.emplace_back(Line{.up = std::string(up), .down = {}});
    server.open(std::make_unique<LineStream>(line));
    return line;
  }
  void more(Line& line, std::string_view bytes) {
    line.up += bytes;
    line.observer->on_stream_ready();
  }
  void end(Line& line) {
    line.ended = true;
    line.observer->on_stream_ready();
    server.on_wakeup();
  }
  void check_answer(std::string_view request, std::string_view status, std::string_view ending) {
    Line& line = open(request);
    BOOST_TEST(line.down.starts_with("HTTP/1.1 " + std::string(status)), line.down);
    BOOST_TEST(line.down.ends_with(ending), line.down);
    BOOST_TEST(line.down.find("Connection: close\r\n") != std::string::npos);
    end(line);
    BOOST_TEST(!line.open);
  }

  std::deque<Line> lines;
  FakeClock clock;
  FakeWakeup wakeup;
  int num_rendered = 0;
  std::size_t page_bytes = 0;
  MetricsServer server{clock, wakeup, [this] {
                         ++num_rendered;
                         return "page " + std::to_string(num_rendered) + "\n" +
                                std::string(page_bytes, '#');
                       }};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(metrics_server, Fixture)

BOOST_AUTO_TEST_CASE(the_page_is_given_to_get_and_its_head_to_head) {
  check_answer(kGet, "200 OK\r\n", "close\r\n\r\npage 1\n");
  check_answer("GET /metrics?debug=1 HTTP/1.0\r\n\r\n", "200 ", "\r\n\r\npage 1\n");
  check_answer("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "200 ", "close\r\n\r\n");
  for (const Line& each : lines) {
    BOOST_TEST(each.down.find("\r\nContent-Length: 7\r\n") != std::string::npos, each.down);
  }
  Line& line = open();
  for (const char byte : kGet) {
    BOOST_TEST(line.down.empty());
    more(line, std::string(1, byte));
  }
  BOOST_TEST(line.down.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(there_is_nothing_else) {
  check_answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "404 ", "\n");
  check_answer("GET /metrics/ HTTP/1.1\r\nHost: a\r\n\r\n", "404 ", "\n");
  check_answer("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "405 ", "\n");
  check_answer("GET /metrics HTTP/1.1\r\n\r\n", "400 ", "\n");
  check_answer("\x16\x03\x01\x02\x03 something that is no HTTP\r\n\r\n", "400 ", "\n");
  BOOST_TEST(num_rendered == 0);
}

BOOST_AUTO_TEST_CASE(a_request_is_not_read_for_ever) {
  Line& line = open("GET /metrics HTTP/1.1\r\nHost: a\r\nX: ");
  more(line, std::string(limits::kMetricsRequestBytesMax, 'x'));
  BOOST_TEST(line.down.starts_with("HTTP/1.1 431 "), line.down);
  // Nor is what follows an answer.
  more(line, std::string(limits::kMetricsRequestBytesMax + 1, 'x'));
  server.on_wakeup();
  BOOST_TEST(!line.open);
}

BOOST_AUTO_TEST_CASE(only_so_many_at_once) {
  for (std::size_t i = 0; i < limits::kMetricsConnectionsMax; ++i) open();
  BOOST_TEST(!open(kGet).open);
  BOOST_TEST(lines.back().down.empty());
  BOOST_TEST(server.size() == limits::kMetricsConnectionsMax);
  end(lines.front());
  BOOST_TEST(open(kGet).down.starts_with("HTTP/1.1 200 "));
}

// Neither one that says nothing, nor one that trickles, nor one that never takes its answer.
BOOST_AUTO_TEST_CASE(readers_that_were_answered_make_room) {
  Line& silent = open();
  for (std::size_t i = 0; i < 3 * limits::kMetricsConnectionsMax; ++i) {
    BOOST_TEST(open(kGet).down.starts_with("HTTP/1.1 200 "));
    BOOST_TEST(server.size() <= limits::kMetricsConnectionsMax);
  }
  BOOST_TEST(silent.open);
  BOOST_TEST(!lines.at(1).open);
}

BOOST_AUTO_TEST_CASE(each_connection_ends_in_time) {
  page_bytes = 100'000;
  open();
  Line& trickling = open("GET /met");
  Line& deaf = lines.emplace_back(Line{.up = std::string(kGet), .down = {}, .room = 10});
  server.open(std::make_unique<LineStream>(deaf));
  Line& open_ended = open(kGet);  // It has its answer, and does not close.
  BOOST_TEST(deaf.down.size() == 10U);
  BOOST_TEST(open_ended.down.size() > page_bytes);
  clock.at = Instant{} + Millis{limits::kMetricsTimeout.ms - 1};
  more(trickling, "r");
  deaf.room = 1;
  deaf.observer->on_stream_ready();
  server.on_tick();
  server.on_wakeup();
  BOOST_TEST(server.size() == 4U);
  clock.at = Instant{} + limits::kMetricsTimeout;
  server.on_tick();
  BOOST_TEST(wakeup.requested);
  server.on_wakeup();
  BOOST_TEST(server.size() == 0U);
  for (const Line& line : lines) BOOST_TEST(!line.open);
}

BOOST_AUTO_TEST_CASE(an_answer_is_written_as_the_client_takes_it) {
  Line& line = lines.emplace_back(Line{.up = std::string(kGet), .down = {}, .room = 1});
  server.open(std::make_unique<LineStream>(line));
  for (int i = 0; i < 1000 && line.open; ++i) {
    line.room = 1;
    line.observer->on_stream_ready();
    if (line.down.ends_with("page 1\n")) end(line);
  }
  BOOST_TEST(!line.open);
  BOOST_TEST(line.down.ends_with("\r\n\r\npage 1\n"));
}

BOOST_AUTO_TEST_CASE(the_page_is_made_once_in_a_while) {
  open(kGet);
  open(kGet);
  BOOST_TEST(num_rendered == 1);
  clock.at = Instant{} + Millis{limits::kMetricsAgeMax.ms - 1};
  BOOST_TEST(open(kGet).down.ends_with("page 1\n"));
  clock.at = Instant{} + limits::kMetricsAgeMax;
  BOOST_TEST(open(kGet).down.ends_with("page 2\n"));
  BOOST_TEST(num_rendered == 2);
}

BOOST_AUTO_TEST_SUITE_END()
