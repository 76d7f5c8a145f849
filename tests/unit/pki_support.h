// What the tests of src/pki share: trusts made of issued authorities, and one check of a chain.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "pki/verify.h"
#include "support/test_pki.h"

namespace interlock::test {

using pki::Trust;
using pki::TrustProblem;
using pki::TrustSource;
using pki::Verdict;

using Chain = std::vector<Der>;

inline std::vector<Bytes> views_of(const Chain& chain) { return {chain.begin(), chain.end()}; }

inline std::shared_ptr<const Trust> load(const TrustSource& source, WallTime now = kNow) {
  std::vector<TrustProblem> problems;
  auto trust = pki::load_trust(source, now, problems);
  for (const TrustProblem& problem : problems) BOOST_TEST_MESSAGE(problem.message);
  BOOST_REQUIRE(trust != nullptr);
  return trust;
}

// trust_of loads a trust over `authorities` with a list of each; `revoked` is in all of them.
inline std::shared_ptr<const Trust> trust_of(const std::vector<Issued>& authorities,
                                             const std::vector<std::string>& revoked = {},
                                             CrlSpec crl = {}) {
  TrustSource source{.name = "plant", .ca_file = "ca.pem"};
  for (const std::string& serial : revoked) crl.entries.push_back({serial, {}, {}});
  for (const Issued& authority : authorities) {
    source.ca_pem += authority.pem();
    source.crls.push_back({"plant.crl", text_of(make_crl(authority, crl)), {}});
  }
  return load(source);
}

inline std::shared_ptr<const Trust> unrevoked_trust_of(const std::vector<Issued>& authorities,
                                                       bool enrolment_only = false) {
  TrustSource source{.name = "plant", .ca_file = "ca.pem"};
  for (const Issued& authority : authorities) source.ca_pem += authority.pem();
  source.no_revocation = true;
  source.enrolment_only = enrolment_only;
  return load(source);
}

inline void check(const Chain& chain, const std::shared_ptr<const Trust>& trust, Reason reason,
                  std::string_view detail = "", WallTime now = kNow) {
  const Verdict verdict = pki::verify(views_of(chain), *trust, now);
  BOOST_TEST(to_string(verdict.reason) == to_string(reason));
  BOOST_TEST(verdict.detail.find(detail) != std::string::npos,
             "got: " << verdict.detail << "; expected: " << detail);
  BOOST_TEST(verdict.detail.empty() == (reason == Reason::kNone));
}

// A plant with a root and an issuing authority; devices present the issuing one with their own.
struct Plant {
  Issued root = self_signed(ca_spec("Root CA"));
  Issued issuing = issue(root, ca_spec("Issuing CA"));
  std::shared_ptr<const Trust> trust = trust_of({root, issuing});
  Issued leaf(const CertSpec& spec = {}, const Key& key = Key::make()) const {
    return issue(issuing, spec, key);
  }
};

}  // namespace interlock::test
