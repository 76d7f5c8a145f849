// Is the right path found, proved by BoringSSL, and nothing else believed?
#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "pki/verify.h"
#include "support/test_pki.h"
#include "unit/pki_support.h"

using namespace interlock;
using namespace interlock::pki;
using namespace interlock::test;

BOOST_AUTO_TEST_SUITE(pki_path)

BOOST_AUTO_TEST_CASE(strangers_are_refused_with_the_missing_issuer) {
  const Plant plant;
  const Issued other = self_signed(ca_spec("Other CA"));
  check({issue(other, {}).der}, plant.trust, Reason::untrusted_chain,
        "no authority \"CN=Other CA\" that signed \"CN=device\"");
  check({issue(other, {}).der, other.der}, plant.trust, Reason::untrusted_chain,
        "\"CN=Other CA\" is self-signed");
  check({self_signed({}).der}, plant.trust, Reason::untrusted_chain, "self-signed");
  // The right name, the wrong key.
  const Issued twin = self_signed(ca_spec("Root CA"));
  check({issue(twin, {}).der}, plant.trust, Reason::untrusted_chain);
  check({issue(twin, {}).der, twin.der}, plant.trust, Reason::untrusted_chain);
  CertSpec without_ids;
  without_ids.key_ids = false;
  check({issue(twin, without_ids).der}, plant.trust, Reason::untrusted_chain, "signature");
}

BOOST_AUTO_TEST_CASE(a_changed_certificate_is_refused) {
  const Plant plant;
  Der der = plant.leaf().der;
  const auto at =
      std::search(der.begin(), der.end(), as_bytes("device").begin(), as_bytes("device").end());
  BOOST_REQUIRE((at != der.end()));
  *at = 'D';
  check({der}, plant.trust, Reason::untrusted_chain, "signature");
}

BOOST_AUTO_TEST_CASE(a_device_cannot_issue) {
  const Plant plant;
  CertSpec spec;
  spec.common_name = "Issuing CA";
  spec.key_usage = {0, 5};
  const Issued device = issue(plant.root, spec);  // Not a CA.
  check({issue(device, {}).der, device.der}, unrevoked_trust_of({plant.root}),
        Reason::untrusted_chain, "\"CN=Issuing CA\": ");
  CertSpec no_sign = ca_spec("No sign");
  no_sign.key_usage = {6};
  const Issued mute = issue(plant.root, no_sign);
  check({issue(mute, {}).der, mute.der}, unrevoked_trust_of({plant.root}), Reason::untrusted_chain);
}

BOOST_AUTO_TEST_CASE(path_length_is_enforced) {
  CertSpec ca = ca_spec("Root CA");
  ca.path_len = 0;
  const Issued root = self_signed(ca);
  const auto trust = unrevoked_trust_of({root});
  check({issue(root, {}).der}, trust, Reason::kNone);
  const Issued below = issue(root, ca_spec("Below"));
  check({issue(below, {}).der, below.der}, trust, Reason::untrusted_chain,
        "\"CN=Root CA\": path length");
  // The same for an intermediate, where the authority above permits more.
  const Issued free_root = self_signed(ca_spec("Free CA"));
  ca.common_name = "Last CA";
  const Issued last = issue(free_root, ca);
  check({issue(last, {}).der, last.der}, unrevoked_trust_of({free_root}), Reason::kNone);
  const Issued beyond = issue(last, ca_spec("Beyond"));
  check({issue(beyond, {}).der, beyond.der, last.der}, unrevoked_trust_of({free_root}),
        Reason::untrusted_chain, "\"CN=Last CA\": path length");
}

BOOST_AUTO_TEST_CASE(name_constraints_are_enforced) {
  CertSpec ca = ca_spec("Root CA");
  // NameConstraints { permittedSubtrees { dNSName "plant.example" } }
  const std::string host = "plant.example";
  Der value{0x30, 19, 0xa0, 17, 0x30, 15, 0x82, 13};
  value.insert(value.end(), host.begin(), host.end());
  ca.extensions = {{"2.5.29.30", true, value}};
  const Issued root = self_signed(ca);
  const auto trust = unrevoked_trust_of({root});
  CertSpec spec;
  spec.dns = {"press.plant.example"};
  check({issue(root, spec).der}, trust, Reason::kNone);
  spec.dns = {"press.other.example"};
  check({issue(root, spec).der}, trust, Reason::untrusted_chain);
}

BOOST_AUTO_TEST_CASE(unknown_critical_extensions_are_refused_and_others_are_not) {
  const Plant plant;
  CertSpec spec;
  spec.extensions = {{"1.2.3.4", false, {5, 0}}};
  check({plant.leaf(spec).der}, plant.trust, Reason::kNone);
  spec.extensions[0].critical = true;
  check({plant.leaf(spec).der}, plant.trust, Reason::untrusted_chain, "critical");
  CertSpec ca = ca_spec("Critical CA");
  ca.extensions = spec.extensions;
  const Issued critical = issue(plant.root, ca);
  check({issue(critical, {}).der, critical.der}, plant.trust, Reason::untrusted_chain, "critical");
}

BOOST_AUTO_TEST_CASE(all_path_problems_are_collected) {
  const Plant plant;
  CertSpec spec;
  spec.extensions = {{"1.2.3.4", true, {5, 0}}};
  Der der = plant.leaf(spec).der;
  der.back() ^= 1;
  const ChainFacts facts = inspect(views_of({der}), *plant.trust, kNow);
  BOOST_TEST(facts.path_problems.size() == 2);
  BOOST_TEST(facts.leaf.has_value());
}

BOOST_AUTO_TEST_CASE(chains_that_cannot_be_read_are_refused) {
  const Plant plant;
  check({}, plant.trust, Reason::untrusted_chain, "the chain is empty");
  check({Der{}}, plant.trust, Reason::untrusted_chain, "certificate 1 of the chain cannot be read");
  check({plant.leaf().der, Der{0x30, 0}}, plant.trust, Reason::untrusted_chain,
        "certificate 2 of the chain cannot be read");
  check({Der(limits::kCertificateBytesMax + 1)}, plant.trust, Reason::untrusted_chain, "too large");
  BOOST_TEST(!inspect(views_of({Der{}}), *plant.trust, kNow).leaf.has_value());
}

BOOST_AUTO_TEST_CASE(chains_of_the_greatest_length_are_good_and_longer_ones_not) {
  const Issued root = self_signed(ca_spec("Root CA"));
  const auto trust = unrevoked_trust_of({root});
  std::vector<Issued> authorities{root};
  Chain chain;
  for (std::size_t i = 1; i < limits::kChainCertificatesMax; ++i) {
    authorities.push_back(issue(authorities.back(), ca_spec("CA " + std::to_string(i))));
    chain.insert(chain.begin(), authorities.back().der);
  }
  chain.insert(chain.begin(), issue(authorities.back(), {}).der);
  BOOST_REQUIRE(chain.size() == limits::kChainCertificatesMax);
  check(chain, trust, Reason::kNone);
  chain.push_back(root.der);
  check(chain, trust, Reason::untrusted_chain, "11 certificates; 10 is the limit");
  // A path that goes on through the trust's own intermediates is as long as it may be, too.
  chain.pop_back();
  chain.pop_back();
  const Issued more = issue(authorities[1], ca_spec("More"));
  check(chain, unrevoked_trust_of({root, authorities[1], more}), Reason::kNone);
}

BOOST_AUTO_TEST_CASE(authorities_of_one_name_are_told_apart_by_their_keys) {
  // Without key identifiers, so that nothing but the signature can tell.
  CertSpec ca = ca_spec("Plant CA");
  ca.key_ids = false;
  CertSpec spec;
  spec.key_ids = false;
  spec.serial = "77";
  const Issued first = self_signed(ca), second = self_signed(ca);
  for (const auto& order : {std::vector{first, second}, std::vector{second, first}}) {
    const auto trust = unrevoked_trust_of(order);
    check({issue(first, spec).der}, trust, Reason::kNone);
    check({issue(second, spec).der}, trust, Reason::kNone);
    check({issue(self_signed(ca), spec).der}, trust, Reason::untrusted_chain);
  }
  TrustSource source{.name = "plant", .ca_file = "ca.pem", .ca_pem = first.pem() + second.pem()};
  CrlSpec revokes;
  revokes.entries = {{"77", {}, {}}};
  source.crls = {{"first.crl", text_of(make_crl(first, revokes)), {}},
                 {"second.crl", text_of(make_crl(second)), {}}};
  const auto trust = load(source);
  check({issue(first, spec).der}, trust, Reason::certificate_revoked);
  check({issue(second, spec).der}, trust, Reason::kNone);
}

BOOST_AUTO_TEST_CASE(a_renewed_authority_stands_in_for_the_expired_one) {
  const Key key = Key::make();
  CertSpec ca = ca_spec("Plant CA");
  const Issued renewed = self_signed(ca, key);
  ca.not_after = kNow + Millis{-1000};
  const Issued expired = self_signed(ca, key);
  for (const auto& order : {std::vector{expired, renewed}, std::vector{renewed, expired}}) {
    check({issue(expired, {}).der}, unrevoked_trust_of(order), Reason::kNone);
  }
  check({issue(renewed, {}).der}, unrevoked_trust_of({expired}), Reason::certificate_expired);
}

BOOST_AUTO_TEST_CASE(a_cross_signed_authority_leads_to_the_anchor_that_is_trusted) {
  const Issued old_root = self_signed(ca_spec("Old Root")),
               new_root = self_signed(ca_spec("New Root"));
  const Key key = Key::make();
  const Issued by_old = issue(old_root, ca_spec("Issuing CA"), key);
  const Issued by_new = issue(new_root, ca_spec("Issuing CA"), key);
  const Issued leaf = issue(by_old, {});
  for (const Issued& root : {old_root, new_root}) {
    check({leaf.der, by_old.der, by_new.der}, unrevoked_trust_of({root}), Reason::kNone);
    check({leaf.der, by_new.der, by_old.der}, unrevoked_trust_of({root}), Reason::kNone);
  }
  check({leaf.der, by_old.der}, unrevoked_trust_of({new_root}), Reason::untrusted_chain);
}

BOOST_AUTO_TEST_CASE(a_search_that_branches_ends) {
  // Ten certificates of one name and key: every one could have issued every other.
  const Issued stranger = self_signed(ca_spec("Other CA"));
  const Key key = Key::make();
  Issued twin = issue(stranger, ca_spec("Twin CA"), key);
  Chain chain{issue(twin, {}).der};
  const Issued loop = issue(twin, ca_spec("Twin CA"), key);
  CertSpec looped = ca_spec("Twin CA");
  while (chain.size() < limits::kChainCertificatesMax) {
    looped.not_after = looped.not_after + Millis{1000};
    // Issued by an authority of its own name, but not self-signed by its key identifiers.
    chain.push_back(issue(loop, looped, key).der);
  }
  const Plant plant;
  check(chain, plant.trust, Reason::untrusted_chain);
}

BOOST_AUTO_TEST_CASE(authorities_of_one_name_are_searched_up_to_a_limit) {
  CertSpec ca = ca_spec("Plant CA");
  ca.key_ids = false;
  std::vector<Issued> authorities;
  // One signature check for each, and one step to the one that is right.
  while (authorities.size() + 1 < limits::kPathStepsMax) authorities.push_back(self_signed(ca));
  CertSpec spec;
  spec.key_ids = false;
  const Issued leaf = issue(authorities.back(), spec);
  check({leaf.der}, unrevoked_trust_of(authorities), Reason::kNone);
  // What the client sends of them besides is not searched twice.
  check({leaf.der, authorities[0].der, authorities[1].der}, unrevoked_trust_of(authorities),
        Reason::kNone);
  authorities.push_back(self_signed(ca));
  check({leaf.der}, unrevoked_trust_of(authorities), Reason::untrusted_chain);
}

BOOST_AUTO_TEST_SUITE_END()
