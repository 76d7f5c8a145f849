// Who gets through a handshake, who does not, and what does a broken one leave behind?
#include <random>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "pki/verify.h"
#include "support/tls_pair.h"

using namespace interlock;
using namespace interlock::test;
using port::Handshake;
using port::IoState;

namespace {

struct Fixture {
  const TlsPlant& plant = TlsPlant::shared();
  std::unique_ptr<tls::Server> server = plant.server();
  Issued device = plant.device();
  tls::Worker worker;

  void check_carries_data(TlsPair& pair) {
    BOOST_TEST(pair.client.write("request"));
    pair.drive();
    BOOST_TEST(pair.received == "request");
    BOOST_TEST((pair.server->write(as_bytes("answer")).state == IoState::kProgress));
    pair.drive();
    BOOST_TEST(pair.client.received() == "answer");
  }

  // What the server makes of raw bytes, all there at once, before the end of the stream.
  std::unique_ptr<port::SecureStream> judge(std::string bytes) {
    const Pipe pipe;
    pipe.up->bytes = std::move(bytes);
    pipe.up->ended = true;
    auto stream = server->accept(worker, pipe.server());
    BOOST_TEST((stream->handshake() == Handshake::kFailed));
    BOOST_TEST(to_string(stream->failure()) == "tls_failed");
    BOOST_TEST(!stream->failure_detail().empty());
    stream->finish();
    stream->flush();
    return stream;
  }

  std::string client_hello(std::uint16_t version) {
    const Pipe pipe;
    TlsClient client(pipe.client(), options_of(device, version));
    client.move();
    return pipe.up->bytes;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls_handshake, Fixture)

BOOST_AUTO_TEST_CASE(each_kind_of_key_is_judged_once_by_the_chain_as_sent) {
  const Issued middle = issue(plant.ca, ca_spec("intermediate"));
  for (const KeyType type :
       {KeyType::kP256, KeyType::kP384, KeyType::kRsa2048, KeyType::kEd25519}) {
    const Issued leaf = issue(middle, {}, Key::make(type));
    for (const std::uint16_t version : kTlsVersions) {
      BOOST_TEST_CONTEXT("key type " << static_cast<int>(type) << ", version " << version) {
        TlsPair pair(*server, worker,
                     {.version = version, .chain = {leaf.der, middle.der}, .key = leaf.key});
        BOOST_REQUIRE(pair.establish());
        BOOST_TEST(pair.times_asked == 1);
        BOOST_TEST((pair.chain == std::vector<Der>{leaf.der, middle.der}));
        BOOST_TEST(pair.server->peer_chain().size() == 2U);
        BOOST_TEST(to_string(pair.server->failure()) == "none");
        check_carries_data(pair);
      }
    }
  }
}

// A new configuration brings new servers; who is connected to an old one stays.
BOOST_AUTO_TEST_CASE(a_connection_outlives_its_server) {
  for (const std::uint16_t version : kTlsVersions) {
    auto old = plant.server();
    TlsPair early(*old, worker, options_of(device, version));
    TlsPair late(*old, worker, options_of(device, version));
    BOOST_REQUIRE(early.establish());
    old.reset();
    check_carries_data(early);
    BOOST_REQUIRE(late.establish());
    check_carries_data(late);
  }
}

BOOST_AUTO_TEST_CASE(no_byte_flows_before_the_verdict) {
  TlsPair pair(*server, worker, options_of(device));
  pair.client.move();
  BOOST_TEST((pair.server->handshake() == Handshake::kWaitRead));
  pair.client.move();
  BOOST_REQUIRE(pair.client.established());  // TLS 1.3: the client does not know yet.
  BOOST_TEST(pair.client.write("request"));
  BOOST_TEST((pair.server->handshake() == Handshake::kWaitVerdict));
  BOOST_TEST((pair.server->handshake() == Handshake::kWaitVerdict));  // It waits for as long.
  BOOST_TEST((pair.read_server() == IoState::kBlocked));
  BOOST_TEST((pair.server->write(as_bytes("answer")).state == IoState::kFailed));
  pair.server->set_verdict(Reason::kNone);
  BOOST_TEST((pair.server->handshake() == Handshake::kDone));
  BOOST_TEST((pair.read_server() == IoState::kProgress));
  BOOST_TEST(pair.received == "request");
}

BOOST_AUTO_TEST_CASE(p_521_is_refused_by_tls_1_3) {
  TlsPair pair(*server, worker, options_of(plant.device(KeyType::kP521)));
  pair.drive();
  BOOST_TEST((pair.state == Handshake::kFailed));
  BOOST_TEST(pair.times_asked == 0);
  BOOST_TEST(!pair.client.established());
}

// There a signature algorithm says nothing about the curve, so the verdict has to.
BOOST_AUTO_TEST_CASE(p_521_is_refused_by_the_verdict_in_tls_1_2) {
  const Issued big = plant.device(KeyType::kP521);
  const Bytes chain[] = {big.bytes()};
  TlsPair pair(*server, worker, options_of(big, TLS1_2_VERSION));
  pair.verdict = pki::verify(chain, *plant.trust, kNow).reason;
  pair.drive();
  BOOST_TEST((pair.state == Handshake::kFailed));
  BOOST_TEST(to_string(pair.server->failure()) == "weak_key");
  BOOST_TEST(pair.client.alert() == SSL_AD_BAD_CERTIFICATE);
}

BOOST_AUTO_TEST_CASE(tls_1_2_needs_the_listeners_consent) {
  const auto strict = plant.server(/*allows_tls_1_2=*/false);
  TlsPair old(*strict, worker, options_of(device, TLS1_2_VERSION));
  old.drive();
  BOOST_TEST((old.state == Handshake::kFailed));
  BOOST_TEST(to_string(old.server->failure()) == "tls_failed");
  BOOST_TEST(old.client.alert() == SSL_AD_PROTOCOL_VERSION);
  TlsPair young(*strict, worker, options_of(device, TLS1_3_VERSION));
  BOOST_TEST(young.establish());
}

BOOST_AUTO_TEST_CASE(tls_1_1_is_refused_everywhere) {
  TlsPair pair(*server, worker, options_of(device, TLS1_1_VERSION));
  pair.drive();
  BOOST_TEST((pair.state == Handshake::kFailed));
  BOOST_TEST(pair.client.alert() == SSL_AD_PROTOCOL_VERSION);
}

BOOST_AUTO_TEST_CASE(what_is_not_tls_is_refused) {
  judge("");
  judge("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n");
  judge("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  judge(std::string(100'000, '\0'));
  judge(std::string(100'000, '\xff'));
  judge(std::string("\x16\x03\x01\xff\xff", 5) + std::string(0xffff, 'a'));  // Too large.
  judge(std::string("\x16\x03\x01\x00\x00", 5));                             // Empty.
  judge(std::string("\x80\x2e\x01\x00\x02", 5) + std::string(0x2c, '\0'));   // SSL 2.
  judge(std::string("\x17\x03\x03\x00\x05hello", 10));                       // Data at once.
  judge(std::string("\x15\x03\x01\x00\x02\x02\x28", 7));                     // An alert.
  judge(std::string("\x16\x03\x01\x00\x04\x01\xff\xff\xff", 9));             // 16 MiB follow.
  judge(std::string("\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03", 11));    // Cut hello.
}

BOOST_AUTO_TEST_CASE(a_damaged_hello_is_refused_or_leads_nowhere) {
  for (const std::uint16_t version : kTlsVersions) {
    const std::string hello = client_hello(version);
    std::mt19937 dice(version);
    for (int i = 0; i < 300; ++i) {
      std::string damaged = hello;
      for (int flips = 0; flips < 3; ++flips) {
        damaged[dice() % damaged.size()] = static_cast<char>(dice());
      }
      const Pipe pipe;
      pipe.up->bytes = damaged;
      pipe.up->ended = true;
      const auto stream = server->accept(worker, pipe.server());
      BOOST_TEST((stream->handshake() == Handshake::kFailed));
      BOOST_TEST(stream->peer_chain().empty());
    }
    for (std::size_t len = 0; len < hello.size(); ++len) judge(hello.substr(0, len));
  }
}

BOOST_AUTO_TEST_CASE(a_client_may_vanish_at_every_step) {
  constexpr std::size_t kStride = 23;
  for (const std::uint16_t version : kTlsVersions) {
    TlsPair whole(*server, worker, options_of(device, version));
    BOOST_REQUIRE(whole.establish());
    const std::size_t all = whole.pipe.up->bytes_written;
    for (std::size_t len = 0; len < all; len += kStride) {
      for (const bool reset : {false, true}) {
        BOOST_TEST_CONTEXT("after " << len << " of " << all << " bytes, version " << version) {
          TlsPair pair(*server, worker, options_of(device, version));
          pair.pipe.up->allowance = len;
          pair.drive();
          BOOST_REQUIRE((pair.state == Handshake::kWaitRead));
          pair.pipe.up->vanish();
          pair.pipe.up->cut = reset;
          pair.move_server();
          BOOST_TEST((pair.state == Handshake::kFailed));
          BOOST_TEST(to_string(pair.server->failure()) == "tls_failed");
          BOOST_TEST(pair.server->failure_detail() ==
                     "the client closed the connection during the handshake");
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_handshake_goes_on_byte_by_byte) {
  for (const std::uint16_t version : kTlsVersions) {
    TlsPair pair(*server, worker, options_of(device, version));
    pair.pipe.up->allowance = 0;
    for (int i = 0; i < 20'000 && pair.state != Handshake::kDone; ++i) {
      pair.pipe.up->allowance = 1;
      pair.drive();
    }
    BOOST_REQUIRE((pair.state == Handshake::kDone));
    BOOST_TEST(pair.times_asked == 1);
    pair.pipe.up->allowance = Flow::kNoLimit;
    check_carries_data(pair);
  }
}

BOOST_AUTO_TEST_CASE(a_handshake_goes_on_through_a_narrow_way_to_the_client) {
  for (const std::uint16_t version : kTlsVersions) {
    TlsPair pair(*server, worker, options_of(device, version));
    pair.pipe.down->room = 100;
    pair.pipe.down->bytes_per_call = 33;
    BOOST_TEST(pair.establish());
    check_carries_data(pair);
  }
}

BOOST_AUTO_TEST_CASE(a_handshake_that_cannot_send_waits_for_room) {
  TlsPair pair(*server, worker, options_of(device));
  pair.pipe.down->room = 0;
  pair.drive();
  BOOST_TEST((pair.state == Handshake::kWaitRead));
  pair.server->want(/*read=*/true, /*write=*/false);
  BOOST_TEST(pair.server_end->wants_write());
  pair.pipe.down->room = Flow::kNoLimit;
  BOOST_TEST(pair.establish());
  pair.server->want(/*read=*/true, /*write=*/false);
  BOOST_TEST(!pair.server_end->wants_write());
}

BOOST_AUTO_TEST_CASE(a_session_of_somebody_else_leads_to_a_full_handshake) {
  for (const std::uint16_t version : kTlsVersions) {
    const auto session = session_from_elsewhere(plant, options_of(device, version));
    TlsClientOptions options = options_of(device, version);
    options.session = session.get();
    TlsPair pair(*server, worker, options);
    BOOST_REQUIRE(pair.establish());
    BOOST_TEST(pair.times_asked == 1);
    BOOST_TEST((pair.chain == std::vector<Der>{device.der}));
    BOOST_TEST(!pair.client.resumed());
    check_carries_data(pair);
  }
}

BOOST_AUTO_TEST_CASE(early_data_is_never_accepted) {
  const auto session = session_from_elsewhere(plant, options_of(device));
  BOOST_REQUIRE(SSL_SESSION_early_data_capable(session.get()));
  TlsClientOptions options = options_of(device);
  options.session = session.get();
  options.early_data = true;
  TlsPair pair(*server, worker, options);
  pair.drive();
  BOOST_TEST(pair.client.early_data_sent());
  BOOST_REQUIRE(pair.establish());
  BOOST_TEST(!pair.client.early_data_accepted());
  BOOST_TEST(pair.times_asked == 1);
  BOOST_TEST(pair.received.empty());
  check_carries_data(pair);
}

BOOST_AUTO_TEST_CASE(the_client_learns_which_authorities_count) {
  const Der subject(plant.trust->authorities()[0]->subject_der.begin(),
                    plant.trust->authorities()[0]->subject_der.end());
  for (const std::uint16_t version : kTlsVersions) {
    TlsPair pair(*server, worker, options_of(device, version));
    BOOST_REQUIRE(pair.establish());
    BOOST_TEST((pair.client.authorities() == std::vector<Der>{subject}));
  }
}

// The verifier counts certificates (pki_verify_test); TLS hands it what was sent, up to a size.
BOOST_AUTO_TEST_CASE(a_chain_over_the_limit_is_left_to_the_verdict) {
  const std::vector<Der> chain(limits::kChainCertificatesMax + 1, device.der);
  for (const std::uint16_t version : kTlsVersions) {
    TlsPair pair(*server, worker, {.version = version, .chain = chain, .key = device.key});
    pair.verdict = Reason::untrusted_chain;
    pair.drive();
    BOOST_TEST(pair.chain.size() == limits::kChainCertificatesMax + 1);
    BOOST_TEST((pair.state == Handshake::kFailed));
  }
}

BOOST_AUTO_TEST_CASE(a_chain_as_large_as_a_book_is_refused_unread) {
  const std::vector<Der> chain(1000, device.der);
  for (const std::uint16_t version : kTlsVersions) {
    TlsPair pair(*server, worker, {.version = version, .chain = chain, .key = device.key});
    pair.drive();
    BOOST_TEST(pair.times_asked == 0);
    BOOST_TEST((pair.state == Handshake::kFailed));
    BOOST_TEST(to_string(pair.server->failure()) == "tls_failed");
    BOOST_TEST(pair.pipe.up->bytes_read < 256 * 1024U);
  }
}

BOOST_AUTO_TEST_CASE(a_copied_certificate_is_no_proof) {
  for (const std::uint16_t version : kTlsVersions) {
    TlsClientOptions options = options_of(device, version);
    options.key = Key::make();
    options.thief = true;
    TlsPair pair(*server, worker, options);
    pair.drive();
    BOOST_TEST((pair.state == Handshake::kFailed));
    BOOST_TEST(to_string(pair.server->failure()) == "tls_failed");
    BOOST_TEST(pair.client.alert() == SSL_AD_DECRYPT_ERROR);
  }
}

BOOST_AUTO_TEST_SUITE_END()
