// Is a certificate the device that the inventory says, by every kind of name, each bound to its
// trust, and nobody's where that is in doubt? And does a verdict end when anything it rests on may
// change?
#include "policy/admit.h"

#include <boost/test/unit_test.hpp>

#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

// Admitted keeps what the device of an admission belongs to.
struct Admitted : Admission {
  std::shared_ptr<const Snapshot> snapshot;
};

// A plant with three trusts: "plant"; "twin", with the same authority; "vendor", with another one.
class Plant {
 public:
  Plant() {
    config_.policy() = R"(
      function { name: "f" }
      trust { name: "twin" ca_file: "/twin" revocation: NONE }
      trust { name: "vendor" ca_file: "/vendor" crl { file: "/vendor.crl" } })";
    config_.files["/twin"] = plant_authority().ca.pem();
    config_.files["/vendor"] = vendor_authority().ca.pem();
    config_.files["/vendor.crl"] = vendor_authority().crl_pem;
    config_.inventory() = "device_id,function,identity_type,identity,trust\n";
  }

  Plant& row(std::string_view device, std::string_view kind, std::string_view identity,
             std::string_view trust = "plant") {
    for (const std::string_view cell : {device, std::string_view("f"), kind, identity})
      config_.inventory() += std::string(cell) + ",";
    config_.inventory() += std::string(trust) + "\n";
    return *this;
  }
  Plant& file(const std::string& path, const std::string& text) {
    config_.files[path] = text;
    return *this;
  }

  // admit judges the leaf alone, with the trusts in the order of their names.
  Admitted admit(const Issued& leaf, const std::vector<std::string>& trusts = {"plant"},
                 WallTime now = kNow) {
    const auto snapshot = snapshot_of(config_);
    std::vector<std::shared_ptr<const pki::Trust>> chosen;
    for (const std::string& name : trusts) {
      for (const auto& trust : snapshot->trusts) {
        if (trust->name() == name) chosen.push_back(trust);
      }
    }
    BOOST_REQUIRE(chosen.size() == trusts.size());
    const Bytes chain[] = {leaf.bytes()};
    return {policy::admit(*snapshot, chosen, chain, now), snapshot};
  }

 private:
  TestConfig config_ = plant_config();
};

Issued issued(const CertSpec& spec, const Authority& by = plant_authority()) {
  return issue(by.ca, spec);
}

// A certificate with a name of every kind.
const CertSpec kPress = {.common_name = "Press 7",
                         .subject = {{"serialNumber", "SN-7"}},
                         .dns = {"Press-07.Plant.Example"},
                         .uris = {"spiffe://plant/press-07"},
                         .hw_modules = {{"1.3.6.1.4.1.99999.1", "\x12\xab"}}};

void is_device(const Admission& admission, std::string_view device, std::string_view detail,
               std::string_view trust = "plant") {
  BOOST_TEST(to_string(admission.reason) == "none");
  BOOST_TEST(admission.admitted());
  BOOST_REQUIRE(admission.device != nullptr);
  BOOST_TEST(admission.device->id == device);
  BOOST_TEST(admission.detail == detail);
  BOOST_TEST(admission.facts->trust == trust);
}

void is_refused(const Admission& admission, Reason reason, std::string_view detail,
                std::string_view trust = "plant") {
  BOOST_TEST(to_string(admission.reason) == to_string(reason));
  BOOST_TEST(!admission.admitted());
  BOOST_TEST(admission.device == nullptr);
  BOOST_TEST(admission.detail.find(detail) != std::string::npos, admission.detail);
  BOOST_TEST(!admission.detail.empty());
  BOOST_TEST(admission.facts->trust == trust);
  BOOST_TEST(!still_admitted(admission, kNow));
}

std::string spki_of(const Issued& leaf) {
  return to_hex(pki::read_certificate(leaf.bytes())->spki_sha256);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admit_device)

BOOST_AUTO_TEST_CASE(a_device_is_known_by_each_kind_of_identity) {
  const Issued leaf = issued(kPress);
  const std::pair<std::string, std::string> names[] = {{"spki", spki_of(leaf)},
                                                       {"uri", "spiffe://plant/press-07"},
                                                       {"dns", "press-07.plant.example"},
                                                       {"serial", "SN-7"},
                                                       {"hwmodule", "1.3.6.1.4.1.99999.1:12ab"},
                                                       {"cn", "Press 7"}};
  BOOST_TEST(std::size(names) == kIdentityKinds.size());
  for (const auto& [kind, name] : names) {
    BOOST_TEST_CONTEXT(kind) {
      // A common name counts only where there is no other name.
      const Issued one = kind == "cn" ? issued({.common_name = "Press 7"}) : leaf;
      const Admitted admission = Plant().row("press-07", kind, name).admit(one);
      is_device(admission, "press-07", kind + " " + name);
      BOOST_TEST(admission.facts->leaf->fingerprint == pki::sha256(one.der));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_name_counts_as_the_kind_it_is_and_letter_by_letter) {
  const Issued leaf = issued(kPress);
  const std::pair<std::string, std::string> others[] = {{"spki", std::string(64, 'a')},
                                                        {"uri", "spiffe://plant/press-7"},
                                                        {"uri", "spiffe://plant"},
                                                        {"dns", "plant.example"},
                                                        {"dns", "press-07.plant"},
                                                        {"serial", "Press 7"},
                                                        {"serial", "sn-7"},
                                                        {"hwmodule", "1.3.6.1.4.1.99999.1:12"},
                                                        {"hwmodule", "1.3.6.1.4.1.99999.2:12ab"}};
  for (const auto& [kind, name] : others) {
    BOOST_TEST_CONTEXT(kind << " " << name) {
      is_refused(Plant().row("press-07", kind, name).admit(leaf), Reason::unknown_device,
                 "no row of the inventory for trust \"plant\" matches the certificate of ");
    }
  }
}

BOOST_AUTO_TEST_CASE(several_names_may_all_mean_one_device) {
  Plant plant;
  plant.row("press-07", "serial", "SN-7").row("press-07", "dns", "press-07.plant.example");
  is_device(plant.admit(issued(kPress)), "press-07", "dns press-07.plant.example");
}

BOOST_AUTO_TEST_CASE(names_of_two_devices_are_nobodys) {
  Plant plant;
  plant.row("press-07", "serial", "SN-7").row("press-08", "dns", "press-07.plant.example");
  is_refused(plant.admit(issued(kPress)), Reason::identity_ambiguous,
             "the certificate matches device \"press-08\" and device \"press-07\"");
}

BOOST_AUTO_TEST_CASE(a_certificate_without_a_row_is_unknown) {
  is_refused(
      Plant().admit(issued({.common_name = "stranger"})), Reason::unknown_device,
      "no row of the inventory for trust \"plant\" matches the certificate of \"CN=stranger\"");
}

BOOST_AUTO_TEST_CASE(an_identity_is_bound_to_its_trust) {
  const Issued leaf = issued({.common_name = "x"}),
               foreign = issued({.common_name = "x"}, vendor_authority());
  const std::vector<std::string> both = {"plant", "vendor"};
  Plant plant;
  plant.row("a", "cn", "x", "plant");
  is_device(plant.admit(leaf, both), "a", "cn x");
  is_refused(plant.admit(foreign, both), Reason::unknown_device, "for trust \"vendor\"", "vendor");
  plant.row("b", "cn", "x", "vendor");
  is_device(plant.admit(leaf, both), "a", "cn x");
  is_device(plant.admit(foreign, both), "b", "cn x", "vendor");
}

// A listener says whose devices may connect: the inventory alone does not widen it.
BOOST_AUTO_TEST_CASE(a_trust_that_the_listener_does_not_name_does_not_count) {
  Plant plant;
  plant.row("b", "cn", "x", "vendor");
  const Issued foreign = issued({.common_name = "x"}, vendor_authority());
  is_refused(plant.admit(foreign), Reason::untrusted_chain, "trust plant has no authority");
  is_refused(plant.admit(issued({.common_name = "x"})), Reason::unknown_device, "trust \"plant\"");
}

BOOST_AUTO_TEST_CASE(a_chain_that_two_trusts_accept_means_one_device_in_both) {
  const Issued leaf = issued(kPress);
  const std::vector<std::string> both = {"plant", "twin"};
  Plant one_knows;
  one_knows.row("a", "dns", "press-07.plant.example", "twin");
  is_device(one_knows.admit(leaf, both), "a", "dns press-07.plant.example", "twin");
  Plant same;
  same.row("a", "dns", "press-07.plant.example", "plant").row("a", "serial", "SN-7", "twin");
  is_device(same.admit(leaf, both), "a", "dns press-07.plant.example");
  Plant two;
  two.row("a", "dns", "press-07.plant.example", "plant")
      .row("b", "dns", "press-07.plant.example", "twin");
  is_refused(two.admit(leaf, both), Reason::identity_ambiguous, "device \"a\" and device \"b\"");
}

BOOST_AUTO_TEST_CASE(names_of_two_devices_in_the_second_trust_are_nobodys_there) {
  Plant plant;
  plant.row("a", "dns", "press-07.plant.example", "twin").row("b", "serial", "SN-7", "twin");
  is_refused(plant.admit(issued(kPress), {"plant", "twin"}), Reason::identity_ambiguous,
             "device \"a\" and device \"b\"", "twin");
  plant.row("a", "dns", "press-07.plant.example", "plant");
  is_refused(plant.admit(issued(kPress), {"plant", "twin"}), Reason::identity_ambiguous,
             "device \"a\" and device \"b\"", "twin");
}

BOOST_AUTO_TEST_CASE(several_spiffe_ids_are_none) {
  Plant plant;
  plant.row("a", "uri", "spiffe://plant/a").row("b", "uri", "urn:b");
  const auto with = [](std::vector<std::string> uris) {
    return issued({.common_name = "x", .uris = std::move(uris)});
  };
  is_device(plant.admit(with({"spiffe://plant/a"})), "a", "uri spiffe://plant/a");
  is_refused(plant.admit(with({"spiffe://plant/a", "spiffe://plant/b"})), Reason::unknown_device,
             "CN=x");
  is_refused(plant.admit(with({"spiffe://plant/a", "SPIFFE://plant/b"})), Reason::unknown_device,
             "CN=x");
  // X509-SVID, section 2: any second URI makes it invalid. The other one is an ordinary name.
  is_refused(plant.admit(with({"spiffe://plant/a", "urn:c"})), Reason::unknown_device, "CN=x");
  is_device(plant.admit(with({"spiffe://plant/a", "urn:b"})), "b", "uri urn:b");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_chain_is_passed_on) {
  Plant plant;
  plant.row("a", "cn", "device");
  const auto refuse = [&](const CertSpec& spec, Reason reason, std::string_view detail) {
    is_refused(plant.admit(issued(spec)), reason, detail);
  };
  refuse({.not_after = kNow + Millis{-1000}}, Reason::certificate_expired, "expired on");
  refuse({.not_before = kNow + kHour}, Reason::certificate_not_yet_valid, "is valid from");
  refuse({.extended_key_usage = {"1.3.6.1.5.5.7.3.1"}}, Reason::certificate_purpose, "clientAuth");
  refuse({.hash = SignHash::kSha1}, Reason::weak_key, "SHA-1");
  is_refused(plant.admit(self_signed({})), Reason::untrusted_chain, "self-signed");
  const Issued revoked = issued({});
  plant.file("etc/trust/plant.crl",
             text_of(make_crl(plant_authority().ca, {.entries = {{serial_of(revoked), {}, {}}}})));
  is_refused(plant.admit(revoked), Reason::certificate_revoked, "was revoked by");
  is_device(plant.admit(issued({})), "a", "cn device");
  is_refused(plant.admit(issued({}), {"plant"}, kNow + kDay + Millis{1}), Reason::revocation_stale,
             "counted until");
}

BOOST_AUTO_TEST_CASE(of_several_refusals_the_one_that_knows_the_chain_is_told) {
  Plant plant;
  const Issued expired = issued({.not_after = kNow + Millis{-1000}});
  is_refused(plant.admit(expired, {"plant", "vendor"}), Reason::certificate_expired, "expired");
  is_refused(plant.admit(expired, {"vendor", "plant"}), Reason::certificate_expired, "expired");
  const Issued stranger = self_signed({});
  is_refused(plant.admit(stranger, {"vendor", "plant"}), Reason::untrusted_chain, "self-signed",
             "vendor");
  is_refused(plant.admit(expired, {"twin", "plant"}), Reason::certificate_expired, "expired",
             "twin");
}

BOOST_AUTO_TEST_CASE(without_a_trust_or_a_certificate_nobody_is_admitted) {
  is_refused(Plant().admit(issued({}), {}), Reason::untrusted_chain, "the listener names no trust",
             "");
  const auto snapshot = snapshot_of(plant_config());
  is_refused(policy::admit(*snapshot, snapshot->trusts, {}, kNow), Reason::untrusted_chain,
             "the chain is empty");
}

BOOST_AUTO_TEST_CASE(an_admission_holds_up_to_and_including_its_last_moment) {
  Plant plant;
  plant.row("a", "cn", "device");
  const Admitted admission = plant.admit(issued({}));
  const WallTime last = kNow + kDay;  // The end of the revocation list.
  BOOST_TEST((admission.valid_until == last));
  BOOST_TEST(still_admitted(admission, kNow));
  BOOST_TEST(still_admitted(admission, last));
  BOOST_TEST(!still_admitted(admission, last + Millis{1}));
  is_device(plant.admit(issued({}), {"plant"}, last), "a", "cn device");
  BOOST_TEST(!plant.admit(issued({}), {"plant"}, last + Millis{1}).admitted());
}

// The twin's authority begins to be valid in an hour; from then on it has a say in who this is.
BOOST_AUTO_TEST_CASE(an_admission_ends_when_another_trust_may_judge_otherwise) {
  CertSpec later = ca_spec("Plant CA");
  later.not_before = kNow + kHour;
  Plant plant;
  plant.file("/twin", self_signed(later, plant_authority().ca.key).pem());
  plant.row("a", "cn", "device", "plant").row("b", "cn", "device", "twin");
  const Issued leaf = issued({});
  for (const std::vector<std::string>& trusts :
       {std::vector<std::string>{"plant", "twin"}, std::vector<std::string>{"twin", "plant"}}) {
    const Admitted admission = plant.admit(leaf, trusts);
    is_device(admission, "a", "cn device");
    BOOST_TEST(!still_admitted(admission, later.not_before));
    BOOST_TEST(plant.admit(leaf, trusts, later.not_before + Millis{-1}).admitted());
    BOOST_TEST(to_string(plant.admit(leaf, trusts, later.not_before).reason) ==
               "identity_ambiguous");
  }
}

BOOST_AUTO_TEST_CASE(the_life_of_a_certificate_is_from_its_first_to_its_last_moment) {
  Plant plant;
  plant.row("a", "cn", "device");
  BOOST_TEST((plant.admit(issued({})).certificate_lifetime() == Millis{31 * kDay.ms}));
  BOOST_TEST((Admission{}.certificate_lifetime() == Millis{0}));
}

BOOST_AUTO_TEST_SUITE_END()
