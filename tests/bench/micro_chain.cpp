// Certificate chains: never seen, remembered, and judged again.
#include <vector>

#include <benchmark/benchmark.h>

#include "policy/admit.h"
#include "support/test_pki.h"

namespace {

using namespace interlock;

struct Chain {
  test::Issued root = test::self_signed(test::ca_spec("Root"));
  test::Issued issuing = test::issue(root, test::ca_spec("Issuing"));
  test::Issued leaf = test::issue(issuing, {});
  std::vector<Bytes> sent{leaf.bytes(), issuing.bytes()};
  std::shared_ptr<const pki::Trust> trust = load();

  std::shared_ptr<const pki::Trust> load() const {
    std::vector<pki::TrustProblem> problems;
    return pki::load_trust(
        {.name = "plant", .ca_file = "ca.pem", .ca_pem = root.pem(), .no_revocation = true},
        test::kNow, problems);
  }
};

void verify_never_seen(benchmark::State& state) {
  const Chain chain;
  for (auto _ : state) benchmark::DoNotOptimize(pki::inspect(chain.sent, *chain.trust, test::kNow));
}
BENCHMARK(verify_never_seen);

void find_remembered(benchmark::State& state) {
  const Chain chain;
  policy::ChainCache cache;
  cache.insert(
      {pki::sha256_of_list(chain.sent), chain.trust->identity(),
       std::make_shared<pki::ChainFacts>(pki::inspect(chain.sent, *chain.trust, test::kNow))});
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        cache.find(pki::sha256_of_list(chain.sent), chain.trust->identity(), test::kNow));
  }
}
BENCHMARK(find_remembered);

void judge_again(benchmark::State& state) {
  const Chain chain;
  const pki::ChainFacts facts = pki::inspect(chain.sent, *chain.trust, test::kNow);
  for (auto _ : state) benchmark::DoNotOptimize(pki::judge(facts, *chain.trust, test::kNow));
}
BENCHMARK(judge_again);

}  // namespace
