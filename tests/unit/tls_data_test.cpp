// Do bytes arrive whole, in order and with their right owner, and does an ending say what it was?
#include <random>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "support/tls_pair.h"

using namespace interlock;
using namespace interlock::test;
using port::IoState;

namespace {

// Text in which every place looks different, and different for each `seed`.
std::string pattern(std::size_t len, unsigned seed) {
  std::mt19937 dice(seed);
  std::string text(len, '\0');
  for (char& each : text) each = static_cast<char>(dice());
  return text;
}

struct Fixture {
  std::unique_ptr<tls::Server> server = TlsPlant::shared().server();
  Issued device = TlsPlant::shared().device();
  tls::Worker worker;

  std::unique_ptr<TlsPair> established(std::uint16_t version = TLS1_3_VERSION) {
    auto pair = std::make_unique<TlsPair>(*server, worker, options_of(device, version));
    BOOST_REQUIRE(pair->establish());
    return pair;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls_data, Fixture)

BOOST_AUTO_TEST_CASE(both_ways_byte_by_byte) {
  const std::string up = pattern(3000, 1), down = pattern(3000, 2);
  for (const std::uint16_t version : kTlsVersions) {
    const auto pair = established(version);
    pair->pipe.up->allowance = pair->pipe.down->allowance = 0;
    BOOST_TEST(pair->client.write(up));
    BOOST_TEST((pair->server->write(as_bytes(down)).state == IoState::kProgress));
    for (int i = 0; i < 5000; ++i) {
      pair->pipe.up->allowance = pair->pipe.down->allowance = 1;
      pair->move_server();
      pair->client.move();
    }
    BOOST_TEST((pair->received == up));
    BOOST_TEST((pair->client.received() == down));
  }
}

BOOST_AUTO_TEST_CASE(megabytes_go_up_in_records_of_every_size) {
  const std::string up = pattern(3 * 1024 * 1024, 3);
  const auto pair = established();
  std::mt19937 dice(4);
  for (std::size_t at = 0; at < up.size();) {
    const std::size_t len = std::min<std::size_t>(1 + dice() % 40'000, up.size() - at);
    BOOST_REQUIRE(pair->client.write(std::string_view(up).substr(at, len)));
    if (dice() % 4 == 0) pair->drive();
    at += len;
  }
  pair->drive();
  BOOST_TEST((pair->received == up));
}

// A receiver that stalls holds the sender up; what waits for it is one write and no more.
BOOST_AUTO_TEST_CASE(megabytes_go_down_to_a_client_that_stalls) {
  const std::string down = pattern(3 * 1024 * 1024, 5);
  for (const std::uint16_t version : kTlsVersions) {
    const auto pair = established(version);
    pair->pipe.down->room = 10'000;
    std::size_t at = 0, times_blocked = 0;
    while (at < down.size()) {
      const auto piece = as_bytes(std::string_view(down).substr(at, limits::kClientOutBytesMax));
      const port::IoResult sent = pair->server->write(piece);
      if (sent.state == IoState::kProgress) {
        BOOST_REQUIRE(sent.bytes == piece.size());
        at += sent.bytes;
        continue;
      }
      BOOST_REQUIRE((sent.state == IoState::kBlocked));
      BOOST_REQUIRE((pair->server->write(piece).state == IoState::kBlocked));  // And stays so.
      pair->server->want(/*read=*/true, /*write=*/false);
      BOOST_REQUIRE(pair->server_end->wants_write());
      ++times_blocked;
      pair->client.move();
      pair->server->flush();
    }
    while (pair->server->flush().state == IoState::kBlocked) pair->client.move();
    pair->client.move();
    BOOST_TEST(times_blocked >= down.size() / (10'000 + limits::kClientOutBytesMax));
    BOOST_TEST((pair->client.received() == down));
  }
}

// A client that sends faster than it is read fills the receive buffer once, then the socket.
BOOST_AUTO_TEST_CASE(ciphertext_taken_and_not_used_is_bounded) {
  const std::string up = pattern(1024 * 1024, 6);
  const auto pair = established();
  BOOST_REQUIRE(pair->client.write(up));
  const std::size_t before = pair->pipe.up->bytes_read;
  std::uint8_t one = 0;
  for (int i = 0; i < 1000; ++i) {
    BOOST_REQUIRE((pair->server->read({&one, 1}).state == IoState::kProgress));
    BOOST_REQUIRE(one == static_cast<std::uint8_t>(up[static_cast<std::size_t>(i)]));
  }
  BOOST_TEST(pair->pipe.up->bytes_read - before == limits::kTlsPendingBytesMax);
  while (pair->read_server() == IoState::kProgress) {
  }
  BOOST_TEST((pair->received == up.substr(1000)));
}

BOOST_AUTO_TEST_CASE(reading_goes_on_while_nothing_can_be_written) {
  const auto pair = established();
  pair->pipe.down->room = 0;
  BOOST_TEST((pair->server->write(as_bytes("answer")).state == IoState::kProgress));
  BOOST_TEST((pair->server->write(as_bytes("more")).state == IoState::kBlocked));
  BOOST_TEST(pair->client.write("request"));
  pair->drive();
  BOOST_TEST(pair->received == "request");
  pair->pipe.down->room = Flow::kNoLimit;
  BOOST_TEST((pair->server->flush().state == IoState::kProgress));
  pair->drive();
  BOOST_TEST(pair->client.received() == "answer");
}

BOOST_AUTO_TEST_CASE(finish_says_goodbye_after_everything_else) {
  for (const std::uint16_t version : kTlsVersions) {
    const auto pair = established(version);
    const std::string last = pattern(50'000, 7);
    pair->pipe.down->room = 1000;
    BOOST_TEST((pair->server->write(as_bytes(last)).state == IoState::kProgress));
    pair->server->finish();
    while (pair->server->flush().state == IoState::kBlocked) {
      BOOST_REQUIRE(!pair->pipe.down->ended);
      pair->client.move();
    }
    BOOST_TEST(pair->pipe.down->ended);
    pair->client.move();
    BOOST_TEST((pair->client.received() == last));
    BOOST_TEST((pair->client.end() == TlsClient::End::kCloseNotify));
  }
}

BOOST_AUTO_TEST_CASE(a_client_that_says_goodbye_still_gets_its_answer) {
  for (const std::uint16_t version : kTlsVersions) {
    const auto pair = established(version);
    BOOST_TEST(pair->client.write("request"));
    pair->client.close_notify();
    pair->pipe.up->ended = true;
    pair->drive();
    BOOST_TEST(pair->received == "request");
    BOOST_TEST((pair->last_read == IoState::kEof));
    BOOST_TEST((pair->server->write(as_bytes("answer")).state == IoState::kProgress));
    pair->client.move();
    BOOST_TEST(pair->client.received() == "answer");
  }
}

// Without close_notify anyone on the way could have cut the request short.
BOOST_AUTO_TEST_CASE(an_end_without_goodbye_is_a_failure) {
  for (const std::uint16_t version : kTlsVersions) {
    for (const bool reset : {false, true}) {
      const auto pair = established(version);
      BOOST_TEST(pair->client.write("request"));
      pair->drive();
      pair->pipe.up->ended = true;
      pair->pipe.up->cut = reset;
      BOOST_TEST((pair->read_server() == IoState::kFailed));
      BOOST_TEST(pair->received == "request");
      BOOST_TEST((pair->server->write(as_bytes("answer")).state == IoState::kFailed));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_record_touched_on_the_way_ends_the_session) {
  for (const std::uint16_t version : kTlsVersions) {
    const auto pair = established(version);
    BOOST_TEST(pair->client.write("request"));
    pair->pipe.up->bytes.back() = static_cast<char>(pair->pipe.up->bytes.back() ^ 1);
    BOOST_TEST((pair->read_server() == IoState::kFailed));
    BOOST_TEST(pair->received.empty());
    pair->client.move();
    BOOST_TEST(pair->client.alert() == SSL_AD_BAD_RECORD_MAC);
  }
}

BOOST_AUTO_TEST_CASE(a_way_that_is_cut_is_a_failure_for_the_writer) {
  const auto pair = established();
  pair->pipe.down->cut = true;
  pair->server->write(as_bytes("answer"));
  BOOST_TEST((pair->server->flush().state == IoState::kFailed));
}

BOOST_AUTO_TEST_CASE(discard_drops_what_a_refused_client_still_sends) {
  const auto pair = established();
  pair->server->refuse(Reason::certificate_revoked);
  pair->server->finish();
  pair->server->flush();
  BOOST_TEST(pair->client.write(pattern(10'000, 8)));
  std::size_t dropped = 0;
  for (port::IoResult got = pair->server->discard(); got.state == IoState::kProgress;
       got = pair->server->discard()) {
    dropped += got.bytes;
  }
  BOOST_TEST(dropped > 10'000U);
  pair->pipe.up->ended = true;
  BOOST_TEST((pair->server->discard().state == IoState::kEof));
}

// The sessions of a worker share its buffers: whatever the order of events, each byte stays with
// its connection.
BOOST_AUTO_TEST_CASE(sessions_of_one_worker_never_mix) {
  constexpr std::size_t kPairs = 4;
  struct Side {
    std::string up, down;
    std::size_t sent_up = 0, sent_down = 0;
  };
  std::mt19937 dice(20'261'123);
  std::vector<std::unique_ptr<TlsPair>> pairs;
  std::vector<Side> sides;
  for (std::size_t i = 0; i < kPairs; ++i) {
    pairs.push_back(
        std::make_unique<TlsPair>(*server, worker, options_of(device, kTlsVersions[i % 2])));
    pairs[i]->pipe.down->room = 20'000;
    pairs[i]->pipe.up->allowance = 0;
    const auto seed = static_cast<unsigned>(100 + i);
    sides.push_back({pattern(200'000, seed), pattern(200'000, seed + 50)});
  }
  const auto step = [&](TlsPair& pair, Side& side) {
    const std::size_t len = 1 + dice() % 30'000;
    switch (dice() % 4) {
      case 0:
        pair.pipe.up->allowance = dice() % 3000;
        pair.move_server();
        break;
      case 1:
        pair.client.move();
        break;
      case 2: {
        const auto piece = std::string_view(side.up).substr(side.sent_up, len);
        if (pair.client.established() && !piece.empty() && pair.client.write(piece))
          side.sent_up += piece.size();
        break;
      }
      case 3: {
        const auto piece = std::string_view(side.down).substr(side.sent_down, len);
        if (pair.state == port::Handshake::kDone && !piece.empty() &&
            pair.server->write(as_bytes(piece)).state == IoState::kProgress)
          side.sent_down += piece.size();
        break;
      }
    }
  };
  for (int i = 0; i < 4000; ++i) {
    const std::size_t at = dice() % kPairs;
    step(*pairs[at], sides[at]);
  }
  for (std::size_t i = 0; i < kPairs; ++i) {
    pairs[i]->pipe.up->allowance = Flow::kNoLimit;
    pairs[i]->drive();
    BOOST_TEST(sides[i].sent_up > 100'000U);
    BOOST_TEST(sides[i].sent_down > 100'000U);
    BOOST_TEST((pairs[i]->received == sides[i].up.substr(0, sides[i].sent_up)));
    BOOST_TEST((pairs[i]->client.received() == sides[i].down.substr(0, sides[i].sent_down)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
