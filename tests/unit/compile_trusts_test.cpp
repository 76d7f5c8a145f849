// Is every mistake in trusts, revocation lists and the gateway's certificate named at its place in
// the configuration? What the lists and certificates themselves may be is tested in
// pki_trust_test.cpp. "@" marks where complaints must point.
#include <boost/test/unit_test.hpp>

#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

using Messages = std::vector<std::string>;

// Loads `policy` beside the files "/ca" and "/crl" of another authority.
Loaded load(std::string_view policy, const std::map<std::string, std::string>& files = {}) {
  TestConfig config = plant_config();
  config.files["/ca"] = vendor_authority().ca.pem();
  config.files["/crl"] = vendor_authority().crl_pem;
  for (const auto& [path, text] : files) config.files[path] = text;
  config.policy() = policy;
  return config.load();
}

void complain(std::string_view marked, const Messages& messages,
              const std::map<std::string, std::string>& files = {}) {
  const Marked policy(marked);
  const Loaded loaded = load(policy.text, files);
  BOOST_TEST(complaints(loaded) == policy.complaints("etc/policy.d/p", messages),
             boost::test_tools::per_element());
  BOOST_TEST((loaded.snapshot == nullptr) == has_errors(loaded.problems));
}

constexpr std::string_view kListener =
    "listener { name: \"l\" address: \"192.0.2.9:1\" protocol: HTTP trust: \"plant\" ";
const std::string kRelative = "\n  paths are relative to the file that names them";

}  // namespace

BOOST_AUTO_TEST_SUITE(compile_trusts)

BOOST_AUTO_TEST_CASE(a_trust_with_a_list_or_with_none_said_aloud) {
  const Loaded listed = load(R"(trust { name: "t" ca_file: "/ca" crl { file: "/crl" } })");
  BOOST_REQUIRE(listed.snapshot != nullptr);
  BOOST_TEST(listed.snapshot->trusts.at(1)->name() == "t");
  BOOST_TEST(!listed.snapshot->trusts.at(1)->no_revocation());
  const Loaded none =
      load(R"(trust { name: "t" ca_file: "/ca" revocation: NONE usage: ENROLMENT_ONLY })");
  BOOST_REQUIRE(none.snapshot != nullptr);
  BOOST_TEST(none.snapshot->trusts.at(1)->no_revocation());
  BOOST_TEST(none.snapshot->trusts.at(1)->enrolment_only());
}

BOOST_AUTO_TEST_CASE(revocation_is_never_left_unsaid_or_said_twice) {
  complain(R"(@trust { name: "t" ca_file: "/ca" })",
           {"trust \"t\" does not say how revocation is known\n"
            "  write crl { file: \"trust/plant.crl\" }, or revocation: NONE if nothing is ever "
            "revoked there"});
  complain(R"(trust { name: "t" ca_file: "/ca" revocation: NONE @crl { file: "/crl" } })",
           {"a trust with revocation: NONE has no crl\n  remove one of the two"});
}

BOOST_AUTO_TEST_CASE(a_trust_has_a_name_and_an_authority) {
  complain(R"(@trust { ca_file: "/ca" revocation: NONE })",
           {"trust needs name\n  write name: \"...\""});
  complain(R"(trust { name: @"plant" ca_file: "/ca" revocation: NONE })",
           {"trust \"plant\" is defined twice\n  it is first defined at etc/main:4:15"});
  complain(R"(@trust { name: "t" revocation: NONE })",
           {"trust needs ca_file\n  write ca_file: \"trust/plant-ca.pem\""});
  complain(R"(trust { name: "t" ca_file: @"ca" revocation: NONE })",
           {"cannot read etc/policy.d/ca: No such file or directory" + kRelative});
}

BOOST_AUTO_TEST_CASE(all_that_is_wrong_with_a_trust_is_said_at_once) {
  complain(
      R"(trust { name: @"a b" ca_file: @"/no-ca"
         crl { file: @"/no-crl" max_age: @"1 day" }
         @crl { max_age: @"2" } })",
      {"\"a b\" is no name\n  use up to 64 letters, digits, dots, underscores and dashes",
       "cannot read /no-ca: No such file or directory" + kRelative,
       "cannot read /no-crl: No such file or directory" + kRelative,
       "\"1 day\" is no duration\n  write a number and a unit, such as \"90s\", \"36h\" or "
       "\"30d\" (ms, s, m, h, d, w)",
       "crl needs file\n  write file: \"trust/plant.crl\"",
       "\"2\" is no duration\n  write a number and a unit, such as \"90s\", \"36h\" or "
       "\"30d\" (ms, s, m, h, d, w)"});
}

BOOST_AUTO_TEST_CASE(what_a_file_holds_is_complained_about_where_it_is_named) {
  complain(R"(trust { name: "t" ca_file: @"/crl" revocation: NONE })",
           {"/crl: there is no PEM block labelled CERTIFICATE\n"
            "  The file must hold the authorities' certificates in PEM form."});
  complain(R"(trust { name: "t" ca_file: "/ca" crl { file: "/crl" } crl { file: @"/ca" } })",
           {"/ca: this is no revocation list in DER, nor in PEM (X509 CRL)\n"
            "  Fetch the file again from the authority."});
}

BOOST_AUTO_TEST_CASE(what_runs_out_is_a_warning_by_the_clock_of_loading) {
  const Issued& ca = vendor_authority().ca;
  const Der stale = make_crl(ca, {.next_update = kNow + Millis{-1000}});
  complain(R"(trust { name: "t" ca_file: "/ca" crl { file: @"/stale" } })",
           {"warning: /stale: the list of \"CN=Vendor CA\" went stale on 2026-11-22T23:59:59Z\n"
            "  Until it is renewed, the certificates it speaks for are refused "
            "(revocation_stale)."},
           {{"/stale", text_of(stale)}});
  complain(R"(trust { name: "t" ca_file: "/ca" crl { file: @"/crl" max_age: "59m" } })",
           {"warning: /crl: the list of \"CN=Vendor CA\" went stale on 2026-11-22T23:59:00Z\n"
            "  Until it is renewed, the certificates it speaks for are refused "
            "(revocation_stale)."});
}

BOOST_AUTO_TEST_CASE(an_enrolment_trust_admits_to_no_operation) {
  complain(R"(trust { name: "t" ca_file: "/ca" revocation: NONE usage: ENROLMENT_ONLY }
              listener { name: "l" address: "192.0.2.9:1" protocol: HTTP trust: ["plant", @"t"] })",
           {"trust \"t\" is ENROLMENT_ONLY and cannot admit to operations\n"
            "  name a trust of devices in operation"});
}

BOOST_AUTO_TEST_CASE(a_trust_that_did_not_load_is_not_unknown_too) {
  complain(R"(@trust { name: "t" ca_file: "/ca" }
              listener { name: "l" address: "192.0.2.9:1" protocol: HTTP trust: "t" })",
           {"trust \"t\" does not say how revocation is known\n"
            "  write crl { file: \"trust/plant.crl\" }, or revocation: NONE if nothing is ever "
            "revoked there"});
}

BOOST_AUTO_TEST_CASE(a_certificate_comes_with_its_key) {
  const std::string listener(kListener);
  complain(listener + R"(@certificate { key_file: "/key" } })",
           {"certificate needs chain_file\n  write chain_file: \"tls/gateway.pem\""});
  complain(listener + R"(@certificate { chain_file: "/chain" } })",
           {"certificate needs key_file\n  write key_file: \"tls/gateway.key\""});
  complain(listener + R"(certificate { chain_file: @"/chain" key_file: @"key" } })",
           {"cannot read /chain: No such file or directory" + kRelative,
            "cannot read etc/policy.d/key: No such file or directory" + kRelative});
  complain(listener + R"(certificate { chain_file: "/ca" key_file: @"/key" } })",
           {"the key is not that of the first certificate of the chain\n"
            "  chain_file begins with the gateway's own certificate; key_file is its key"},
           {{"/key", Key::make().pem()}});
}

BOOST_AUTO_TEST_CASE(a_certificate_that_ran_out_is_a_warning) {
  const Issued old = issue(plant_authority().ca, {.not_after = kNow + Millis{-1000}});
  const std::map<std::string, std::string> files = {{"/chain", old.pem()}, {"/key", old.key.pem()}};
  complain(std::string(kListener) + R"(certificate { chain_file: @"/chain" key_file: "/key" } })",
           {"warning: the gateway's certificate expired at 2026-11-22T23:59:59.000Z\n"
            "  devices that check it will not connect: renew it"},
           files);
}

BOOST_AUTO_TEST_CASE(a_listener_shows_its_own_certificate_or_the_default) {
  const Issued own = issue(vendor_authority().ca, {.common_name = "own"});
  const Loaded loaded =
      load(std::string(kListener) + R"(certificate { chain_file: "/chain" key_file: "/key" } })",
           {{"/chain", own.pem()}, {"/key", own.key.pem()}});
  BOOST_REQUIRE(loaded.snapshot != nullptr);
  BOOST_TEST(loaded.snapshot->listener("l")->certificate.chain_pem == own.pem());
  BOOST_TEST(loaded.snapshot->listener("l")->certificate.key_file == "/key");
  const Certificate& other = loaded.snapshot->listener("telemetry")->certificate;
  BOOST_TEST(other.chain_file == "etc/tls/gateway.pem");
  BOOST_TEST(other.key_file == "etc/tls/gateway.key");
}

BOOST_AUTO_TEST_SUITE_END()
