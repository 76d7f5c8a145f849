// Does each reason reach the client as the alert the documentation promises, in both versions of
// TLS?
#include <boost/test/unit_test.hpp>

#include "support/tls_pair.h"
#include "tls/alert.h"

using namespace interlock;
using namespace interlock::test;
using port::Handshake;

namespace {

struct Row {
  Reason reason;
  int alert;  // The number on the wire (RFC 8446, section 6).
};

// Written down here once more, by number, so that the table cannot change by accident.
constexpr Row kRows[] = {
    {Reason::no_client_certificate, 116},     // certificate_required
    {Reason::untrusted_chain, 48},            // unknown_ca
    {Reason::certificate_purpose, 42},        // bad_certificate
    {Reason::certificate_expired, 45},        // certificate_expired
    {Reason::certificate_not_yet_valid, 42},  // bad_certificate
    {Reason::certificate_revoked, 44},        // certificate_revoked
    {Reason::revocation_stale, 46},           // certificate_unknown
    {Reason::weak_key, 42},                   // bad_certificate
    {Reason::unknown_device, 49},             // access_denied, as all that follow ...
    {Reason::identity_ambiguous, 49},
    {Reason::asset_unknown, 49},
    {Reason::clone_suspected, 49},
    {Reason::wrong_site, 49},
    {Reason::stage_pending, 49},
    {Reason::device_retired, 49},
    {Reason::attestation_required, 49},
    {Reason::attestation_failed, 49},
    {Reason::attestation_stale, 49},
    {Reason::secure_boot_off, 49},
    {Reason::grace_exhausted, 49},
    {Reason::quarantined, 49},
    {Reason::target_quarantined, 49},
    {Reason::no_permit, 49},
    {Reason::method_not_permitted, 49},
    {Reason::upgrade_not_permitted, 49},
    {Reason::content_type_not_permitted, 49},
    {Reason::value_out_of_range, 49},
    {Reason::too_large, 49},
    {Reason::rate_limited, 49},
    {Reason::outside_hours, 49},
    {Reason::assurance_too_low, 49},
    {Reason::lifetime_exceeds_tier, 49},
    {Reason::key_not_hardware_backed, 49},
    {Reason::default_secret, 49},
    {Reason::malformed, 50},  // decode_error
    {Reason::ambiguous_request, 49},
    {Reason::clock_untrusted, 80},    // internal_error
    {Reason::state_unavailable, 80},  // internal_error
    {Reason::audit_unavailable, 80},  // internal_error
    {Reason::service_unavailable, 49},
    {Reason::service_busy, 49},
    {Reason::listener_removed, 49},
    {Reason::overloaded, 80},  // internal_error
    {Reason::tls_failed, 49},
};

struct Fixture {
  std::unique_ptr<tls::Server> server = TlsPlant::shared().server();
  Issued device = TlsPlant::shared().device();
  tls::Worker worker;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls_alert, Fixture)

BOOST_AUTO_TEST_CASE(every_reason_has_its_row) {
  BOOST_REQUIRE(std::size(kRows) == all_reasons().size());
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    BOOST_TEST(to_string(kRows[i].reason) == to_string(all_reasons()[i]));
    BOOST_TEST(tls::alert_for(kRows[i].reason) == kRows[i].alert);
  }
}

BOOST_AUTO_TEST_CASE(a_verdict_reaches_the_client_as_its_alert) {
  for (const std::uint16_t version : kTlsVersions) {
    for (const Row& row : kRows) {
      BOOST_TEST_CONTEXT(to_string(row.reason) << " in version " << version) {
        TlsPair pair(*server, worker, options_of(device, version));
        pair.verdict = row.reason;
        pair.drive();
        BOOST_TEST(pair.times_asked == 1);
        BOOST_TEST((pair.state == Handshake::kFailed));
        BOOST_TEST(to_string(pair.server->failure()) == to_string(row.reason));
        BOOST_TEST(pair.client.alert() == row.alert);
        BOOST_TEST((pair.server->handshake() == Handshake::kFailed));  // And never comes back.
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_open_session_is_refused_with_the_same_alert) {
  for (const std::uint16_t version : kTlsVersions) {
    for (const Row& row : kRows) {
      BOOST_TEST_CONTEXT(to_string(row.reason) << " in version " << version) {
        TlsPair pair(*server, worker, options_of(device, version));
        BOOST_REQUIRE(pair.establish());
        pair.server->refuse(row.reason);
        pair.server->finish();
        BOOST_TEST((pair.server->flush().state == port::IoState::kProgress));
        pair.client.move();
        BOOST_TEST(pair.client.alert() == row.alert);
        BOOST_TEST(pair.pipe.down->ended);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_written_after_a_refusal) {
  TlsPair pair(*server, worker, options_of(device));
  BOOST_REQUIRE(pair.establish());
  pair.server->refuse(Reason::certificate_revoked);
  const std::size_t before = pair.pipe.down->bytes_written;
  BOOST_TEST((pair.server->write(as_bytes("answer")).state == port::IoState::kFailed));
  pair.server->refuse(Reason::overloaded);
  pair.server->finish();
  BOOST_TEST(pair.pipe.down->bytes_written == before);
  BOOST_TEST(pair.client.write("request"));
  BOOST_TEST((pair.read_server() != port::IoState::kProgress));
}

BOOST_AUTO_TEST_CASE(a_client_without_a_certificate_is_told_so) {
  struct Told {
    std::uint16_t version;
    int alert;
  };
  for (const Told told : {Told{TLS1_3_VERSION, 116}, Told{TLS1_2_VERSION, 40}}) {
    TlsPair pair(*server, worker, {.version = told.version});
    pair.drive();
    BOOST_TEST((pair.state == Handshake::kFailed));
    BOOST_TEST(pair.times_asked == 0);
    BOOST_TEST(to_string(pair.server->failure()) == "no_client_certificate");
    BOOST_TEST(pair.server->peer_chain().empty());
    BOOST_TEST(pair.client.alert() == told.alert);
  }
}

BOOST_AUTO_TEST_SUITE_END()
