// Does a session resume exactly where it should, is whoever resumes judged like anybody else, and
// does everything that cannot be resumed become a full handshake?
#include <ctime>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "support/tls_pair.h"
#include "tls/server_impl.h"

using namespace interlock;
using namespace interlock::test;
using port::Handshake;
using port::IoState;

namespace {

using Session = bssl::UniquePtr<SSL_SESSION>;

// The library's own clock, as a test wants it; it asks by a plain function.
std::int64_t library_seconds = 0;

void on_library_clock(const SSL*, timeval* out) {
  *out = {.tv_sec = library_seconds, .tv_usec = 0};
}

struct Fixture {
  const TlsPlant& plant = TlsPlant::shared();
  ManualClock clock;
  tls::TicketKeyring keyring{clock};
  std::unique_ptr<tls::Server> server = make(plant.listener());
  Issued device = plant.device();
  tls::Worker worker;

  std::unique_ptr<tls::Server> make(const policy::Listener& listener) {
    return tls::Server::make(listener, keyring).value();
  }

  TlsClientOptions options(std::uint16_t version, const Session& session = nullptr) const {
    TlsClientOptions with = options_of(device, version);
    with.session = session.get();
    return with;
  }

  void check_carries_data(TlsPair& pair) {
    BOOST_TEST(pair.client.write("request"));
    pair.drive();
    BOOST_TEST(pair.received == "request");
    BOOST_TEST((pair.server->write(as_bytes("answer")).state == IoState::kProgress));
    pair.drive();
    BOOST_TEST(pair.client.received() == "answer");
  }

  // The session that `pair` was given, the only one.
  static Session only_session(TlsPair& pair) {
    BOOST_REQUIRE(pair.client.sessions_offered() == 1U);
    return bssl::UpRef(pair.client.last_session());
  }

  // A session of a full handshake.
  Session first_session(std::uint16_t version) {
    TlsPair pair(*server, worker, options(version));
    BOOST_REQUIRE(pair.establish());
    BOOST_REQUIRE(!pair.client.resumed());
    check_carries_data(pair);
    return only_session(pair);
  }

  // Offers `session` to `to`: is it resumed? The client is served in either case, and judged once
  // by the certificate of its device.
  bool resumes(const tls::Server& to, std::uint16_t version, const Session& session) {
    TlsPair pair(to, worker, options(version, session));
    BOOST_REQUIRE(pair.establish());
    BOOST_TEST(pair.times_asked == 1);
    BOOST_TEST((pair.chain == std::vector<Der>{device.der}));
    check_carries_data(pair);
    return pair.client.resumed();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls_resume, Fixture)

BOOST_AUTO_TEST_CASE(a_full_handshake_gives_exactly_one_ticket_that_resumes) {
  for (const std::uint16_t version : kTlsVersions) {
    const Session session = first_session(version);
    BOOST_TEST(SSL_SESSION_has_ticket(session.get()));
    BOOST_TEST(!SSL_SESSION_early_data_capable(session.get()));
    TlsPair pair(*server, worker, options(version, session));
    BOOST_REQUIRE(pair.establish());
    BOOST_TEST(pair.client.resumed());
    BOOST_TEST(pair.times_asked == 1);
    BOOST_TEST((pair.chain == std::vector<Der>{device.der}));
    check_carries_data(pair);
    // TLS 1.3 uses a ticket once and brings the next; in TLS 1.2 it stays good.
    BOOST_TEST(pair.client.sessions_offered() == (version == TLS1_3_VERSION ? 1U : 0U));
  }
}

BOOST_AUTO_TEST_CASE(the_whole_chain_comes_back_out_of_the_ticket) {
  const Issued middle = issue(plant.ca, ca_spec("intermediate"));
  const Issued leaf = issue(middle, {});
  for (const std::uint16_t version : kTlsVersions) {
    TlsClientOptions with = {.version = version, .chain = {leaf.der, middle.der}, .key = leaf.key};
    TlsPair full(*server, worker, with);
    BOOST_REQUIRE(full.establish());
    check_carries_data(full);
    const Session session = only_session(full);
    with.session = session.get();
    TlsPair pair(*server, worker, with);
    BOOST_REQUIRE(pair.establish());
    BOOST_TEST(pair.client.resumed());
    BOOST_TEST((pair.chain == std::vector<Der>{leaf.der, middle.der}));
  }
}

BOOST_AUTO_TEST_CASE(no_byte_of_a_resumed_session_flows_before_the_verdict) {
  for (const std::uint16_t version : kTlsVersions) {
    const Session session = first_session(version);
    TlsPair pair(*server, worker, options(version, session));
    for (int i = 0; i < 3; ++i) {
      pair.client.move();
      pair.state = pair.server->handshake();
    }
    BOOST_REQUIRE(pair.client.established());
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
}

BOOST_AUTO_TEST_CASE(whoever_may_no_longer_come_is_told_why_and_reads_nothing) {
  const std::pair<Reason, int> refusals[] = {
      {Reason::certificate_revoked, SSL_AD_CERTIFICATE_REVOKED},
      {Reason::certificate_expired, SSL_AD_CERTIFICATE_EXPIRED},
      {Reason::untrusted_chain, SSL_AD_UNKNOWN_CA},
      {Reason::unknown_device, SSL_AD_ACCESS_DENIED}};
  for (const std::uint16_t version : kTlsVersions) {
    const Session session = first_session(version);
    for (const auto& [reason, alert] : refusals) {
      TlsPair pair(*server, worker, options(version, session));
      pair.verdict = reason;
      pair.drive();
      BOOST_TEST((pair.state == Handshake::kFailed));
      BOOST_TEST((pair.server->handshake() == Handshake::kFailed));
      BOOST_TEST(to_string(pair.server->failure()) == to_string(reason));
      BOOST_TEST(pair.client.alert() == alert);
      pair.client.write("request");
      pair.drive();
      BOOST_TEST((pair.read_server() == IoState::kBlocked));
      BOOST_TEST((pair.server->write(as_bytes("answer")).state == IoState::kFailed));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_ticket_counts_at_every_listener_of_the_same_trusts_and_nowhere_else) {
  std::vector<pki::TrustProblem> problems;
  policy::Listener same = plant.listener(), wider = plant.listener();
  same.name = "another";
  wider.trusts.push_back(pki::load_trust(
      {.name = "vendor", .ca_pem = self_signed(ca_spec("vendor")).pem(), .no_revocation = true},
      kNow, problems));
  const auto twin = make(same), other = make(wider);
  for (const std::uint16_t version : kTlsVersions) {
    const Session session = first_session(version);
    BOOST_TEST(resumes(*twin, version, session));
    BOOST_TEST(!resumes(*other, version, session));
  }
}

// Even with the keys of another set: the session itself names its trusts.
BOOST_AUTO_TEST_CASE(a_session_of_another_set_does_not_count_under_the_same_keys) {
  const auto keys = keyring.keys_of(plant.listener().trusts);
  const std::uint8_t another[] = {1, 2, 3};
  for (const std::uint16_t version : kTlsVersions) {
    const Session session = first_session(version);
    const auto changed = make(plant.listener());
    SSL_CTX* ctx = changed->impl().ctx.get();
    BOOST_TEST(resumes(*changed, version, session));
    BOOST_REQUIRE(SSL_CTX_set_session_id_context(ctx, another, sizeof another));
    BOOST_TEST(!resumes(*changed, version, session));
  }
}

BOOST_AUTO_TEST_CASE(a_restart_makes_everybody_start_anew) {
  tls::TicketKeyring after(clock);
  const auto restarted = tls::Server::make(plant.listener(), after).value();
  for (const std::uint16_t version : kTlsVersions) {
    BOOST_TEST(!resumes(*restarted, version, first_session(version)));
  }
}

BOOST_AUTO_TEST_CASE(the_key_before_still_opens_and_what_it_opens_is_sealed_anew) {
  for (const std::uint16_t version : kTlsVersions) {
    const Session session = first_session(version);
    clock.pass(limits::kTicketKeyPeriod);
    TlsPair pair(*server, worker, options(version, session));
    BOOST_REQUIRE(pair.establish());
    BOOST_TEST(pair.client.resumed());
    check_carries_data(pair);
    const Session renewed = only_session(pair);
    clock.pass(limits::kTicketKeyPeriod);
    BOOST_TEST(!resumes(*server, version, session));
    BOOST_TEST(resumes(*server, version, renewed));
  }
}

// Renewed or not: the library's clock decides, from the full handshake on.
BOOST_AUTO_TEST_CASE(no_renewal_lengthens_the_life_of_a_session) {
  constexpr std::int64_t kLifetime = limits::kTlsSessionLifetimeMax.ms / 1000;
  SSL_CTX_set_current_time_cb(server->impl().ctx.get(), on_library_clock);
  for (const std::uint16_t version : kTlsVersions) {
    const std::int64_t begin = library_seconds = std::time(nullptr);
    Session session = first_session(version);
    const auto said_lifetime = [&] { return SSL_SESSION_get_timeout(session.get()); };
    if (version == TLS1_3_VERSION) BOOST_TEST(said_lifetime() == kLifetime);
    for (const std::int64_t age : {kLifetime / 3, kLifetime - 60, kLifetime - 1}) {
      library_seconds = begin + age;
      TlsPair pair(*server, worker, options(version, session));
      BOOST_REQUIRE(pair.establish());
      BOOST_TEST(pair.client.resumed());
      check_carries_data(pair);
      if (version == TLS1_3_VERSION) {
        session = only_session(pair);
        BOOST_TEST(said_lifetime() == kLifetime - age);
      }
    }
    library_seconds = begin + kLifetime;
    BOOST_TEST(!resumes(*server, version, session));
  }
}

BOOST_AUTO_TEST_CASE(a_ticket_that_was_tampered_with_leads_to_a_full_handshake) {
  constexpr std::size_t kStride = 37;
  for (const std::uint16_t version : kTlsVersions) {
    const Session session = first_session(version);
    const std::uint8_t* data = nullptr;
    std::size_t len = 0;
    SSL_SESSION_get0_ticket(session.get(), &data, &len);
    const std::vector<std::uint8_t> ticket(data, data + len);
    BOOST_REQUIRE(len > 8 * kStride);
    std::vector<std::vector<std::uint8_t>> damaged;
    for (std::size_t i = 0; i < len; i += kStride) {
      damaged.push_back(ticket);
      damaged.back()[i] ^= 1;
    }
    damaged.push_back(ticket);
    damaged.back().back() ^= 0x80;
    damaged.push_back({ticket.begin(), ticket.end() - 1});
    damaged.push_back({ticket.begin(), ticket.begin() + 16});
    damaged.push_back({0});
    for (const auto& bytes : damaged) {
      BOOST_REQUIRE(SSL_SESSION_set_ticket(session.get(), bytes.data(), bytes.size()));
      BOOST_TEST(!resumes(*server, version, session));
    }
    BOOST_REQUIRE(SSL_SESSION_set_ticket(session.get(), ticket.data(), ticket.size()));
    BOOST_TEST(resumes(*server, version, session));
  }
}

// A ticket of ours never asks for 0-RTT; one that did would open all the same.
BOOST_AUTO_TEST_CASE(early_data_of_a_session_that_resumes_is_not_accepted) {
  const auto keys = keyring.keys_of(plant.listener().trusts);
  const Session session = session_from_elsewhere(plant, options(TLS1_3_VERSION), keys);
  BOOST_REQUIRE(SSL_SESSION_early_data_capable(session.get()));
  TlsClientOptions with = options(TLS1_3_VERSION, session);
  with.early_data = true;
  TlsPair pair(*server, worker, with);
  pair.drive();
  BOOST_TEST(pair.client.early_data_sent());
  BOOST_REQUIRE(pair.establish());
  BOOST_TEST(pair.client.resumed());
  BOOST_TEST(!pair.client.early_data_accepted());
  BOOST_TEST(pair.times_asked == 1);
  BOOST_TEST(pair.received.empty());
  check_carries_data(pair);
}

BOOST_AUTO_TEST_CASE(a_session_without_a_client_certificate_is_refused) {
  const auto keys = keyring.keys_of(plant.listener().trusts);
  for (const std::uint16_t version : kTlsVersions) {
    const Session session = session_from_elsewhere(plant, options(version), keys, /*asks=*/false);
    TlsPair pair(*server, worker, options(version, session));
    pair.drive();
    BOOST_TEST(pair.client.resumed());
    BOOST_TEST((pair.state == Handshake::kFailed));
    BOOST_TEST(pair.times_asked == 0);
    BOOST_TEST(to_string(pair.server->failure()) == "no_client_certificate");
    BOOST_TEST(pair.server->failure_detail() == "the resumed session has no client certificate");
    BOOST_TEST(pair.client.alert() == SSL_AD_CERTIFICATE_REQUIRED);
  }
}

BOOST_AUTO_TEST_SUITE_END()
