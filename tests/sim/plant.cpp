#include "sim/plant.h"

#include <map>
#include <stdexcept>

#include <fmt/format.h>

#include "policy/load.h"

namespace interlock::sim {
namespace {

using test::Issued;
using test::kHour;
using test::kNow;

constexpr std::string_view kMain = R"(
gateway_id: "press-hall-3"
certificate { chain_file: "gateway.pem" key_file: "gateway.key" }
trust { name: "plant" ca_file: "ca.pem" crl { file: "plant.crl" } }
service { name: "mes" endpoint: "10.20.0.6:8080" }
audit { file: "audit.jsonl" }
inventory_file: "devices.csv"
function {
  name: "press"
  permit { name: "readings" service: "historian"
           http { method: "POST" path: "/v1/devices/{device.id}/readings" max_body: "1MiB" } }
  permit { name: "small" service: "historian"
           http { method: "POST" path: "/small" max_body: "4KiB" } }
  permit { name: "orders" service: "mes"
           http { method: "GET" method: "PUT" method: "POST" path: "/orders/*" } }
)";
constexpr std::string_view kListener = R"(
listener {{ name: "{}" address: "192.0.2.1:8443" protocol: HTTP trust: "plant" }}
)";
constexpr std::string_view kStatus = R"(
  permit { name: "status" service: "historian"
           http { method: "GET" method: "HEAD" path: "/status/*" } }
)";
constexpr std::string_view kAlarms = R"(
  permit {{ name: "alarms" service: "historian"
           http {{ method: "POST" path: "/alarms" content_type: "application/json" }}
           rate {{ {} }} }}
)";
constexpr std::string_view kObserver = R"(
}
function {
  name: "observer"
  permit { name: "status" service: "historian" http { method: "GET" path: "/status/*" } }
}
)";

struct Plant {
  Issued ca = test::self_signed(test::ca_spec("Plant CA"));
  Issued other_ca = test::self_signed(test::ca_spec("Some CA"));
  Issued gateway = test::issue(ca, {.common_name = "gateway"});
  std::map<std::string, Issued> leaves;

  Plant() {
    for (const char* name :
         {"press-07", "press-08", "press-09", "expired-01", "revoked-01", "nobody", "stranger"}) {
      test::CertSpec spec{.common_name = name};
      spec.uris = {uri_of(name)};
      if (spec.common_name == "press-09") spec.not_after = kNow + kHour;
      if (spec.common_name == "expired-01") spec.not_after = kNow + Millis{-kHour.ms};
      leaves.emplace(name, test::issue(spec.common_name == "stranger" ? other_ca : ca, spec));
    }
  }
  static std::string uri_of(std::string_view name) {
    return fmt::format("spiffe://plant/{}", name);
  }
};

const Plant& plant() {
  static const Plant made;
  return made;
}

}  // namespace

std::shared_ptr<const policy::Snapshot> plant_snapshot(const Intent& intent) {
  const Issued& authority = intent.another_authority ? plant().other_ca : plant().ca;
  std::string inventory = "device_id,function,identity_type,identity,trust\n";
  for (const auto& [device, function, identity] : intent.devices)
    inventory += fmt::format("{},{},uri,{},plant\n", device, function, Plant::uri_of(identity));
  test::CrlSpec crl{.next_update = kNow + intent.crl_lifetime};
  for (const std::string& name : intent.revoked)
    crl.entries.push_back({test::serial_of(plant().leaves.at(name)), {}, {}});

  const std::map<std::string, std::string> files = {
      {"main.textproto", fmt::format("service {{ name: \"historian\" {} }}{}{}", intent.historian,
                                     kMain, intent.permits_status ? kStatus : "") +
                             fmt::format(kAlarms, intent.alarms_rate) + std::string(kObserver) +
                             fmt::format(kListener, intent.listener) + intent.functions},
      {"gateway.pem", plant().gateway.pem()},
      {"gateway.key", plant().gateway.key.pem()},
      {"ca.pem", authority.pem()},
      {"plant.crl", test::text_of(test::make_crl(authority, crl))},
      {"devices.csv", inventory}};
  const policy::FileAccess access{
      .read = [&](const std::string& path, std::size_t) -> Result<std::string> {
        const auto at = files.find(path);
        if (at == files.end()) return fail(Errc::kIo, Origin::kEnvironment, "no such file");
        return at->second;
      },
      .glob = [](const std::string&) { return std::vector<std::string>{}; }};
  policy::Loaded loaded = policy::load("main.textproto", access, kNow);
  if (loaded.snapshot == nullptr) throw std::runtime_error(to_string(loaded.problems.at(0)));
  return loaded.snapshot;
}

const Issued& issued_of(const std::string& name) { return plant().leaves.at(name); }

std::vector<test::Der> chain_of(const std::string& name) { return {issued_of(name).der}; }

}  // namespace interlock::sim
