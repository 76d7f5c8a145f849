// Do names that identify devices come out exactly, and ambiguous ones not at all?
#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "base/text.h"
#include "pki/certificate.h"
#include "support/test_pki.h"

using namespace interlock;
using namespace interlock::pki;
using namespace interlock::test;
using namespace std::string_literals;

namespace {

Result<Certificate> read_made(const CertSpec& spec) {
  return read_certificate(self_signed(spec).der);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pki_names)

BOOST_AUTO_TEST_CASE(names_are_escaped_as_rfc_4514_says) {
  CertSpec spec;
  spec.common_name = "a,b+c\"d\\e<f>g;h=i";
  BOOST_TEST(read_made(spec)->subject == "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h=i");
  spec.common_name = "#x ";
  BOOST_TEST(read_made(spec)->subject == "CN=\\#x\\ ");
  spec.common_name = "pr\xc3\xa4zise";
  BOOST_TEST(read_made(spec)->subject == "CN=pr\xc3\xa4zise");
  spec.common_name = "a\nb";
  BOOST_TEST(read_made(spec)->subject == "CN=a\\0Ab");
  spec.common_name = "x";
  spec.subject = {{"O", "Plant"}, {"serialNumber", "4711"}};
  BOOST_TEST(read_made(spec)->subject == "CN=x,serialNumber=4711,O=Plant");
}

BOOST_AUTO_TEST_CASE(every_common_name_and_serial_number_is_listed) {
  CertSpec spec;
  spec.common_name = "second";
  spec.subject = {{"CN", "first"}, {"serialNumber", "1"}, {"serialNumber", "2"}};
  const Certificate read = *read_made(spec);
  BOOST_TEST((read.names.common_names == std::vector{"first"s, "second"s}));
  BOOST_TEST((read.names.serial_numbers == std::vector{"1"s, "2"s}));
}

BOOST_AUTO_TEST_CASE(a_nul_in_any_name_is_refused) {
  CertSpec spec;
  spec.common_name = "press\0.evil"s;
  BOOST_TEST(!read_made(spec).has_value());
  spec = {};
  spec.subject = {{"O", "Plant\0"s}};
  BOOST_TEST(!read_made(spec).has_value());
  spec = {};
  spec.dns = {"press\0.evil"s};
  BOOST_TEST(!read_made(spec).has_value());
  spec.dns = {};
  spec.uris = {"urn:x\0"s};
  BOOST_TEST(!read_made(spec).has_value());
  spec.uris = {};
  spec.emails = {"a@b\0"s};
  BOOST_TEST(!read_made(spec).has_value());
  // The issuer's name counts too.
  CertSpec ca = ca_spec("ca\0"s);
  BOOST_TEST(!read_certificate(issue(self_signed(ca), {}).der).has_value());
}

BOOST_AUTO_TEST_CASE(a_name_that_is_no_utf8_is_refused) {
  const Der good = self_signed({}).der;
  Der broken = good;
  // The test PKI refuses to write it, so the good name is patched.
  const auto at = std::search(broken.begin(), broken.end(), as_bytes("device").begin(),
                              as_bytes("device").end());
  BOOST_REQUIRE((at != broken.end()));
  *at = 0xff;
  BOOST_TEST(read_certificate(good).has_value());
  BOOST_TEST(!read_certificate(broken).has_value());
}

BOOST_AUTO_TEST_CASE(host_names_are_lower_case_and_others_never_identify) {
  CertSpec spec;
  spec.dns = {"Press-07.Plant.Example",
              "plc_7",
              "*.plant.example",
              "plant.example.",
              "",
              "a..b",
              "-a",
              "a-",
              "10.0.0.7",
              "a b",
              std::string(64, 'a'),
              std::string(63, 'a')};
  BOOST_TEST((read_made(spec)->names.dns ==
              std::vector{"press-07.plant.example"s, "plc_7"s, std::string(63, 'a')}));
  std::string longest;
  for (int i = 0; i < 126; ++i) longest += "a.";
  spec.dns = {longest + 'b', longest + "bb"};  // 253 and 254 octets.
  BOOST_TEST((read_made(spec)->names.dns == std::vector{longest + 'b'}));
}

BOOST_AUTO_TEST_CASE(uris_are_kept_as_written) {
  CertSpec spec;
  spec.uris = {"urn:plc17:Vendor:My Server"};
  const Certificate read = *read_made(spec);
  BOOST_TEST(read.spiffe_id == "");
  BOOST_TEST(has_uri(read, "urn:plc17:Vendor:My Server"));
  BOOST_TEST(!has_uri(read, "urn:plc17:vendor:my server"));
  BOOST_TEST(!has_uri(read, ""));
  spec.uris = {"urn:\xff"};
  BOOST_TEST(!read_made(spec).has_value());
}

BOOST_AUTO_TEST_CASE(a_spiffe_id_counts_only_alone_and_valid) {
  CertSpec spec;
  spec.uris = {"spiffe://plant.example/plc/17"};
  BOOST_TEST(read_made(spec)->spiffe_id == spec.uris[0]);
  BOOST_TEST(has_uri(*read_made(spec), spec.uris[0]));
  spec.uris.push_back("urn:other");
  BOOST_TEST(read_made(spec)->spiffe_id == "");
  BOOST_TEST(!has_uri(*read_made(spec), "spiffe://plant.example/plc/17"));
  BOOST_TEST(has_uri(*read_made(spec), "urn:other"));
  spec.uris = {"SPIFFE://plant.example/plc/17"};
  BOOST_TEST(!has_uri(*read_made(spec), spec.uris[0]));
}

BOOST_AUTO_TEST_CASE(spiffe_ids_follow_section_2) {
  const std::string domain(255, 'a');
  for (const std::string& good :
       {"spiffe://plant.example"s, "spiffe://plant.example/a"s, "spiffe://a-b_c.0/A.b_c-D/..."s,
        "spiffe://" + domain, "spiffe://a/" + std::string(2048 - 11, 'b')}) {
    BOOST_TEST(valid_spiffe_id(good), good);
  }
  for (const std::string& bad : {""s,
                                 "spiffe:"s,
                                 "spiffe://"s,
                                 "spiffe:///a"s,
                                 "http://plant.example/a"s,
                                 "spiffe://Plant.example/a"s,
                                 "SPIFFE://plant.example/a"s,
                                 "spiffe://plant.example:80/a"s,
                                 "spiffe://u@plant.example/a"s,
                                 "spiffe://plant.example/a?q"s,
                                 "spiffe://plant.example/a#f"s,
                                 "spiffe://plant.example/a%2eb"s,
                                 "spiffe://plant%2eexample/a"s,
                                 "spiffe://plant.example/"s,
                                 "spiffe://plant.example/a/"s,
                                 "spiffe://plant.example//a"s,
                                 "spiffe://plant.example/./a"s,
                                 "spiffe://plant.example/a/.."s,
                                 "spiffe://plant.example/a b"s,
                                 "spiffe://plant.example/\xc3\xa4"s,
                                 "spiffe://" + domain + "a",
                                 "spiffe://a/" + std::string(2048 - 10, 'b')}) {
    BOOST_TEST(!valid_spiffe_id(bad), bad);
  }
}

BOOST_AUTO_TEST_CASE(hardware_module_names_are_type_and_serial) {
  CertSpec spec;
  spec.hw_modules = {{"2.23.133.1.2", "\x01\xab"}};
  BOOST_TEST((read_made(spec)->names.hw_modules == std::vector{"2.23.133.1.2:01ab"s}));
  // A value that is no HardwareModuleName: [0] { OID, [0] { NULL } }.
  spec.hw_modules = {};
  spec.extensions = {{"2.5.29.17",
                      false,
                      {0x30, 0x10, 0xa0, 0x0e, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08,
                       0x04, 0xa0, 0x02, 0x05, 0x00}}};
  const auto damaged = read_made(spec);
  BOOST_REQUIRE(!damaged.has_value());
  BOOST_TEST(std::string_view(damaged.error().what) == "a hardwareModuleName is damaged");
}

BOOST_AUTO_TEST_CASE(names_in_sentences_are_cut_between_characters) {
  CertSpec spec;
  spec.common_name = "";
  spec.serial = "0a0b";
  spec.dns = {"x"};
  BOOST_TEST(quoted_subject(*read_made(spec)) == "\"serial 0a0b\"");
  std::string name(limits::kNameInSentenceBytesMax, 'a');
  BOOST_TEST(quoted(name) == '"' + name + '"');
  name.back() = '\xc3';
  name += '\xa4';
  BOOST_TEST(quoted(name) == '"' + name.substr(0, limits::kNameInSentenceBytesMax - 1) + "...\"");
  BOOST_TEST(is_utf8(quoted(name)));
}

BOOST_AUTO_TEST_SUITE_END()
