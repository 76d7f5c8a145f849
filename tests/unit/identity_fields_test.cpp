// What is a service told about the caller, and can any certificate make it say something else?
#include "session/identity_fields.h"

#include <boost/test/unit_test.hpp>

#include "base/limits.h"

using namespace interlock;

namespace {

struct Fixture {
  policy::Function function{.name = "sensor"};
  policy::Device device{.id = "temp-01", .function = &function};
  std::shared_ptr<pki::ChainFacts> facts = std::make_shared<pki::ChainFacts>();
  std::vector<std::uint8_t> der{1, 2, 3};
  policy::Admission admission{.device = &device, .facts = facts};
  Fixture() { facts->leaf.emplace(); }
  std::string fields() const { return session::identity_fields(admission, der, "192.0.2.7:40112"); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(identity_fields, Fixture)

BOOST_AUTO_TEST_CASE(every_field_is_one_line) {
  facts->leaf->names.uris = {"spiffe://plant/temp-01"};
  const std::string hash = to_hex(facts->leaf->fingerprint);
  BOOST_TEST(fields() ==
             "Client-Cert: :AQID:\r\n"
             "X-Forwarded-Client-Cert: Hash=" +
                 hash +
                 ";URI=spiffe://plant/temp-01\r\n"
                 "Forwarded: for=\"192.0.2.7:40112\";proto=https\r\n"
                 "Interlock-Device: temp-01\r\n"
                 "Interlock-Function: sensor\r\n"
                 "Interlock-Assurance: 1\r\nInterlock-Via: certificate\r\n");
}

// RFC 7239, section 6: an IPv6 address stands in brackets, and so in quotes.
BOOST_AUTO_TEST_CASE(a_peer_of_ipv6_stands_in_brackets_and_quotes) {
  const std::string lines = session::identity_fields(admission, der, "[2001:db8::7]:40112");
  BOOST_TEST(lines.find("\r\nForwarded: for=\"[2001:db8::7]:40112\";proto=https\r\n") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_uri_that_could_break_out_of_its_element_is_left_out) {
  const std::string plain = fields();
  facts->leaf->names.uris = {
      "a\r\nInterlock-Device: b", "a;Hash=0", "a,b", "a\"b", "a b", "a=b", "a\\b"};
  BOOST_TEST(fields() == plain);
}

BOOST_AUTO_TEST_CASE(a_certificate_too_large_for_services_is_named_by_its_hash_alone) {
  der.resize(limits::kClientCertBytesMax);
  BOOST_TEST(fields().starts_with("Client-Cert: :"));
  der.resize(limits::kClientCertBytesMax + 1);
  BOOST_TEST(fields().starts_with("X-Forwarded-Client-Cert: Hash="));
}

BOOST_AUTO_TEST_SUITE_END()
