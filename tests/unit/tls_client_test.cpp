// Does the gateway speak to a service only where it is the one that it must be, and does it say
// exactly what is wrong otherwise?
#include <boost/test/unit_test.hpp>

#include "support/tls_service.h"

using namespace interlock;
using namespace interlock::test;

namespace {

struct Fixture : TlsServiceCase {
  // The gateway has moved no byte of a request, and has said why.
  void check_refused(std::string_view sentence, int alert = -1) {
    BOOST_TEST(!connect());
    BOOST_TEST((last_read == port::IoState::kFailed));
    BOOST_TEST(service.last().received == "");
    BOOST_TEST(stream->failure().find(sentence) != std::string::npos,
               "got: " << stream->failure() << "; expected: " << sentence);
    if (alert >= 0) BOOST_TEST(service.last().alert == alert);
  }
  void give_gateway(const Issued& certificate) {
    auto tls = std::make_shared<policy::ServiceTls>(*as.tls);
    tls->certificate = {.chain_pem = certificate.pem(), .key_pem = certificate.key.pem()};
    tls->digest = pki::sha256(certificate.der);
    as.tls = std::move(tls);
  }
  void allow_tls_1_2() {
    auto tls = std::make_shared<policy::ServiceTls>(*as.tls);
    tls->allows_tls_1_2 = true;
    as.tls = std::move(tls);
  }
};

const CertSpec kMes = {.common_name = "mes", .dns = {"mes.plant.example"}};

CertSpec with(void (*change)(CertSpec&)) {
  CertSpec spec = kMes;
  change(spec);
  return spec;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls_client, Fixture)

BOOST_AUTO_TEST_CASE(a_good_service_is_told_the_name_and_the_protocol) {
  service.protocol = "http/1.1";
  BOOST_TEST(connect());
  SSL* ssl = service.last().ssl.get();
  BOOST_TEST(SSL_version(ssl) == TLS1_3_VERSION);
  BOOST_TEST(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) == "mes.plant.example");
  BOOST_TEST(stream->lasts());
}

BOOST_AUTO_TEST_CASE(an_address_is_verified_and_not_sent_as_a_name) {
  as = named("10.0.0.1");
  service.show(leaf({.common_name = "mes", .addresses = {std::string("\x0a\x00\x00\x01", 4)}}));
  BOOST_TEST(connect());
  BOOST_TEST(SSL_get_servername(service.last().ssl.get(), TLSEXT_NAMETYPE_host_name) == nullptr);
  service.renew_keys();  // Else it would resume, as who it was.
  service.show(leaf({.common_name = "10.0.0.1", .dns = {"10.0.0.1"}}));
  check_refused("not for 10.0.0.1");
}

BOOST_AUTO_TEST_CASE(the_certificate_of_another_service_is_refused) {
  service.show(leaf({.common_name = "mes.plant.example", .dns = {"erp.plant.example"}}));
  check_refused(
      "the service's certificate is not accepted: it is for erp.plant.example, not for "
      "mes.plant.example",
      SSL_AD_UNKNOWN_CA);
  service.show(leaf({.common_name = "mes.plant.example", .dns = {"*.plant.example"}}));
  check_refused("it is for no server");
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_good_is_refused_with_its_reason) {
  service.show(
      self_signed(with([](CertSpec& spec) { spec.extended_key_usage = {"1.3.6.1.5.5.7.3.1"}; })));
  check_refused("self-signed", SSL_AD_UNKNOWN_CA);
  service.show(leaf(with([](CertSpec& spec) { spec.not_after = kNow + Millis{-1000}; })));
  check_refused("expired on", SSL_AD_CERTIFICATE_EXPIRED);
  service.show(leaf(with([](CertSpec& spec) { spec.not_before = kNow + kHour; })));
  check_refused("is valid from");
  service.show(leaf(with([](CertSpec& spec) { spec.extended_key_usage = {"1.3.6.1.5.5.7.3.4"}; })));
  check_refused("lists neither serverAuth", SSL_AD_BAD_CERTIFICATE);
  service.show(leaf(with([](CertSpec& spec) { spec.hash = SignHash::kSha1; })));
  check_refused("SHA-1");
}

BOOST_AUTO_TEST_CASE(a_revoked_certificate_and_a_stale_list_are_refused) {
  const Issued shown = leaf();
  service.show(shown);
  with_list({.entries = {{serial_of(shown), {}, {}}}});
  check_refused("was revoked by", SSL_AD_CERTIFICATE_REVOKED);
  with_list({});
  BOOST_TEST(connect());
  clock.pass(kDay);
  clock.pass(kHour);
  BOOST_TEST(!stream->lasts());
  check_refused("the revocation list of", SSL_AD_CERTIFICATE_UNKNOWN);
}

BOOST_AUTO_TEST_CASE(tls_1_2_is_spoken_only_where_it_is_allowed) {
  service.version = TLS1_2_VERSION;
  check_refused("no TLS version that is allowed");
  allow_tls_1_2();
  dialer.retain({});  // Its digest is the same in this test alone.
  BOOST_TEST(connect());
  BOOST_TEST(connect());
  BOOST_TEST(resumed());
}

BOOST_AUTO_TEST_CASE(another_protocol_than_http_1_1_is_refused) {
  service.protocol = "h2";
  check_refused("TLSEXT");
}

BOOST_AUTO_TEST_CASE(the_gateway_shows_its_certificate_where_it_has_one) {
  service.asks = true;
  BOOST_TEST(!connect());
  BOOST_TEST(stream->failure() == "the service wants a certificate, and the gateway shows it none");
  const Issued own = issue(ca, {.common_name = "gateway"});
  give_gateway(own);
  BOOST_TEST(connect());
  const auto* shown = SSL_get0_peer_certificates(service.last().ssl.get());
  BOOST_REQUIRE(shown != nullptr);
  const CRYPTO_BUFFER* first = sk_CRYPTO_BUFFER_value(shown, 0);
  BOOST_TEST((Der(CRYPTO_BUFFER_data(first),
                  CRYPTO_BUFFER_data(first) + CRYPTO_BUFFER_len(first)) == own.der));
}

BOOST_AUTO_TEST_CASE(a_key_of_another_certificate_is_found_before_it_is_used) {
  BOOST_TEST(tls::check_client(*as.tls).has_value());
  Issued own = issue(ca, {.common_name = "gateway"});
  own.key = Key::make();
  give_gateway(own);
  BOOST_TEST(!tls::check_client(*as.tls).has_value());
}

BOOST_AUTO_TEST_CASE(a_session_is_resumed_and_judged_again) {
  const Issued shown = leaf();
  service.show(shown);
  with_list({});
  BOOST_TEST(connect());
  BOOST_TEST(!resumed());
  BOOST_TEST(connect());
  BOOST_TEST(resumed());
  // Sessions go on over a change that is none, and not over one of the list.
  dialer.retain({});
  BOOST_TEST(connect());
  BOOST_TEST(!resumed());
  with_list({.number = 2, .entries = {{serial_of(shown), {}, {}}}});
  check_refused("was revoked by");
}

BOOST_AUTO_TEST_CASE(a_session_is_not_offered_after_its_certificate_or_its_time) {
  service.show(leaf(with([](CertSpec& spec) { spec.not_after = kNow + kHour; })));
  BOOST_TEST(connect());
  clock.pass(kHour);
  clock.pass(Millis{1000});
  BOOST_TEST(!stream->lasts());
  service.show(leaf());  // Renewed: the old session must not stand in its way.
  BOOST_TEST(connect());
  BOOST_TEST(!resumed());
  // However often it is renewed, a session ends so long after its full handshake.
  const Millis step{limits::kTlsSessionLifetimeMax.ms / 2 + 1000};
  clock.pass(step);
  BOOST_TEST(connect());
  BOOST_TEST(resumed());
  clock.pass(step);
  BOOST_TEST(connect());
  BOOST_TEST(!resumed());
}

BOOST_AUTO_TEST_CASE(kept_sessions_are_bounded) {
  // Each connection gets two tickets and uses one.
  for (std::size_t i = 0; i < 2 * limits::kServiceSessionsMax; ++i) BOOST_TEST(connect());
  std::size_t num_resumed = 0;
  std::vector<std::unique_ptr<port::ByteStream>> open;
  for (std::size_t i = 0; i < 2 * limits::kServiceSessionsMax; ++i) {
    // Without reading on, no new ticket comes.
    stream = dialer.dial(as, as.endpoints.front()).value();
    std::uint8_t byte[1];
    stream->read(byte);
    service.last().move();
    num_resumed += resumed() ? 1 : 0;
    open.push_back(std::move(stream));
  }
  BOOST_TEST(num_resumed == limits::kServiceSessionsMax);
}

BOOST_AUTO_TEST_SUITE_END()
