// For how long does a revocation list count, and is every entry of it found?
#include "pki_trust_support.h"

using namespace interlock;
using namespace interlock::pki;
using namespace interlock::test;
using namespace interlock::test::trusts;

BOOST_AUTO_TEST_SUITE(pki_lists)

BOOST_AUTO_TEST_CASE(a_list_counts_until_next_update_or_max_age) {
  const Plant plant;
  CrlSpec spec;  // thisUpdate an hour ago, nextUpdate in a day.
  const auto fresh_until = [&](std::optional<Millis> max_age) {
    TrustSource source = plant.with(spec);
    source.crls[0].max_age = max_age;
    return load(source).trust->revocation(id_of(plant.ca), serial_from("0a"))->fresh_until;
  };
  BOOST_TEST((fresh_until({}) == kNow + kDay));
  BOOST_TEST((fresh_until(kHour) == kNow));
  BOOST_TEST((fresh_until(Millis{48 * kHour.ms}) == kNow + kDay));
  BOOST_TEST((fresh_until(Millis{INT64_MAX}) == kNow + kDay));
  spec.next_update.reset();
  BOOST_TEST((fresh_until(kDay) == kNow + kDay + Millis{-kHour.ms}));
  check_refused(plant.with(spec), "no nextUpdate");
}

BOOST_AUTO_TEST_CASE(a_list_begins_and_ends_to_the_millisecond) {
  const Plant plant;
  CrlSpec spec;
  spec.this_update = kNow;
  check_loads(plant.with(spec));
  check_refused(plant.with(spec), "begins in the future", kNow + Millis{-1});
  spec.this_update = kNow + Millis{-kDay.ms};
  spec.next_update = kNow;
  check_loads(plant.with(spec));
  spec.next_update = kNow + Millis{-1000};
  check_warns(plant.with(spec), "went stale on 2026-11-22T23:59:59Z");
}

BOOST_AUTO_TEST_CASE(serial_numbers_of_every_length_are_found) {
  const Plant plant;
  const std::string longest = "7f" + std::string(38, 'f');
  CrlSpec spec;
  spec.entries = {{longest, {}, {}}, {"80", {}, {}}, {"0100", {}, {}}, {"80", {}, {}}};
  const auto trust = load(plant.with(spec)).trust;
  BOOST_REQUIRE(trust != nullptr);
  BOOST_TEST(trust->crls()[0].entries == 3U);
  for (const std::string& revoked : {longest, std::string("80"), std::string("0100")}) {
    BOOST_TEST(trust->revocation(id_of(plant.ca), serial_from(revoked))->revoked, revoked);
  }
  for (const char* good : {"01", "8000", "7f", "ff"}) {
    BOOST_TEST(!trust->revocation(id_of(plant.ca), serial_from(good))->revoked, good);
  }
  BOOST_TEST(!trust->revocation(IssuerId{}, serial_from("80")).has_value());
  spec.entries = {{"00", {}, {}}};
  check_refused(plant.with(spec), "not one undamaged");
  spec.entries = {{"ff" + std::string(38, 'f'), {}, {}}};
  check_refused(plant.with(spec), "not one undamaged");
}

BOOST_AUTO_TEST_CASE(a_list_of_20000_is_found_again) {
  const Plant plant;
  CrlSpec spec;
  const auto serial_at = [](unsigned i) {
    return to_hex(Der{0x40, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
  };
  for (unsigned i = 0; i < 20'000; ++i) spec.entries.push_back({serial_at(i * 2), {}, {}});
  const auto trust = load(plant.with(spec)).trust;
  BOOST_REQUIRE(trust != nullptr);
  BOOST_TEST(trust->crls()[0].entries == 20'000U);
  const IssuerId id = id_of(plant.ca);
  unsigned wrong = 0;
  for (unsigned i = 0; i < 40'000; ++i) {
    wrong += trust->revocation(id, serial_from(serial_at(i)))->revoked != (i % 2 == 0);
  }
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE(a_list_file_above_the_limit_is_refused_unread) {
  const Plant plant;
  check_refused(source_of(plant.ca.pem(), {std::string(limits::kCrlFileBytesMax + 1, '0')}),
                "larger than 64 MiB");
  check_refused(source_of(plant.ca.pem(), {std::string(limits::kCrlFileBytesMax, '0')}),
                "not one undamaged");
}

BOOST_AUTO_TEST_SUITE_END()
