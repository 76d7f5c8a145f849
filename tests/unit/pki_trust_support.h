// What the tests of trusts share: a plant's authority and its list, and how a loading should end.
#pragma once

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "base/time.h"
#include "pki/trust.h"
#include "support/test_pki.h"
#include "support/vectors.h"

namespace interlock::test::trusts {

using pki::IssuerId;
using pki::load_trust;
using pki::Serial;
using pki::Trust;
using pki::TrustProblem;
using pki::TrustSource;

struct Loaded {
  std::shared_ptr<const Trust> trust;
  std::vector<TrustProblem> problems;
};

inline Loaded load(const TrustSource& source, WallTime now = kNow) {
  Loaded out;
  out.trust = load_trust(source, now, out.problems);
  return out;
}

inline TrustSource source_of(std::string ca_pem, std::vector<std::string> crls) {
  TrustSource source{.name = "plant", .ca_file = "ca.pem", .ca_pem = std::move(ca_pem)};
  for (std::string& crl : crls) source.crls.push_back({"plant.crl", std::move(crl), {}});
  return source;
}

inline TrustSource without_revocation(std::string ca_pem) {
  TrustSource source = source_of(std::move(ca_pem), {});
  source.no_revocation = true;
  return source;
}

inline void check_loads(const TrustSource& source) {
  const Loaded loaded = load(source);
  for (const TrustProblem& problem : loaded.problems) BOOST_TEST_MESSAGE(problem.message);
  BOOST_TEST(loaded.trust != nullptr);
  BOOST_TEST(loaded.problems.empty());
}

// Refused, with a first problem that contains `sentence`, and that comes with a hint.
inline void check_refused(const TrustSource& source, std::string_view sentence,
                          WallTime now = kNow) {
  const Loaded loaded = load(source, now);
  BOOST_TEST(loaded.trust == nullptr);
  BOOST_REQUIRE(!loaded.problems.empty());
  const TrustProblem& first = loaded.problems.front();
  BOOST_TEST(!first.warning);
  BOOST_TEST(!first.hint.empty());
  BOOST_TEST(first.message.find(sentence) != std::string::npos,
             "got: " << first.message << "; expected: " << sentence);
}

// Loads, with one warning that contains `sentence`.
inline std::shared_ptr<const Trust> check_warns(const TrustSource& source,
                                                std::string_view sentence) {
  const Loaded loaded = load(source);
  BOOST_REQUIRE(loaded.trust != nullptr);
  BOOST_REQUIRE(loaded.problems.size() == 1);
  BOOST_TEST(loaded.problems[0].warning);
  BOOST_TEST(loaded.problems[0].message.find(sentence) != std::string::npos,
             "got: " << loaded.problems[0].message);
  return loaded.trust;
}

inline Serial serial_from(const std::string& hex) {
  Serial serial{};
  const auto bytes = from_hex(hex);
  std::copy(bytes->begin(), bytes->end(),
            serial.end() - static_cast<std::ptrdiff_t>(bytes->size()));
  return serial;
}

inline IssuerId id_of(const Issued& ca) { return pki::issuer_id(*pki::read_certificate(ca.der)); }

struct Plant {
  Issued ca = self_signed(ca_spec("Plant CA"));
  TrustSource with(const CrlSpec& crl) const {
    return source_of(ca.pem(), {text_of(make_crl(ca, crl))});
  }
};

}  // namespace interlock::test::trusts
