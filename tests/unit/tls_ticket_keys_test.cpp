// Do ticket keys come and go when they should, and does each set of trusts have its own?
#include <set>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "support/tls_pair.h"

using namespace interlock;
using namespace interlock::test;

namespace {

constexpr Millis kPeriod = limits::kTicketKeyPeriod;

std::shared_ptr<const pki::Trust> trust_of(std::string name, const std::string& ca_pem,
                                           bool enrolment_only = false) {
  std::vector<pki::TrustProblem> problems;
  return pki::load_trust({.name = std::move(name),
                          .ca_pem = ca_pem,
                          .enrolment_only = enrolment_only,
                          .no_revocation = true},
                         kNow, problems);
}

struct Fixture {
  ManualClock clock;
  tls::TicketKeys keys{clock, {}};
  tls::TicketKeyring keyring{clock};
  const std::string ca = self_signed(ca_spec("a")).pem(), other = self_signed(ca_spec("b")).pem();

  // The set of trusts that `trusts` are, as an engineer can see it: by its keys.
  pki::Sha256 set(std::vector<std::shared_ptr<const pki::Trust>> trusts) {
    return keyring.keys_of(trusts)->trust_set();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls_ticket_keys, Fixture)

BOOST_AUTO_TEST_CASE(a_key_seals_for_one_period_and_opens_for_two) {
  const tls::TicketKey first = keys.current();
  BOOST_TEST(!keys.find(first.name)->old);
  clock.pass({kPeriod.ms - 1});
  BOOST_TEST((keys.current().name == first.name));
  clock.pass(Millis{1});
  const tls::TicketKey second = keys.current();
  BOOST_TEST((second.name != first.name));
  BOOST_TEST((second.cipher != first.cipher));
  BOOST_TEST((second.mac != first.mac));
  BOOST_TEST_REQUIRE(keys.find(first.name).has_value());
  BOOST_TEST(keys.find(first.name)->old);
  BOOST_TEST((keys.find(first.name)->key.cipher == first.cipher));
  BOOST_TEST(!keys.find(second.name)->old);
  clock.pass({kPeriod.ms - 1});
  BOOST_TEST(keys.find(first.name).has_value());
  clock.pass(Millis{1});
  BOOST_TEST(!keys.find(first.name).has_value());
  BOOST_TEST(keys.find(second.name)->old);
}

// However late the keys are asked for: no key outlives its two periods.
BOOST_AUTO_TEST_CASE(a_rotation_that_comes_late_lengthens_nothing) {
  const tls::TicketKey first = keys.current();
  clock.pass({2 * kPeriod.ms - 1});
  BOOST_TEST(keys.find(first.name)->old);
  clock.pass(Millis{1});
  BOOST_TEST(!keys.find(first.name).has_value());
}

BOOST_AUTO_TEST_CASE(after_a_long_silence_both_keys_are_new) {
  const tls::TicketKey first = keys.current();
  clock.pass({2 * kPeriod.ms});
  BOOST_TEST(!keys.find(first.name).has_value());
  const tls::TicketKey second = keys.current();
  clock.pass({kPeriod.ms - 1});
  BOOST_TEST((keys.current().name == second.name));
}

BOOST_AUTO_TEST_CASE(a_name_that_no_key_has_finds_none) {
  BOOST_TEST(!keys.find({}).has_value());
  BOOST_TEST(!keys.find(std::array<std::uint8_t, 16>{}).has_value());
  BOOST_TEST(!keys.find(Bytes(keys.current().name).first(15)).has_value());
}

BOOST_AUTO_TEST_CASE(a_set_of_trusts_is_the_same_in_any_order) {
  const auto a = trust_of("a", ca), b = trust_of("b", other);
  BOOST_TEST((set({a, b}) == set({b, a})));
  BOOST_TEST((set({trust_of("a", ca + other)}) == set({trust_of("a", other + ca)})));
  const std::vector<std::shared_ptr<const pki::Trust>> same = {a};
  BOOST_TEST(keyring.keys_of(same) == keyring.keys_of(same));
}

BOOST_AUTO_TEST_CASE(another_name_authority_usage_or_trust_is_another_set) {
  const auto a = trust_of("a", ca);
  std::set<pki::Sha256> sets = {set({}), set({a}), set({a, trust_of("b", other)})};
  sets.insert(set({trust_of("a2", ca)}));
  sets.insert(set({trust_of("a", other)}));
  sets.insert(set({trust_of("a", ca + other)}));
  sets.insert(set({trust_of("a", ca, /*enrolment_only=*/true)}));
  sets.insert(set({a, a}));
  BOOST_TEST(sets.size() == 8U);
}

// A reload makes the new listeners before the old ones go.
BOOST_AUTO_TEST_CASE(keys_live_as_long_as_they_are_in_use) {
  const std::vector<std::shared_ptr<const pki::Trust>> trusts = {trust_of("a", ca)};
  auto old_configuration = keyring.keys_of(trusts);
  const auto name = old_configuration->current().name;
  auto new_configuration = keyring.keys_of(trusts);
  old_configuration.reset();
  BOOST_TEST((keyring.keys_of(trusts)->current().name == name));
  new_configuration.reset();
  BOOST_TEST((keyring.keys_of(trusts)->current().name != name));
}

BOOST_AUTO_TEST_CASE(the_keyring_rotates_what_nobody_asks_for) {
  const auto held = keyring.keys_of({});
  const tls::TicketKey first = held->current();
  clock.pass(kPeriod);
  keyring.rotate();
  clock.pass({kPeriod.ms - 1});
  BOOST_TEST(held->find(first.name).has_value());
  clock.pass(Millis{1});
  keyring.rotate();
  BOOST_TEST(!held->find(first.name).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
