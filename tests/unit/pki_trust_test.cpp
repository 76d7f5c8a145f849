// Is a trust loaded only when everything about it is clear, and does its look-up hold?
#include "pki_trust_support.h"

using namespace interlock;
using namespace interlock::pki;
using namespace interlock::test;
using namespace interlock::test::trusts;

BOOST_AUTO_TEST_SUITE(pki_trust)

BOOST_AUTO_TEST_CASE(root_with_intermediate_and_a_list_of_each_loads) {
  const Plant plant;
  const Issued issuing = issue(plant.ca, ca_spec("Issuing CA"));
  const TrustSource source = source_of(plant.ca.pem() + issuing.pem(),
                                       {text_of(make_crl(plant.ca)), text_of(make_crl(issuing))});
  check_loads(source);
  const auto trust = load(source).trust;
  BOOST_TEST(trust->name() == "plant");
  BOOST_TEST(!trust->enrolment_only());
  BOOST_REQUIRE(trust->authorities().size() == 2);
  BOOST_TEST(trust->authorities()[1]->subject == "CN=Issuing CA");
  BOOST_TEST(trust->is_anchor(trust->authorities()[0]->fingerprint));
  BOOST_TEST(!trust->is_anchor(trust->authorities()[1]->fingerprint));
  BOOST_REQUIRE(trust->crls().size() == 2);
  BOOST_TEST(trust->crls()[0].issuer == "CN=Plant CA");
  BOOST_TEST(trust->crls()[0].number_hex == "01");
}

BOOST_AUTO_TEST_CASE(the_same_certificate_twice_counts_once) {
  const Plant plant;
  const Loaded loaded = load(without_revocation(plant.ca.pem() + plant.ca.pem()));
  BOOST_REQUIRE(loaded.trust != nullptr);
  BOOST_TEST(loaded.trust->authorities().size() == 1);
}

BOOST_AUTO_TEST_CASE(a_file_without_readable_authorities_is_refused) {
  check_refused(without_revocation(""), "no PEM block labelled CERTIFICATE");
  check_refused(without_revocation(to_pem("CERTIFICATE", as_bytes("0"))), "cannot be read");
  check_refused(without_revocation(std::string(limits::kAuthorityFileBytesMax + 1, ' ')),
                "larger than 1 MiB");
  check_refused(without_revocation(std::string(limits::kAuthorityFileBytesMax, ' ')),
                "no PEM block labelled CERTIFICATE");
}

BOOST_AUTO_TEST_CASE(a_file_without_a_self_signed_authority_is_refused) {
  const Plant plant;
  check_refused(without_revocation(issue(plant.ca, ca_spec("Issuing CA")).pem()),
                "no self-signed authority");
}

BOOST_AUTO_TEST_CASE(certificates_that_may_not_issue_are_refused) {
  check_refused(without_revocation(self_signed({}).pem()), "not an authority's certificate");
  CertSpec spec = ca_spec("ca");
  spec.key_usage = {6};
  check_refused(without_revocation(self_signed(spec).pem()), "not an authority's certificate");
  spec.key_usage = {};  // Absent: everything is permitted.
  check_loads(without_revocation(self_signed(spec).pem()));
}

BOOST_AUTO_TEST_CASE(weak_authorities_are_refused) {
  check_refused(without_revocation(self_signed(ca_spec("ca"), Key::make(KeyType::kRsa1024)).pem()),
                "is RSA 1024, which is not accepted");
  check_refused(without_revocation(self_signed(ca_spec("ca"), Key::make(KeyType::kP521)).pem()),
                "which is not accepted");
  const Plant plant;
  CertSpec sha1 = ca_spec("Issuing CA");
  sha1.hash = SignHash::kSha1;
  check_refused(without_revocation(plant.ca.pem() + issue(plant.ca, sha1).pem()),
                "signed with SHA-1");
  // Nothing rests on an anchor's own signature.
  check_loads(without_revocation(self_signed(sha1).pem()));
  check_loads(without_revocation(self_signed(ca_spec("ca"), Key::make(KeyType::kEd25519)).pem()));
}

BOOST_AUTO_TEST_CASE(an_expired_authority_is_a_warning) {
  CertSpec spec = ca_spec("Old CA");
  spec.not_after = kNow + Millis{-1000};
  check_warns(without_revocation(self_signed(spec).pem()), "expired on 2026-11-22T23:59:59Z");
}

BOOST_AUTO_TEST_CASE(every_authority_needs_its_own_list) {
  const Plant plant;
  const Issued issuing = issue(plant.ca, ca_spec("Issuing CA"));
  check_refused(source_of(plant.ca.pem(), {}), "has no usable revocation list");
  check_refused(source_of(plant.ca.pem() + issuing.pem(), {text_of(make_crl(plant.ca))}),
                "\"CN=Issuing CA\" has no usable revocation list");
  check_loads(without_revocation(plant.ca.pem() + issuing.pem()));
}

BOOST_AUTO_TEST_CASE(no_revocation_beside_a_list_is_refused) {
  const Plant plant;
  TrustSource source = plant.with({});
  source.no_revocation = true;
  check_refused(source, "revocation: NONE and a list");
}

BOOST_AUTO_TEST_CASE(vector_lists_are_judged_one_by_one) {
  const auto with = [](const std::string& name) {
    return source_of(vector_file("x509/ca.pem"), {vector_file("x509/" + name + ".crl")});
  };
  check_loads(with("good"));
  check_loads(with("hold"));
  check_loads(with("remove"));
  check_warns(with("expired"), "went stale on 2026-11-21T08:30:09Z");
  check_refused(with("future"), "begins in the future");
  check_refused(with("badsig"), "signature of this list does not hold");
  check_refused(with("idp_user"), "issuingDistributionPoint");
  check_refused(with("idp_ca"), "issuingDistributionPoint");
  check_refused(with("idp_uri"), "issuingDistributionPoint");
  check_refused(with("idp_indirect"), "indirect revocation list");
  check_refused(with("delta"), "delta revocation list");
  check_refused(with("unknowncrit"), "critical extension");
  const IssuerId id = issuer_id(*load(with("good")).trust->authorities()[0]);
  for (const char* name : {"good", "hold", "remove"}) {  // removeFromCRL counts as revoked.
    const auto trust = load(with(name)).trust;
    BOOST_TEST(trust->revocation(id, serial_from("0b"))->revoked, name);
    BOOST_TEST(!trust->revocation(id, serial_from("0a"))->revoked, name);
  }
}

BOOST_AUTO_TEST_CASE(lists_come_as_der_or_pem_and_several_in_one_file) {
  const Plant plant;
  const Issued issuing = issue(plant.ca, ca_spec("Issuing CA"));
  const Der first = make_crl(plant.ca), second = make_crl(issuing);
  check_loads(source_of(plant.ca.pem(), {text_of(first)}));
  check_loads(source_of(plant.ca.pem() + issuing.pem(),
                        {to_pem("X509 CRL", first) + to_pem("X509 CRL", second)}));
  check_refused(source_of(plant.ca.pem(), {"nonsense"}), "no revocation list");
  check_refused(source_of(plant.ca.pem(), {plant.ca.pem()}), "no revocation list");
  check_refused(source_of(plant.ca.pem(), {text_of(first) + "x"}), "not one undamaged");
  check_refused(source_of(plant.ca.pem(), {text_of(first).substr(0, first.size() - 1)}),
                "not one undamaged");
}

BOOST_AUTO_TEST_CASE(plain_lists_of_version_1_are_read) {
  const Plant plant;
  CrlSpec spec;
  spec.number.reset();
  spec.entries = {{"0a", {}, {}}};
  const auto trust = load(plant.with(spec)).trust;
  BOOST_REQUIRE(trust != nullptr);
  BOOST_TEST(trust->revocation(id_of(plant.ca), serial_from("0a"))->revoked);
  BOOST_TEST(trust->crls()[0].number_hex == "");
}

BOOST_AUTO_TEST_CASE(list_extensions_that_change_its_meaning_are_refused) {
  const Plant plant;
  const auto with = [&](RawExtension extension) {
    CrlSpec spec;
    spec.extensions = {std::move(extension)};
    return plant.with(spec);
  };
  check_loads(with({"1.2.3.4", false, {5, 0}}));
  check_refused(with({"1.2.3.4", true, {5, 0}}), "critical extension");
  // Not critical, and still what they are.
  check_refused(with({"2.5.29.27", false, {2, 1, 1}}), "delta revocation list");
  check_refused(with({"2.5.29.28", false, {0x30, 0}}), "issuingDistributionPoint");
  check_refused(with({"2.5.29.20", false, {2, 1, 1}}), "not one undamaged");  // Twice.
  CrlSpec negative;
  negative.number.reset();
  negative.extensions = {{"2.5.29.20", false, {2, 1, 0xff}}};
  check_refused(plant.with(negative), "not one undamaged");
}

BOOST_AUTO_TEST_CASE(entry_extensions_that_change_its_meaning_are_refused) {
  const Plant plant;
  const auto with = [&](RawExtension extension) {
    CrlSpec spec;
    spec.entries = {{"0a", {}, {std::move(extension)}}};
    return plant.with(spec);
  };
  check_loads(with({"2.5.29.21", true, {0x0a, 1, 1}}));
  check_loads(with({"1.2.3.4", false, {5, 0}}));
  check_refused(with({"1.2.3.4", true, {5, 0}}), "critical extension");
  check_refused(with({"2.5.29.29", true, {0x30, 0}}), "indirect revocation list");
}

BOOST_AUTO_TEST_CASE(weakly_signed_lists_are_refused) {
  const Plant plant;
  CrlSpec spec;
  spec.hash = SignHash::kSha1;
  check_refused(plant.with(spec), "signed with SHA-1");
  spec.hash = SignHash::kSha384;
  check_loads(plant.with(spec));
}

BOOST_AUTO_TEST_CASE(a_list_of_a_stranger_is_refused) {
  const Plant plant;
  const Issued other = self_signed(ca_spec("Other CA"));
  check_refused(source_of(plant.ca.pem(), {text_of(make_crl(other))}),
                "issued by \"CN=Other CA\", which is no authority in ca.pem");
  // The right name with another key.
  const Issued twin = self_signed(ca_spec("Plant CA"));
  check_refused(source_of(plant.ca.pem(), {text_of(make_crl(twin))}),
                "signature of this list does not hold");
}

BOOST_AUTO_TEST_CASE(an_issuer_without_crl_sign_may_sign_no_list) {
  CertSpec spec = ca_spec("Plant CA");
  spec.key_usage = {5};
  const Issued ca = self_signed(spec);
  check_refused(source_of(ca.pem(), {text_of(make_crl(ca))}), "no cRLSign");
}

BOOST_AUTO_TEST_CASE(two_lists_of_one_issuer_are_refused) {
  const Plant plant;
  CrlSpec newer;
  newer.number = 2;
  check_refused(
      source_of(plant.ca.pem(), {text_of(make_crl(plant.ca)), text_of(make_crl(plant.ca, newer))}),
      "second list of its authority");
}

BOOST_AUTO_TEST_CASE(authorities_of_one_name_have_each_their_own_list) {
  const Issued before = self_signed(ca_spec("Plant CA")), after = self_signed(ca_spec("Plant CA"));
  CrlSpec revokes;
  revokes.entries = {{"0a", {}, {}}};
  const TrustSource source = source_of(
      before.pem() + after.pem(), {text_of(make_crl(before, revokes)), text_of(make_crl(after))});
  check_loads(source);
  const auto trust = load(source).trust;
  BOOST_TEST(trust->revocation(id_of(before), serial_from("0a"))->revoked);
  BOOST_TEST(!trust->revocation(id_of(after), serial_from("0a"))->revoked);
  check_refused(source_of(before.pem() + after.pem(), {text_of(make_crl(before))}),
                "has no usable revocation list");
}

BOOST_AUTO_TEST_CASE(authorities_of_one_key_and_two_names_are_two_issuers) {
  const Key key = Key::make();
  const Issued one = self_signed(ca_spec("One CA"), key), two = self_signed(ca_spec("Two CA"), key);
  CrlSpec revokes;
  revokes.entries = {{"0a", {}, {}}};
  const auto trust = load(source_of(one.pem() + two.pem(),
                                    {text_of(make_crl(one, revokes)), text_of(make_crl(two))}))
                         .trust;
  BOOST_REQUIRE(trust != nullptr);
  BOOST_TEST(trust->revocation(id_of(one), serial_from("0a"))->revoked);
  BOOST_TEST(!trust->revocation(id_of(two), serial_from("0a"))->revoked);
}

BOOST_AUTO_TEST_CASE(a_renewed_authority_with_the_same_key_shares_its_list) {
  const Key key = Key::make();
  const Issued before = self_signed(ca_spec("Plant CA"), key);
  const Issued after = self_signed(ca_spec("Plant CA"), key);
  check_loads(source_of(before.pem() + after.pem(), {text_of(make_crl(after))}));
}

BOOST_AUTO_TEST_CASE(all_problems_are_told_at_once_and_where) {
  const Plant plant;
  CrlSpec future;
  future.this_update = kNow + kHour;
  TrustSource source = source_of(plant.ca.pem() + self_signed({}).pem(),
                                 {text_of(make_crl(plant.ca, future)), "nonsense"});
  source.crls[1].file = "second.crl";
  const Loaded loaded = load(source);
  BOOST_TEST(loaded.trust == nullptr);
  BOOST_REQUIRE(loaded.problems.size() == 5);
  BOOST_TEST((loaded.problems[0].where == TrustProblem::Where::kCa));
  BOOST_TEST((loaded.problems[1].where == TrustProblem::Where::kCrl));
  BOOST_TEST(loaded.problems[1].index == 0U);
  BOOST_TEST(loaded.problems[2].index == 1U);
  BOOST_TEST(loaded.problems[2].message.starts_with("second.crl: "));
}

BOOST_AUTO_TEST_SUITE_END()
