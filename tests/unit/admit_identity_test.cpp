// Does each kind of name identify its device and nobody else's? Real certificates, with what is
// nearly the name in the inventory, or nearly the same name in the certificate.
#include <boost/test/unit_test.hpp>

#include "policy/admit.h"
#include "support/test_config.h"
#include "support/vectors.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

struct Row {
  std::string device, kind, identity;
  std::string trust = "plant";
};

// A plant with these rows, and a second trust "vendor" beside "plant".
std::shared_ptr<const Snapshot> plant_with(const std::vector<Row>& rows) {
  TestConfig config = plant_config();
  config.policy() = R"(
    function { name: "f" }
    trust { name: "vendor" ca_file: "/vendor" revocation: NONE })";
  config.files["/vendor"] = vendor_authority().ca.pem();
  config.inventory() = "device_id,function,identity_type,identity,trust\n";
  for (const Row& row : rows)
    config.inventory() +=
        row.device + ",f," + row.kind + ",\"" + row.identity + "\"," + row.trust + "\n";
  return snapshot_of(config);
}

// admitted returns "device by kind name", or the reason, for a leaf that both trusts may judge.
std::string admitted(const std::vector<Row>& rows, const Issued& leaf) {
  const auto snapshot = plant_with(rows);
  const Bytes chain[] = {leaf.bytes()};
  const Admission admission = admit(*snapshot, snapshot->trusts, chain, kNow);
  BOOST_TEST(admission.admitted() == (admission.device != nullptr));
  return admission.admitted() ? admission.device->id + " by " + admission.detail
                              : std::string(to_string(admission.reason));
}

Issued by_plant(const CertSpec& spec) { return issue(plant_authority().ca, spec); }
Issued by_vendor(const CertSpec& spec, const Key& key = Key::make()) {
  return issue(vendor_authority().ca, spec, key);
}

std::string spki_of(const Issued& leaf) {
  return to_hex(pki::read_certificate(leaf.bytes())->spki_sha256);
}

// One certificate of each kind, with the row that means it.
struct Example {
  std::string kind, identity;
  CertSpec spec;
};
const Example kExamples[] = {
    {"uri", "spiffe://plant.example/press/7", {.uris = {"spiffe://plant.example/press/7"}}},
    {"uri", "urn:plc17:vendor:server", {.uris = {"urn:plc17:vendor:server"}}},
    {"dns", "press-07.plant.example", {.dns = {"Press-07.Plant.Example"}}},
    {"serial", "PID:EG-100 SN:0017", {.subject = {{"serialNumber", "PID:EG-100 SN:0017"}}}},
    {"hwmodule",
     "1.3.6.1.4.1.4711.7:0012ab",
     {.hw_modules = {{"1.3.6.1.4.1.4711.7", {"\0\x12\xab", 3}}}}},
    {"cn", "Press 7", {.common_name = "Press 7"}}};

void is_unknown(const Example& near_miss) {
  BOOST_TEST_CONTEXT(near_miss.kind << " " << near_miss.identity) {
    BOOST_TEST(admitted({{"a", near_miss.kind, near_miss.identity}}, by_plant(near_miss.spec)) ==
               "unknown_device");
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admit_identity)

BOOST_AUTO_TEST_CASE(each_kind_means_its_device_under_its_own_trust_alone) {
  for (const auto& [kind, identity, spec] : kExamples) {
    BOOST_TEST_CONTEXT(kind << " " << identity) {
      const std::vector<Row> rows = {{"a", kind, identity}};
      BOOST_TEST(admitted(rows, by_plant(spec)) == "a by " + kind + " " + identity);
      BOOST_TEST(admitted(rows, by_vendor(spec)) == "unknown_device");
      BOOST_TEST(admitted({{"a", kind, identity}, {"b", kind, identity, "vendor"}},
                          by_vendor(spec)) == "b by " + kind + " " + identity);
      BOOST_TEST(admitted({}, by_plant(spec)) == "unknown_device");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_key_is_bound_to_its_trust_like_a_name) {
  const Key key = Key::make();
  const Issued ours = issue(plant_authority().ca, {}, key);
  const Issued theirs = by_vendor({}, key);
  BOOST_TEST(spki_of(ours) == spki_of(theirs));
  BOOST_TEST(admitted({{"a", "spki", spki_of(ours)}}, ours) == "a by spki " + spki_of(ours));
  BOOST_TEST(admitted({{"a", "spki", spki_of(ours)}}, theirs) == "unknown_device");
  BOOST_TEST(admitted({{"a", "spki", spki_of(ours)}}, by_plant({})) == "unknown_device");
}

BOOST_AUTO_TEST_CASE(each_kind_against_the_key_of_another_device_is_ambiguous) {
  for (const auto& [kind, identity, spec] : kExamples) {
    BOOST_TEST_CONTEXT(kind << " " << identity) {
      const Issued leaf = by_plant(spec);
      BOOST_TEST(admitted({{"a", kind, identity}, {"b", "spki", spki_of(leaf)}}, leaf) ==
                 "identity_ambiguous");
      BOOST_TEST(admitted({{"a", kind, identity}, {"a", "spki", spki_of(leaf)}}, leaf) ==
                 "a by spki " + spki_of(leaf));
    }
  }
}

BOOST_AUTO_TEST_CASE(two_names_of_one_kind_and_two_devices_are_ambiguous) {
  const auto both = [](const std::string& kind, const std::string& one, const std::string& two,
                       const CertSpec& spec) {
    BOOST_TEST(
        admitted({{"a", kind, one}, {"b", kind, two}}, by_plant(spec)) == "identity_ambiguous",
        kind);
    BOOST_TEST(admitted({{"b", kind, two}}, by_plant(spec)) == "b by " + kind + " " + two);
  };
  both("uri", "urn:a", "urn:b", {.uris = {"urn:a", "urn:b"}});
  both("dns", "a.plant", "b.plant", {.dns = {"a.plant", "b.plant"}});
  both("serial", "1", "2", {.subject = {{"serialNumber", "1"}, {"serialNumber", "2"}}});
  both("hwmodule", "1.2.3:61", "1.2.3:62", {.hw_modules = {{"1.2.3", "a"}, {"1.2.3", "b"}}});
  both("cn", "a", "b", {.common_name = "b", .subject = {{"CN", "a"}}});
}

BOOST_AUTO_TEST_CASE(spiffe_ids_count_alone_valid_and_letter_by_letter) {
  const std::string row = "spiffe://plant.example/press/7";
  for (const std::vector<std::string>& uris :
       std::initializer_list<std::vector<std::string>>{{"spiffe://plant.example/press/8"},
                                                       {"spiffe://plant.example/Press/7"},
                                                       {"spiffe://plant.example/press/7/"},
                                                       {"spiffe://plant.example/press"},
                                                       {"spiffe://plant.example/press/%37"},
                                                       {"spiffe://Plant.example/press/7"},
                                                       {"SPIFFE://plant.example/press/7"},
                                                       {"spiffe://plant.example:8443/press/7"},
                                                       {"spiffe://other.example/press/7"},
                                                       {"spiffe://plant.example./press/7"},
                                                       {row, "spiffe://plant.example/press/8"},
                                                       {row, row},
                                                       {row, "urn:plc17"}}) {
    is_unknown({"uri", row, {.uris = uris}});
  }
}

BOOST_AUTO_TEST_CASE(application_uris_of_opc_ua_count_letter_by_letter) {
  const std::string row = "urn:plc17:vendor:server";
  for (const char* uri :
       {"urn:PLC17:vendor:server", "URN:plc17:vendor:server", "urn:plc17:vendor:server/",
        "urn:plc17:vendor", "urn:plc17:vendor:serve%72"})
    is_unknown({"uri", row, {.uris = {uri}}});
  // Names of other kinds that read the same are others.
  is_unknown({"uri", row, {.common_name = row}});
  is_unknown({"uri", row, {.emails = {row}}});
}

BOOST_AUTO_TEST_CASE(dns_names_count_whole_and_without_case) {
  const std::string row = "press-07.plant.example";
  for (const char* name : {"press-07.plant.example.", "*.plant.example", "*.*.example", "*",
                           "plant.example", "press-07.plant", "a.press-07.plant.example",
                           "press-7.plant.example", "press_07.plant.example"})
    is_unknown({"dns", row, {.dns = {name}}});
  is_unknown({"dns", row, {.common_name = row}});
  is_unknown({"dns", row, {.emails = {"root@press-07.plant.example"}}});
  is_unknown({"dns", row, {.uris = {"https://press-07.plant.example"}}});
}

BOOST_AUTO_TEST_CASE(serial_numbers_keep_their_zeros_spaces_and_case) {
  const auto with = [](const std::string& serial) {
    return CertSpec{.subject = {{"serialNumber", serial}}};
  };
  is_unknown({"serial", "17", with("0017")});
  is_unknown({"serial", "0017", with("17")});
  is_unknown({"serial", "SN-0017", with("sn-0017")});
  is_unknown({"serial", "SN 0017", with("SN  0017")});
  is_unknown({"serial", "SN 0017", with("SN 0017 ")});
  // The number of the certificate itself is another number.
  is_unknown({"serial", "0017", {.serial = "0017"}});
  BOOST_TEST(admitted({{"a", "serial", "0017"}}, by_plant(with("0017"))) == "a by serial 0017");
}

BOOST_AUTO_TEST_CASE(hardware_modules_are_type_and_number_together) {
  const auto with = [](const std::string& type, const std::string& number) {
    return CertSpec{.hw_modules = {{type, number}}};
  };
  const std::string row = "1.3.6.1.4.1.4711.7:12ab";
  is_unknown({"hwmodule", row, with("1.3.6.1.4.1.4711.8", "\x12\xab")});
  is_unknown({"hwmodule", row, with("1.3.6.1.4.1.4711", "\x12\xab")});
  is_unknown({"hwmodule", row, with("1.3.6.1.4.1.4711.7", {"\0\x12\xab", 3})});
  is_unknown({"hwmodule", row, with("1.3.6.1.4.1.4711.7", "\x12")});
  is_unknown({"hwmodule", row, with("1.3.6.1.4.1.4711.7", "12ab")});
  // The same contents as a permanentIdentifier (1.3.6.1.5.5.7.8.3): another name.
  CertSpec other;
  other.extensions = {
      {"2.5.29.17", false, {0x30, 0x1f, 0xa0, 0x1d, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05,
                            0x07, 0x08, 0x03, 0xa0, 0x11, 0x30, 0x0f, 0x06, 0x09, 0x2b, 0x06,
                            0x01, 0x04, 0x01, 0xa4, 0x67, 0x07, 0x00, 0x04, 0x02, 0x12, 0xab}}};
  is_unknown({"hwmodule", row, other});
}

// RFC 6125, section 6.4.4: beside an alternative name, of whatever kind, a common name is no name.
BOOST_AUTO_TEST_CASE(a_common_name_counts_only_alone) {
  for (const CertSpec& spec :
       {CertSpec{.common_name = "Press 7", .dns = {"press-07.plant.example"}},
        CertSpec{.common_name = "Press 7", .dns = {"*.plant.example"}},
        CertSpec{.common_name = "Press 7", .uris = {"urn:x"}},
        CertSpec{.common_name = "Press 7", .emails = {"a@plant.example"}},
        CertSpec{.common_name = "Press 7", .hw_modules = {{"1.2.3", "x"}}}})
    is_unknown({"cn", "Press 7", spec});
  for (const char* name : {"press 7", "Press  7", "Press 7 ", " Press 7", "Press-7", "Press 70"})
    is_unknown({"cn", "Press 7", {.common_name = name}});
  is_unknown({"cn", "Press 7", {.common_name = "x", .subject = {{"O", "Press 7"}}}});
}

// The site engineer sees a row and a certificate with the same common name: the record says why
// not.
BOOST_AUTO_TEST_CASE(a_common_name_that_does_not_count_is_named_in_the_refusal) {
  const auto snapshot = plant_with({{"a", "cn", "Press 7"}});
  const auto detail_of = [&](const CertSpec& spec) {
    const Issued leaf = by_plant(spec);
    const Bytes chain[] = {leaf.bytes()};
    return admit(*snapshot, snapshot->trusts, chain, kNow).detail;
  };
  BOOST_TEST(
      detail_of({.common_name = "Press 7", .dns = {"p.plant"}}) ==
      "no row of the inventory for trust \"plant\" matches the certificate of \"CN=Press 7\"; "
      "its common name does not count beside a subject alternative name");
  BOOST_TEST(
      detail_of({.common_name = "Press 8", .dns = {"p.plant"}}) ==
      "no row of the inventory for trust \"plant\" matches the certificate of \"CN=Press 8\"");
}

BOOST_AUTO_TEST_CASE(a_certificate_without_a_subject_is_named_by_its_number) {
  const auto snapshot = plant_with({});
  const Issued leaf = by_plant({.common_name = "", .serial = "0a0b", .uris = {"spiffe://p/a"}});
  const Bytes chain[] = {leaf.bytes()};
  BOOST_TEST(admit(*snapshot, snapshot->trusts, chain, kNow).detail ==
             "no row of the inventory for trust \"plant\" matches the certificate of "
             "\"serial 0a0b\"");
}

// IEEE 802.1AR, 8.6: the certificate of the vendor, whose end is the end of time.
BOOST_AUTO_TEST_CASE(an_idevid_is_known_by_its_serial_number_and_by_its_module) {
  const auto idevid =
      pki::read_certificate(pki::pem_certificates(vector_file("x509/idevid.pem"))->front());
  BOOST_TEST_REQUIRE(idevid.has_value());
  BOOST_TEST((idevid->not_after == kDistantFuture));
  for (const auto& [kind, identity] :
       {std::pair{"serial", "PID:EG-100 SN:0017"},
        {"hwmodule", "1.3.6.1.4.1.32473.1.7:53455249414c2d30303137"}}) {
    const auto snapshot = plant_with({{"a", kind, identity, "vendor"}});
    const Identified found = identify(*snapshot, "vendor", *idevid);
    BOOST_TEST_REQUIRE(found.device != nullptr);
    BOOST_TEST(found.device->id == "a");
    BOOST_TEST(identify(*snapshot, "plant", *idevid).device == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(a_certificate_that_never_ends_is_admitted_and_one_beyond_enrolment_is_not) {
  CertSpec spec{.common_name = "", .subject = {{"serialNumber", "SN-0017"}}};
  spec.not_after = WallTime{kDistantFuture.ms / 1000 * 1000};
  BOOST_TEST(admitted({{"a", "serial", "SN-0017"}}, by_plant(spec)) == "a by serial SN-0017");
  spec.extended_key_usage = {};
  BOOST_TEST(admitted({{"a", "serial", "SN-0017"}}, by_plant(spec)) == "certificate_purpose");
}

BOOST_AUTO_TEST_SUITE_END()
