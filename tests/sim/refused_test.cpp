// Goal: what is ambiguous gets its refusal and a close, and never reaches a service; what is
// forwarded is what was judged. Method: every vector of tests/vectors/http1, and generated targets,
// sent by a device whose function permits everything: nothing but the reading stands in the way.
#include <algorithm>
#include <sstream>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "sim/world.h"
#include "support/http1_vectors.h"

using namespace interlock;
using namespace interlock::sim;
using http1::testing::load_vectors;
using http1::testing::Vector;

namespace {

constexpr std::string_view kNext = "GET /next HTTP/1.1\r\nHost: gateway\r\n\r\n";

// A function that permits every path, by the methods of the vectors.
constexpr const char* kOpenFunction = R"(
function { name: "open" permit { name: "everything" service: "historian"
  http { path: "/**" method: "GET" method: "HEAD" method: "POST" method: "PUT" method: "PATCH"
         method: "DELETE" method: "OPTIONS" } }
  permit { name: "upgrade" service: "historian"
    http { path: "/**" method: "GET" upgrade: "websocket" } } })";

std::shared_ptr<const policy::Snapshot> snapshot_of(const std::string& function,
                                                    std::string functions) {
  Intent intent;
  intent.devices = {{"press-07", function, "press-07"}};
  intent.functions = std::move(functions);
  return plant_snapshot(intent);
}

const std::shared_ptr<const policy::Snapshot>& open_snapshot() {
  static const auto made = snapshot_of("open", kOpenFunction);
  return made;
}

// Exchanged is a world in which press-07, of this configuration, has sent these bytes.
struct Exchanged {
  World world;
  FakeClient* client;

  Exchanged(const std::shared_ptr<const policy::Snapshot>& snapshot, std::string_view bytes,
            bool eof = false, std::size_t piece_max = 0) {
    world.publish(snapshot);
    world.tell();
    client = &world.served("press-07");
    client->in.piece_max = piece_max;
    client->send(bytes);
    if (eof) client->end();
    world.settle();
  }
};

std::string get(std::string_view target) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: gateway\r\n\r\n", target);
}

// The events of a vector that a service may see: whole requests, and the beginning of one that
// turned out to be wrong in its body.
struct Before {
  std::size_t num_whole = 0;
  bool begun = false;

  explicit Before(const Vector& vector) {
    for (const std::string& event : vector.expected) {
      if (event.starts_with("head ")) begun = true;
      if (event == "end") begun = false;
      num_whole += event == "end" ? 1 : 0;
    }
  }
};

void check_refused(const Vector& vector, const std::string& bytes, std::size_t piece_max) {
  std::istringstream words(vector.refusal());
  std::string verdict;
  std::string reason;
  int status = 0;
  words >> verdict >> reason >> status;
  const Before before(vector);

  Exchanged done(open_snapshot(), vector.eof ? bytes : bytes + std::string(kNext), vector.eof,
                 piece_max);
  const std::vector<Message> answers = done.client->answers();
  BOOST_TEST_REQUIRE(answers.size() == before.num_whole + 1);
  const Message& answer = answers.back();
  BOOST_TEST(answer.whole);
  BOOST_TEST(answer.status() == status);
  BOOST_TEST(answer.member("reason") == reason);
  BOOST_TEST(answer.field("Connection") == "close");
  BOOST_TEST(done.client->finished);

  const Entry& entry = done.world.audit.entries.back();
  BOOST_TEST((entry.event == AuditEvent::kOperation));
  BOOST_TEST(to_string(entry.reason) == reason);
  BOOST_TEST(entry.status == status);
  BOOST_TEST(entry.device == "press-07");
  BOOST_TEST(!entry.detail.empty());
  BOOST_TEST(entry.denial_id == answer.member("denial_id"));

  BOOST_TEST(done.world.historian.num_requests() == before.num_whole);
  for (const Connection& connection : done.world.historian.connections) {
    const bool nothing_more = connection.received.size() == connection.read_len;
    BOOST_TEST((nothing_more || (before.begun && connection.closed)));
  }
  BOOST_TEST(done.world.mes.connections.empty());
  BOOST_TEST(done.world.ledger.count("allow") == before.num_whole + (before.begun ? 1 : 0));
  done.world.pass(limits::kDrainTimeout);
  BOOST_TEST(done.client->closed);
}

// Percent-decoding as a service does it once, by nothing of the gateway's.
std::string decoded(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    const auto octet = from_hex(path.substr(i + 1, 2));
    BOOST_REQUIRE(octet.has_value());
    out += static_cast<char>(octet->at(0));
    i += 2;
  }
  return out;
}

// One form: upper-case escapes, and none of a character that needs no escape.
bool is_canonical(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    const std::string_view escape = path.substr(at, 3);
    const char octet = decoded(escape)[0];
    const bool plain = (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z') ||
                       (octet >= '0' && octet <= '9') ||
                       std::string_view("-._~").find(octet) != std::string_view::npos;
    if (plain || std::any_of(escape.begin(), escape.end(), [](char c) { return c >= 'a'; }))
      return false;
  }
  return path.starts_with("/") && path.find("//") == std::string_view::npos;
}

std::string some_target(Chance& chance) {
  constexpr std::string_view kPieces[] = {
      "/",   "/",   "/",      "/",      "a",   "B7",  "v1",  "status", ".",  "..", "%2e",
      "%2E", "%41", "%7e",    "%c3%a9", "%e9", "%00", "%2f", "%3a",    ":",  "@",  "%20",
      "~",   "*",   "%E2%82", "%ac",    ";",   "\\",  "{",   "%25",    "//", "%",  "'"};
  std::string target = "/";
  for (std::size_t i = 1 + chance.below(7); i > 0; --i)
    target += kPieces[chance.below(std::size(kPieces))];
  constexpr std::string_view kQueries[] = {"", "", "?", "?a=%2e%2E/../b", "?q=%zz"};
  return target + std::string(kQueries[chance.below(std::size(kQueries))]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_refused)

BOOST_AUTO_TEST_CASE(no_refused_request_reaches_a_service_that_everything_is_permitted_on) {
  std::size_t num_refused = 0;
  for (const char* file : {"requests.txt", "fields.txt", "targets.txt"}) {
    for (const Vector& vector : load_vectors(file)) {
      if (vector.refusal().empty()) continue;
      ++num_refused;
      const bool is_target = std::string_view(file) == "targets.txt";
      for (const std::size_t piece_max : {std::size_t{0}, std::size_t{1}}) {
        BOOST_TEST_CONTEXT(file << " [" << vector.name << "] in pieces of " << piece_max) {
          check_refused(vector, is_target ? get(vector.bytes) : vector.bytes, piece_max);
        }
      }
    }
  }
  BOOST_TEST(num_refused > 200U);
}

// The other side of the same coin: they are refused for what they are, not for a lack of permits.
BOOST_AUTO_TEST_CASE(what_is_not_refused_reaches_the_service_in_its_canonical_form) {
  for (const Vector& vector : load_vectors("targets.txt")) {
    if (!vector.refusal().empty()) continue;
    BOOST_TEST_CONTEXT("targets.txt [" << vector.name << "]") {
      Exchanged done(open_snapshot(), get(vector.bytes));
      std::string expected = vector.expected.at(0).substr(5);  // "path ..."
      if (vector.expected.size() > 1) expected += "?" + vector.expected[1].substr(6);
      BOOST_TEST(done.world.historian.only().target() == expected);
      BOOST_TEST(done.world.audit.entries.back().path == vector.expected[0].substr(5));
    }
  }
}

BOOST_AUTO_TEST_CASE(corpus_of_targets_for_one_permit) {
  const auto snapshot = snapshot_of("status-only", R"(
    function { name: "status-only"
      permit { name: "status" service: "historian" http { method: "GET" path: "/api/v1/status" } } })");
  std::size_t num_cases = 0;
  for (const Vector& vector : load_vectors("targets.txt")) {
    if (!vector.name.starts_with("corpus_")) continue;
    ++num_cases;
    BOOST_TEST_CONTEXT(vector.name) {
      Exchanged done(snapshot, get(vector.bytes));
      const bool covered = vector.expected[0] == "path /api/v1/status";
      BOOST_TEST(done.client->answers().at(0).status() == (!vector.refusal().empty() ? 400
                                                           : covered                 ? 200
                                                                                     : 403));
      BOOST_TEST(done.world.historian.num_requests() == (covered ? 1U : 0U));
    }
  }
  BOOST_TEST(num_cases == 15U);
  Exchanged elsewhere(snapshot, get("http://other/api/v1/status"));
  BOOST_TEST(elsewhere.client->answers().at(0).status() == 400);
  Exchanged lower(snapshot, "get /api/v1/status HTTP/1.1\r\nHost: gateway\r\n\r\n");
  BOOST_TEST(lower.client->answers().at(0).status() == 403);
  Exchanged head(snapshot, "HEAD /api/v1/status HTTP/1.1\r\nHost: gateway\r\n\r\n");
  BOOST_TEST(head.world.historian.connections.empty());
}

BOOST_AUTO_TEST_CASE(path_that_is_judged_is_the_path_that_is_forwarded) {
  std::size_t num_forwarded = 0;
  std::size_t num_refused = 0;
  for (std::uint64_t seed = 1; seed <= 1200; ++seed) {
    Chance chance(seed);
    const std::string sent = some_target(chance);
    BOOST_TEST_CONTEXT("seed " << seed << ": " << sent) {
      Exchanged done(open_snapshot(), get(sent));
      BOOST_TEST_REQUIRE(done.world.audit.entries.size() == 1U);
      const Entry& entry = done.world.audit.entries[0];
      if (entry.reason != Reason::kNone) {
        ++num_refused;
        BOOST_TEST(entry.status == 400);
        BOOST_TEST(done.world.historian.connections.empty());
        continue;
      }
      ++num_forwarded;
      const std::string received = done.world.historian.only().target();
      const std::size_t mark = std::min(sent.find('?'), sent.size());
      BOOST_TEST(received == entry.path + sent.substr(mark));
      BOOST_TEST(decoded(entry.path) == decoded(std::string_view(sent).substr(0, mark)));
      BOOST_TEST(is_canonical(entry.path));
    }
  }
  BOOST_TEST(num_forwarded > 100U);
  BOOST_TEST(num_refused > 100U);
}

// A service that answers so that it can be read in two ways is no better than such a client.
BOOST_AUTO_TEST_CASE(no_wrong_answer_looks_whole_and_its_connection_is_dropped) {
  std::size_t num_wrong = 0;
  for (const Vector& vector : load_vectors("responses.txt")) {
    if (vector.refusal().empty()) continue;
    ++num_wrong;
    BOOST_TEST_CONTEXT("responses.txt [" << vector.name << "]") {
      const auto has = [&vector](std::string_view event) {
        return std::any_of(vector.expected.begin(), vector.expected.end(),
                           [event](const std::string& each) { return each.starts_with(event); });
      };
      World world;
      world.publish(open_snapshot());
      world.tell();
      world.historian.on_request = [&](const Message&, Connection& connection) {
        connection.send(vector.bytes);
        if (vector.eof) connection.end();
      };
      FakeClient& client = world.served("press-07");
      const std::string& asked = vector.methods.at(0);
      const std::size_t space = std::min(asked.find(' '), asked.size());
      client.request(asked.substr(0, space), "/a", {},
                     space < asked.size()
                         ? "Connection: Upgrade\r\nUpgrade:" + asked.substr(space) + "\r\n"
                         : "");
      world.settle();
      const std::vector<Message> answers = client.answers();
      if (!has("head ")) {
        BOOST_TEST_REQUIRE(answers.size() == 1U);
        BOOST_TEST(answers[0].status() == 502);
        BOOST_TEST(world.audit.entries.back().status == 502);
      } else if (!has("end")) {
        BOOST_TEST((answers.empty() || !answers[0].whole));
        BOOST_TEST(!client.finished);
        BOOST_TEST(client.closed);
      } else {
        BOOST_TEST_REQUIRE(answers.size() == 1U);
        BOOST_TEST(answers[0].whole);
        BOOST_TEST(answers[0].status() != 502);
      }
      BOOST_TEST(world.historian.num_open() == 0U);
    }
  }
  BOOST_TEST(num_wrong > 40U);
}

BOOST_AUTO_TEST_CASE(refused_request_between_others_ends_them) {
  Exchanged done(open_snapshot(),
                 get("/one") + "GET /two HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + get("/three"));
  const std::vector<Message> answers = done.client->answers();
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[0].status() == 200);
  BOOST_TEST(answers[1].status() == 400);
  BOOST_TEST(done.world.historian.only().target() == "/one");
  BOOST_TEST(done.world.ledger.count("allow") == 1U);
  BOOST_TEST(done.world.audit.entries.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
