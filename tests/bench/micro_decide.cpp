// decide(): the time of one decision must not grow with the devices, and hardly with the permits.
#include <map>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "policy/decide.h"
#include "support/test_config.h"

namespace {

using namespace interlock;

constexpr int kFunctions = 1000;
constexpr int kPermits = 50;

std::shared_ptr<const policy::Snapshot> plant_of(int num_devices) {
  static std::map<int, std::shared_ptr<const policy::Snapshot>> made;
  auto& snapshot = made[num_devices];
  if (snapshot != nullptr) return snapshot;
  test::TestConfig config = test::plant_config();
  std::string& policy = config.policy();
  for (int f = 0; f < kFunctions; ++f) {
    policy += fmt::format("function {{ name: \"f{}\"\n", f);
    for (int p = 0; p < kPermits; ++p) {
      policy += fmt::format(
          "permit {{ name: \"p{0:02}\" service: \"historian\" http {{ method: \"GET\" "
          "path: \"/v1/area{0}/{{device.id}}/readings\" }} }}\n",
          p);
    }
    policy += "}\n";
  }
  for (int d = 0; d < num_devices; ++d) {
    config.inventory() +=
        fmt::format("device-{:06},f{},,cn,device-{:06},plant,\n", d, d % kFunctions, d);
  }
  return snapshot = test::snapshot_of(config);
}

void decide_request(benchmark::State& state, const char* tail) {
  const auto snapshot = plant_of(static_cast<int>(state.range(0)));
  std::size_t next = 0;
  const std::size_t num = snapshot->devices.size();
  std::vector<std::string> paths;
  for (int p = 0; p < kPermits; ++p) paths.push_back(fmt::format("/v1/area{}/", p));
  std::string path;
  for (auto _ : state) {
    const policy::Device& device = *snapshot->devices[next % num];
    path = paths[next % kPermits];
    path.append(device.id).append(tail);
    next += 7919;
    const policy::Facts facts{.device = device};
    const HttpOperation operation{.method = "GET", .path = path};
    benchmark::DoNotOptimize(policy::decide(facts, operation));
  }
}

void decide_allow(benchmark::State& state) { decide_request(state, "/readings"); }
void decide_deny(benchmark::State& state) { decide_request(state, "/nothing"); }
BENCHMARK(decide_allow)->Arg(10)->Arg(1'000)->Arg(100'000);
BENCHMARK(decide_deny)->Arg(10)->Arg(1'000)->Arg(100'000);

}  // namespace
