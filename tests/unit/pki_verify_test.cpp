// Is a chain judged by every rule, each refused for its own reason, in the right order, and at the
// right moment?
#include <boost/test/unit_test.hpp>

#include "pki/verify.h"
#include "support/test_pki.h"
#include "support/vectors.h"
#include "unit/pki_support.h"

using namespace interlock;
using namespace interlock::pki;
using namespace interlock::test;

BOOST_AUTO_TEST_SUITE(pki_verify)

BOOST_AUTO_TEST_CASE(a_good_chain_is_good_with_and_without_its_intermediate) {
  const Plant plant;
  const Issued leaf = plant.leaf();
  check({leaf.der, plant.issuing.der}, plant.trust, Reason::kNone);
  check({leaf.der}, plant.trust, Reason::kNone);
  check({leaf.der, plant.issuing.der, plant.root.der}, plant.trust, Reason::kNone);
  check({leaf.der, plant.root.der, plant.issuing.der}, plant.trust, Reason::kNone);
  const ChainFacts facts = inspect(views_of({leaf.der}), *plant.trust, kNow);
  BOOST_REQUIRE(facts.leaf.has_value());
  BOOST_TEST(facts.leaf->fingerprint == sha256(leaf.der));
  BOOST_TEST(facts.leaf->der.capacity() == 0U);
  BOOST_TEST(facts.trust == "plant");
  BOOST_TEST(facts.path.size() == 3);
  BOOST_TEST((facts.not_after == CertSpec{}.not_after));
}

BOOST_AUTO_TEST_CASE(vector_chain_is_good_revoked_or_critical) {
  TrustSource source{.name = "plant", .ca_file = "ca.pem", .ca_pem = vector_file("x509/ca.pem")};
  source.enrolment_only = true;  // The vectors have no extended key usage.
  source.crls = {{"good.crl", vector_file("x509/good.crl"), {}}};
  const auto trust = load(source);
  const auto leaf = [](const char* name) {
    return Chain{pem_certificates(vector_file(name))->front()};
  };
  check(leaf("x509/leaf10.pem"), trust, Reason::kNone);
  check(leaf("x509/leaf11.pem"), trust, Reason::certificate_revoked, "\"CN=leaf11\" was revoked");
  check(leaf("x509/leaf12.pem"), trust, Reason::untrusted_chain, "critical extension");
  source.crls = {{"expired.crl", vector_file("x509/expired.crl"), {}}};
  check(leaf("x509/leaf10.pem"), load(source), Reason::revocation_stale, "2026-11-21T08:30:09Z");
  check(leaf("x509/leaf11.pem"), load(source), Reason::certificate_revoked);
}

BOOST_AUTO_TEST_CASE(idevid_vector_enrols_and_does_nothing_else) {
  TrustSource source{.name = "vendor",
                     .ca_file = "idevid-ca.pem",
                     .ca_pem = vector_file("x509/idevid-ca.pem"),
                     .enrolment_only = true,
                     .no_revocation = true};
  const Chain chain{pem_certificates(vector_file("x509/idevid.pem"))->front()};
  check(chain, load(source), Reason::kNone);
  source.enrolment_only = false;
  check(chain, load(source), Reason::certificate_purpose, "enough for enrolment only");
}

BOOST_AUTO_TEST_CASE(keys_of_every_accepted_kind_work) {
  const Plant plant;
  for (const KeyType type :
       {KeyType::kP256, KeyType::kP384, KeyType::kEd25519, KeyType::kRsa2048}) {
    check({plant.leaf({}, Key::make(type)).der}, plant.trust, Reason::kNone);
  }
  const Issued ed25519 = self_signed(ca_spec("Ed CA"), Key::make(KeyType::kEd25519));
  check({issue(ed25519, {}, Key::make(KeyType::kEd25519)).der}, trust_of({ed25519}), Reason::kNone);
  const Issued rsa = self_signed(ca_spec("RSA CA"), Key::make(KeyType::kRsa2048));
  CertSpec pss;
  pss.hash = SignHash::kPssSha256;
  check({issue(rsa, pss).der}, trust_of({rsa}), Reason::kNone);
}

BOOST_AUTO_TEST_CASE(weak_keys_are_refused_anywhere_in_the_path) {
  const Plant plant;
  check({plant.leaf({}, Key::make(KeyType::kRsa1024)).der}, plant.trust, Reason::weak_key,
        "the key of \"CN=device\" is RSA 1024");
  check({plant.leaf({}, Key::rsa_public_only(8193)).der}, plant.trust, Reason::weak_key,
        "RSA 8193");
  check({plant.leaf({}, Key::rsa_public_only(8192)).der}, plant.trust, Reason::kNone);
  check({plant.leaf({}, Key::make(KeyType::kP521)).der}, plant.trust, Reason::weak_key,
        "an unknown kind");
  check({plant.leaf({}, Key::make(KeyType::kP224)).der}, plant.trust, Reason::weak_key);
  const Issued weak = issue(plant.root, ca_spec("Weak CA"), Key::make(KeyType::kRsa1024));
  check({issue(weak, {}).der, weak.der}, plant.trust, Reason::weak_key,
        "the key of \"CN=Weak CA\" is RSA 1024");
}

BOOST_AUTO_TEST_CASE(signatures_need_sha_256_or_better_below_the_anchor) {
  const Plant plant;
  CertSpec spec;
  spec.hash = SignHash::kSha384;
  check({plant.leaf(spec).der}, plant.trust, Reason::kNone);
  spec.hash = SignHash::kSha512;
  check({plant.leaf(spec).der}, plant.trust, Reason::kNone);
  spec.hash = SignHash::kSha1;
  check({plant.leaf(spec).der}, plant.trust, Reason::weak_key,
        "\"CN=device\" is signed with SHA-1");
  CertSpec ca = ca_spec("SHA-1 CA");
  ca.hash = SignHash::kSha1;
  const Issued intermediate = issue(plant.root, ca);
  check({issue(intermediate, {}).der, intermediate.der}, plant.trust, Reason::weak_key,
        "\"CN=SHA-1 CA\" is signed with SHA-1");
  const Issued anchor = self_signed(ca);
  check({issue(anchor, {}).der}, trust_of({anchor}), Reason::kNone);
}

BOOST_AUTO_TEST_CASE(the_purpose_must_be_a_tls_client) {
  const Plant plant;
  CertSpec spec;
  spec.extended_key_usage = {"2.5.29.37.0"};
  check({plant.leaf(spec).der}, plant.trust, Reason::kNone);
  spec.extended_key_usage = {"1.3.6.1.5.5.7.3.1"};
  check({plant.leaf(spec).der}, plant.trust, Reason::certificate_purpose, "\"CN=device\"");
  check({issue(plant.root, spec).der}, unrevoked_trust_of({plant.root}, true),
        Reason::certificate_purpose);
  spec.extended_key_usage = {};
  check({plant.leaf(spec).der}, plant.trust, Reason::certificate_purpose, "no extended key usage");
  check({issue(plant.root, spec).der}, unrevoked_trust_of({plant.root}, true), Reason::kNone);
}

BOOST_AUTO_TEST_CASE(an_authority_for_servers_issues_no_clients) {
  const Plant plant;
  CertSpec ca = ca_spec("Server CA");
  ca.extended_key_usage = {"1.3.6.1.5.5.7.3.1"};
  const Issued servers = issue(plant.root, ca);
  check({issue(servers, {}).der, servers.der}, plant.trust, Reason::certificate_purpose,
        "\"CN=Server CA\"");
}

BOOST_AUTO_TEST_CASE(a_key_that_may_not_sign_is_no_clients) {
  const Plant plant;
  CertSpec spec;
  spec.key_usage = {2};
  check({plant.leaf(spec).der}, plant.trust, Reason::certificate_purpose, "digitalSignature");
  spec.key_usage = {};
  check({plant.leaf(spec).der}, plant.trust, Reason::kNone);
}

BOOST_AUTO_TEST_CASE(an_authority_is_no_client) {
  const Plant plant;
  check({plant.root.der}, plant.trust, Reason::certificate_purpose, "an authority's certificate");
  check({plant.issuing.der}, plant.trust, Reason::certificate_purpose);
  // Not even one that is a client by its own words: an anchor has nobody who could revoke it.
  CertSpec spec = ca_spec("Root CA");
  spec.key_usage = {0, 5, 6};
  spec.extended_key_usage = {"1.3.6.1.5.5.7.3.2"};
  const Issued anchor = self_signed(spec);
  check({anchor.der}, trust_of({anchor}), Reason::certificate_purpose);
}

BOOST_AUTO_TEST_CASE(validity_includes_both_ends_to_the_millisecond) {
  const Issued root = self_signed(ca_spec("Root CA"));
  const auto trust = unrevoked_trust_of({root});
  CertSpec spec;
  spec.not_before = kNow;
  spec.not_after = kNow + kHour;
  const Chain chain{issue(root, spec).der};
  check(chain, trust, Reason::certificate_not_yet_valid,
        "\"CN=device\" is valid from 2026-11-23T00:00:00Z", kNow + Millis{-1});
  check(chain, trust, Reason::kNone, "", kNow);
  check(chain, trust, Reason::kNone, "", kNow + kHour);
  check(chain, trust, Reason::certificate_expired, "\"CN=device\" expired on 2026-11-23T01:00:00Z",
        kNow + kHour + Millis{1});
}

BOOST_AUTO_TEST_CASE(every_certificate_up_to_the_anchor_must_be_valid) {
  CertSpec ca = ca_spec("Old CA");
  ca.not_after = kNow + Millis{-1000};
  const Issued old_root = self_signed(ca);
  check({issue(old_root, {}).der}, unrevoked_trust_of({old_root}), Reason::certificate_expired,
        "\"CN=Old CA\" expired");
  const Issued root = self_signed(ca_spec("Root CA"));
  const Issued old_issuing = issue(root, ca);
  check({issue(old_issuing, {}).der, old_issuing.der}, unrevoked_trust_of({root}),
        Reason::certificate_expired, "\"CN=Old CA\" expired");
  ca = ca_spec("New CA");
  ca.not_before = kNow + Millis{1000};
  const Issued new_root = self_signed(ca);
  check({issue(new_root, {}).der}, unrevoked_trust_of({new_root}),
        Reason::certificate_not_yet_valid, "\"CN=New CA\" is valid from");
}

BOOST_AUTO_TEST_CASE(revocation_reaches_every_certificate_below_the_anchor) {
  const Plant plant;
  const Issued leaf = plant.leaf();
  check({leaf.der}, trust_of({plant.root, plant.issuing}, {serial_of(leaf)}),
        Reason::certificate_revoked, "\"CN=device\" was revoked by \"CN=Issuing CA\"");
  check({leaf.der}, trust_of({plant.root, plant.issuing}, {serial_of(plant.issuing)}),
        Reason::certificate_revoked, "\"CN=Issuing CA\" was revoked by \"CN=Root CA\"");
  // The anchor is trusted for itself.
  check({leaf.der}, trust_of({plant.root, plant.issuing}, {serial_of(plant.root)}), Reason::kNone);
  check({leaf.der}, unrevoked_trust_of({plant.root}), Reason::untrusted_chain);
  check({leaf.der}, unrevoked_trust_of({plant.root, plant.issuing}), Reason::kNone);
}

BOOST_AUTO_TEST_CASE(a_serial_number_is_revoked_for_its_own_issuer_only) {
  const Plant plant;
  CertSpec spec;
  spec.serial = "77";
  const Issued of_root = issue(plant.root, spec), of_issuing = plant.leaf(spec);
  TrustSource source{.name = "plant", .ca_file = "ca.pem"};
  CrlSpec revokes;
  revokes.entries = {{"77", {}, {}}};
  source.ca_pem = plant.root.pem() + plant.issuing.pem();
  source.crls = {{"root.crl", text_of(make_crl(plant.root, revokes)), {}},
                 {"issuing.crl", text_of(make_crl(plant.issuing)), {}}};
  const auto trust = load(source);
  check({of_root.der}, trust, Reason::certificate_revoked);
  check({of_issuing.der}, trust, Reason::kNone);
}

BOOST_AUTO_TEST_CASE(a_missing_or_stale_list_is_no_answer) {
  const Plant plant;
  const Issued leaf = plant.leaf();
  // The client brings an authority of which the trust has no list.
  check({leaf.der, plant.issuing.der}, trust_of({plant.root}), Reason::revocation_stale,
        "there is no revocation list of \"CN=Issuing CA\"");
  CrlSpec crl;
  crl.next_update = kNow + kHour;
  const auto trust = trust_of({plant.root, plant.issuing}, {}, crl);
  check({leaf.der}, trust, Reason::kNone, "", kNow + kHour);
  check({leaf.der}, trust, Reason::revocation_stale, "counted until 2026-11-23T01:00:00Z",
        kNow + kHour + Millis{1});
}

BOOST_AUTO_TEST_CASE(the_first_reason_in_order_is_told) {
  const Plant plant;
  CrlSpec stale;
  stale.this_update = kNow + Millis{-2 * kHour.ms};
  stale.next_update = kNow + Millis{-kHour.ms};
  CertSpec spec;
  spec.not_after = kNow + Millis{-1000};
  spec.extended_key_usage = {"1.3.6.1.5.5.7.3.1"};
  spec.hash = SignHash::kSha1;
  // Everything is wrong with the first; each following one has one reason less.
  const Issued stranger = self_signed(spec);
  const Issued weak = plant.leaf(spec);
  spec.hash = SignHash::kSha256;
  const Issued server = plant.leaf(spec);
  spec.extended_key_usage = CertSpec{}.extended_key_usage;
  const Issued revoked = plant.leaf(spec);
  const Issued expired = plant.leaf(spec);
  spec.not_before = kNow + kHour;
  const Issued reversed = plant.leaf(spec);  // Not yet valid, and expired.
  const Issued good = plant.leaf();
  const auto trust = trust_of({plant.root, plant.issuing},
                              {serial_of(weak), serial_of(server), serial_of(revoked)}, stale);
  check({stranger.der}, trust, Reason::untrusted_chain);
  check({weak.der}, trust, Reason::weak_key);
  check({server.der}, trust, Reason::certificate_purpose);
  check({revoked.der}, trust, Reason::certificate_revoked);
  check({reversed.der}, trust, Reason::certificate_not_yet_valid);
  check({expired.der}, trust, Reason::certificate_expired);
  check({good.der}, trust, Reason::revocation_stale);
}

BOOST_AUTO_TEST_CASE(facts_are_judged_again_as_time_and_trust_move) {
  const Plant plant;
  CertSpec spec;
  spec.not_after = kNow + Millis{2 * kHour.ms};
  const Issued leaf = plant.leaf(spec);
  CrlSpec crl;
  crl.next_update = kNow + kHour;
  const auto trust = trust_of({plant.root, plant.issuing}, {}, crl);
  const ChainFacts facts = inspect(views_of({leaf.der}), *trust, kNow);
  const auto reason_at = [&](const std::shared_ptr<const Trust>& by, WallTime now) {
    return to_string(judge(facts, *by, now).reason);
  };
  BOOST_TEST(reason_at(trust, kNow) == "none");
  BOOST_TEST(reason_at(trust, kNow + kHour + Millis{1}) == "revocation_stale");
  // A newer list, then one that revokes, then a trust without the anchor, then another trust.
  BOOST_TEST(reason_at(plant.trust, kNow + kHour + Millis{1}) == "none");
  BOOST_TEST(reason_at(plant.trust, kNow + Millis{2 * kHour.ms + 1}) == "certificate_expired");
  BOOST_TEST(reason_at(trust_of({plant.root, plant.issuing}, {serial_of(leaf)}), kNow) ==
             "certificate_revoked");
  BOOST_TEST(reason_at(unrevoked_trust_of({self_signed(ca_spec("Root CA"))}), kNow) ==
             "untrusted_chain");
  TrustSource other{.name = "other", .ca_file = "ca.pem", .ca_pem = plant.root.pem()};
  other.no_revocation = true;
  BOOST_TEST(reason_at(load(other), kNow) == "untrusted_chain");
}

BOOST_AUTO_TEST_CASE(purpose_is_judged_by_the_trust_in_force) {
  const Issued root = self_signed(ca_spec("Root CA"));
  CertSpec spec;
  spec.extended_key_usage = {};
  const Issued leaf = issue(root, spec);
  const ChainFacts facts = inspect(views_of({leaf.der}), *unrevoked_trust_of({root}, true), kNow);
  BOOST_TEST((judge(facts, *unrevoked_trust_of({root}, true), kNow).reason == Reason::kNone));
  BOOST_TEST((judge(facts, *unrevoked_trust_of({root}, false), kNow).reason ==
              Reason::certificate_purpose));
}

BOOST_AUTO_TEST_CASE(a_verdict_holds_until_its_next_change_and_not_longer) {
  const Plant plant;
  CertSpec spec;
  spec.not_before = kNow + kHour;
  spec.not_after = kNow + Millis{3 * kHour.ms};
  const Issued leaf = plant.leaf(spec);
  CrlSpec crl;
  crl.next_update = kNow + Millis{2 * kHour.ms};
  const auto trust = trust_of({plant.root, plant.issuing}, {}, crl);
  const ChainFacts facts = inspect(views_of({leaf.der}), *trust, kNow);
  // Walk from change to change: within a step the verdict is one, after it another.
  std::vector<std::string_view> reasons;
  WallTime now = kNow;
  while (reasons.size() < 4) {
    const Verdict verdict = judge(facts, *trust, now);
    reasons.push_back(to_string(verdict.reason));
    BOOST_REQUIRE((verdict.valid_until >= now));
    BOOST_TEST((judge(facts, *trust, verdict.valid_until).reason == verdict.reason));
    now = verdict.valid_until + Millis{1};
  }
  const std::vector<std::string_view> expected{"certificate_not_yet_valid", "none",
                                               "revocation_stale", "certificate_expired"};
  BOOST_TEST(reasons == expected, boost::test_tools::per_element());
  // What never changes holds for ever.
  BOOST_TEST((verify({}, *trust, kNow).valid_until == kDistantFuture));
}

BOOST_AUTO_TEST_CASE(idevids_hold_until_the_end_of_time) {
  CertSpec ca = ca_spec("Root CA");
  ca.not_after = kDistantFuture;
  const Issued root = self_signed(ca);
  CertSpec spec;
  spec.not_after = kDistantFuture;
  const auto trust = unrevoked_trust_of({root});
  const Der der = issue(root, spec).der;
  check({der}, trust, Reason::kNone);
  check({der}, trust, Reason::kNone, "", kDistantFuture);
  BOOST_TEST((verify(views_of({der}), *trust, kNow).valid_until == kDistantFuture));
}

BOOST_AUTO_TEST_SUITE_END()
