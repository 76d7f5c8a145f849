// Does a listener come to life only with a certificate and key that belong together, and does it
// say what is wrong otherwise?
#include <boost/test/unit_test.hpp>
#include <openssl/pem.h>

#include "base/limits.h"
#include "support/tls_pair.h"

using namespace interlock;
using namespace interlock::test;

namespace {

struct Fixture {
  policy::Listener listener = TlsPlant::shared().listener();
  ManualClock clock;
  tls::TicketKeyring keyring{clock};

  void check_refused(std::string_view sentence) {
    const auto made = tls::Server::make(listener, keyring);
    BOOST_REQUIRE(!made.has_value());
    BOOST_TEST(std::string_view(made.error().what).find(sentence) != std::string_view::npos,
               made.error().what << " does not say: " << sentence);
  }
};

std::string with_password(const Key& key) {
  const bssl::UniquePtr<BIO> out(BIO_new(BIO_s_mem()));
  std::string password = "secret";
  BOOST_REQUIRE(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(),
                                              password.data(), static_cast<int>(password.size()),
                                              nullptr, nullptr));
  const std::uint8_t* data = nullptr;
  std::size_t len = 0;
  BOOST_REQUIRE(BIO_mem_contents(out.get(), &data, &len));
  return std::string(as_text({data, len}));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls_server, Fixture)

BOOST_AUTO_TEST_CASE(every_kind_of_gateway_key_serves) {
  const TlsPlant& plant = TlsPlant::shared();
  for (const KeyType type : {KeyType::kP256, KeyType::kP384, KeyType::kRsa2048}) {
    const Issued gateway = issue(plant.ca, {.common_name = "gateway"}, Key::make(type));
    listener.certificate = {.chain_pem = gateway.pem() + plant.ca.pem(),
                            .key_pem = gateway.key.pem()};
    const auto server = tls::Server::make(listener, keyring);
    BOOST_REQUIRE(server.has_value());
    for (const std::uint16_t version : kTlsVersions) {
      tls::Worker worker;
      TlsPair pair(**server, worker, options_of(plant.device(), version));
      BOOST_TEST(pair.establish());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_key_of_another_certificate_is_refused) {
  listener.certificate.key_pem = Key::make().pem();
  check_refused("not the key of the first certificate");
  listener.certificate.key_pem = Key::make(KeyType::kEd25519).pem();
  check_refused("not the key of the first certificate");
}

BOOST_AUTO_TEST_CASE(a_key_with_a_password_is_refused_without_asking_for_it) {
  listener.certificate.key_pem = with_password(TlsPlant::shared().gateway.key);
  BOOST_REQUIRE(listener.certificate.key_pem.find("ENCRYPTED") != std::string::npos);
  check_refused("no private key in PEM without a password");
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_refused) {
  for (const std::string& text :
       {std::string(), std::string("no PEM at all"), TlsPlant::shared().gateway.pem()}) {
    listener.certificate.key_pem = text;
    check_refused("no private key in PEM without a password");
  }
}

BOOST_AUTO_TEST_CASE(a_chain_without_a_certificate_is_refused) {
  for (const std::string& text : {std::string(), TlsPlant::shared().gateway.key.pem()}) {
    listener.certificate.chain_pem = text;
    check_refused("no PEM block labelled CERTIFICATE");
  }
}

BOOST_AUTO_TEST_CASE(a_chain_that_is_no_certificate_is_refused) {
  listener.certificate.chain_pem = to_pem("CERTIFICATE", as_bytes("no certificate"));
  check_refused("chain_file");
}

// More authorities than a handshake can name: none are named, and everybody can still connect.
BOOST_AUTO_TEST_CASE(authorities_beyond_the_limit_are_not_named) {
  const TlsPlant& plant = TlsPlant::shared();
  std::string many = plant.ca.pem();
  const std::string padding(60, 'x');
  const Key key = Key::make();
  for (std::size_t i = 0; i * padding.size() <= limits::kAuthorityNamesBytesMax; ++i) {
    many += self_signed(ca_spec(padding + std::to_string(i)), key).pem();
  }
  std::vector<pki::TrustProblem> problems;
  listener.trusts = {
      pki::load_trust({.name = "plant", .ca_file = "ca.pem", .ca_pem = many, .no_revocation = true},
                      kNow, problems)};
  BOOST_REQUIRE(listener.trusts[0] != nullptr);
  const auto server = tls::Server::make(listener, keyring);
  BOOST_REQUIRE(server.has_value());
  for (const std::uint16_t version : kTlsVersions) {
    tls::Worker worker;
    TlsPair pair(**server, worker, options_of(plant.device(), version));
    BOOST_TEST(pair.establish());
    BOOST_TEST(pair.client.authorities().empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
