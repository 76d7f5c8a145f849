// Is what is remembered about chains bounded, does it count only while it must be the same, and
// does it never change what anybody is admitted for?
#include "policy/chain_cache.h"

#include <map>
#include <random>

#include <boost/test/unit_test.hpp>

#include "policy/admit.h"
#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

pki::Sha256 digest(std::size_t number) { return pki::sha256(as_bytes(std::to_string(number))); }

Inspected entry(std::size_t number) {
  return {digest(number), digest(0), std::make_shared<const pki::ChainFacts>()};
}

bool knows(const ChainCache& cache, std::size_t number) {
  return cache.find(digest(number), digest(0), kNow) != nullptr;
}

// Configurations that differ in everything that an admission depends on.
class Plants {
 public:
  Plants() {
    CertSpec renewed = ca_spec("Plant CA");
    renewed.not_before = kNow + kDay;
    CertSpec strict = ca_spec("Plant CA");
    strict.not_before = kNow + Millis{3 * kDay.ms};
    strict.path_len = 0;
    const Issued& ca = plant_authority().ca;
    const std::string other = vendor_authority().ca.pem();
    const std::string authorities[] = {ca.pem(), ca.pem() + self_signed(renewed, ca.key).pem(),
                                       self_signed(renewed, ca.key).pem(),
                                       ca.pem() + self_signed(strict, ca.key).pem()};
    make_clients(ca);
    for (const std::string& plant : authorities) {
      for (const std::string& twin : {other, plant}) {
        for (const bool revoking : {false, true}) {
          for (const char* rows : {"a,f,cn,device,plant\n", "b,f,cn,device,twin\n",
                                   "a,f,cn,device,plant\nb,f,cn,device,twin\n", ""}) {
            add(plant, twin, revoking, rows);
          }
        }
      }
    }
  }

  std::vector<std::shared_ptr<const Snapshot>> snapshots;
  std::vector<std::vector<Der>> chains;

 private:
  void make_clients(const Issued& ca) {
    const Issued middle = issue(ca, ca_spec("intermediate"));
    for (const CertSpec& spec :
         {CertSpec{}, CertSpec{.not_after = kNow + kHour}, CertSpec{.not_before = kNow + kDay},
          CertSpec{.extended_key_usage = {}}, CertSpec{.hash = SignHash::kSha1}}) {
      chains.push_back({issue(ca, spec).der});
      chains.push_back({issue(middle, spec).der, middle.der});
    }
    revoked_ = issue(ca, {});
    chains.push_back({revoked_->der});
    chains.push_back({issue(vendor_authority().ca, {}).der});
    chains.push_back({self_signed({}).der});
  }

  void add(const std::string& plant, const std::string& twin, bool revoking, const char* rows) {
    TestConfig config = plant_config();
    config.policy() = R"(
      function { name: "f" }
      trust { name: "twin" ca_file: "/twin" revocation: NONE })";
    CrlSpec crl{.next_update = kNow + Millis{5 * kDay.ms}};
    if (revoking) crl.entries.push_back({serial_of(*revoked_), {}, {}});
    config.files["etc/trust/plant.pem"] = plant;
    config.files["etc/trust/plant.crl"] = text_of(make_crl(plant_authority().ca, crl));
    config.files["/twin"] = twin;
    config.inventory() = std::string("device_id,function,identity_type,identity,trust\n") + rows;
    snapshots.push_back(snapshot_of(config));
  }

  std::optional<Issued> revoked_;
};

void check_same(const Admission& a, const Admission& b) {
  BOOST_TEST(to_string(a.reason) == to_string(b.reason));
  BOOST_TEST(a.detail == b.detail);
  BOOST_TEST(a.device == b.device);
  BOOST_TEST((a.valid_until == b.valid_until));
  BOOST_TEST(a.facts->trust == b.facts->trust);
  BOOST_TEST((a.facts->anchor == b.facts->anchor));
  BOOST_TEST(a.facts->path.size() == b.facts->path.size());
  BOOST_TEST((a.facts->not_after == b.facts->not_after));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chain_cache)

BOOST_AUTO_TEST_CASE(the_one_inserted_longest_ago_makes_room) {
  ChainCache cache(3);
  for (const std::size_t number : {1U, 2U, 3U}) cache.insert(entry(number));
  cache.insert(entry(1));  // Once more.
  cache.insert(entry(4));
  BOOST_TEST(cache.size() == 3U);
  BOOST_TEST(knows(cache, 1));
  BOOST_TEST(!knows(cache, 2));
  BOOST_TEST(knows(cache, 3));
  BOOST_TEST(knows(cache, 4));
}

BOOST_AUTO_TEST_CASE(the_limit_holds) {
  ChainCache cache;
  for (std::size_t i = 0; i <= limits::kChainCacheEntriesMax; ++i) cache.insert(entry(i));
  BOOST_TEST(cache.size() == limits::kChainCacheEntriesMax);
  BOOST_TEST(!knows(cache, 0));
  BOOST_TEST(knows(cache, 1));
  BOOST_TEST(knows(cache, limits::kChainCacheEntriesMax));
}

BOOST_AUTO_TEST_CASE(looking_keeps_nothing_alive) {
  ChainCache cache(2);
  cache.insert(entry(1));
  cache.insert(entry(2));
  for (int i = 0; i < 10; ++i) BOOST_TEST(knows(cache, 1));
  cache.insert(entry(3));
  BOOST_TEST(!knows(cache, 1));
}

BOOST_AUTO_TEST_CASE(an_entry_counts_for_its_chain_and_trust_alone) {
  ChainCache cache;
  cache.insert(entry(1));
  BOOST_TEST(cache.find(digest(1), digest(0), kNow) != nullptr);
  BOOST_TEST(cache.find(digest(1), digest(2), kNow) == nullptr);
  BOOST_TEST(cache.find(digest(2), digest(0), kNow) == nullptr);
  BOOST_TEST(cache.find(digest(0), digest(1), kNow) == nullptr);
}

BOOST_AUTO_TEST_CASE(an_entry_counts_while_no_certificate_begins_or_ends) {
  const auto snapshot = snapshot_of(plant_config());
  const CertSpec spec;
  const Issued leaf = issue(plant_authority().ca, spec);
  const Bytes chain[] = {leaf.bytes()};
  const pki::Trust& trust = *snapshot->trusts[0];
  const auto at = [&](WallTime now) {
    ChainCache cache;
    cache.insert({digest(1), trust.identity(),
                  std::make_shared<const pki::ChainFacts>(pki::inspect(chain, trust, kNow))});
    return cache.find(digest(1), trust.identity(), now) != nullptr;
  };
  BOOST_TEST(!at(spec.not_before + Millis{-1}));
  BOOST_TEST(at(spec.not_before));
  BOOST_TEST(at(spec.not_after));
  BOOST_TEST(!at(spec.not_after + Millis{1}));
}

BOOST_AUTO_TEST_CASE(only_what_was_admitted_is_there_to_be_remembered) {
  const auto snapshot = snapshot_of(plant_config());
  const Issued leaf = issue(plant_authority().ca, {});
  const Bytes chain[] = {leaf.bytes()};
  const Admission admission = admit(*snapshot, snapshot->trusts, chain, kNow);
  BOOST_TEST(to_string(admission.reason) == "unknown_device");
  BOOST_TEST(admission.inspected.empty());
}

// The whole promise: time, lists, authorities and inventory change at random, and nobody can tell
// from the answer whether it was remembered.
BOOST_AUTO_TEST_CASE(a_remembered_chain_is_admitted_exactly_as_a_new_one) {
  const Plants plants;
  ChainCache cache(12);
  std::mt19937 dice(20261126);
  const auto one_of = [&](const auto& all) -> const auto& { return all[dice() % all.size()]; };
  std::map<std::string, int> remembered;  // How often each answer came from the cache.
  for (int i = 0; i < 2000; ++i) {
    const Snapshot& snapshot = *one_of(plants.snapshots);
    std::vector<std::shared_ptr<const pki::Trust>> trusts = snapshot.trusts;
    if (dice() % 2 == 0) std::swap(trusts.front(), trusts.back());
    if (dice() % 4 == 0) trusts.pop_back();
    const std::vector<Der>& sent = one_of(plants.chains);
    const std::vector<Bytes> chain(sent.begin(), sent.end());
    const WallTime now =
        kNow + Millis{static_cast<std::int64_t>(dice() % (8 * 24)) * kHour.ms - kDay.ms};
    const Admission fresh = admit(snapshot, trusts, chain, now);
    Admission cached = admit(snapshot, trusts, chain, now, cache);
    check_same(fresh, cached);
    const pki::Sha256 chain_digest = pki::sha256_of_list(chain);
    for (const auto& trust : trusts) {
      const auto facts = cache.find(chain_digest, trust->identity(), now);
      if (facts != nullptr && facts == cached.facts)
        ++remembered[std::string(to_string(cached.reason))];
    }
    for (Inspected& each : cached.inspected) cache.insert(std::move(each));
    BOOST_TEST(cache.size() <= 12U);
  }
  for (const char* reason : {"none", "certificate_revoked", "revocation_stale", "unknown_device",
                             "identity_ambiguous"}) {
    BOOST_TEST(remembered[reason] > 0, "no answer of " << reason << " came from the cache");
  }
}

BOOST_AUTO_TEST_SUITE_END()
