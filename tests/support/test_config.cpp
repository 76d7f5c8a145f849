#include "support/test_config.h"

#include <cerrno>
#include <stdexcept>

#include <fnmatch.h>

namespace interlock::test {
namespace {

constexpr std::string_view kMain = R"(gateway_id: "gate"
site: "hall"
certificate { chain_file: "tls/gateway.pem" key_file: "tls/gateway.key" }
trust { name: "plant" ca_file: "trust/plant.pem" crl { file: "trust/plant.crl" } }
listener { name: "telemetry" address: "192.0.2.1:8443" protocol: HTTP trust: "plant" }
service { name: "historian" endpoint: "10.20.0.5:8080" }
audit { file: "audit.jsonl" }
inventory_file: "devices.csv"
include: "policy.d/*"
)";

Authority make_authority(const std::string& name) {
  Issued ca = self_signed(ca_spec(name));
  std::string crl = to_pem("X509 CRL", make_crl(ca));
  return {std::move(ca), std::move(crl)};
}

const Issued& gateway_certificate() {
  static const Issued made = issue(plant_authority().ca, {.common_name = "gateway"});
  return made;
}

}  // namespace

TestConfig& TestConfig::replace(const std::string& file, std::string_view from,
                                std::string_view to) {
  std::string& text = files.at(file);
  const std::size_t at = text.find(from);
  if (at == std::string::npos || text.find(from, at + 1) != std::string::npos)
    throw std::runtime_error(file + " has not exactly one " + std::string(from));
  text.replace(at, from.size(), to);
  return *this;
}

policy::FileAccess TestConfig::access() const {
  return {.read = [this](const std::string& path, std::size_t bytes_max) -> Result<std::string> {
            const auto refuse = [](int sys) {
              return fail(Errc::kIo, Origin::kEnvironment, "cannot open", sys);
            };
            const auto file = files.find(path);
            if (unreadable.contains(path)) return refuse(EACCES);
            if (file == files.end()) return refuse(ENOENT);
            if (file->second.size() > bytes_max)
              return fail(Errc::kLimit, Origin::kEnvironment, "it is too large");
            return file->second;
          },
          .glob =
              [this](const std::string& pattern) {
                std::vector<std::string> found;
                for (const auto& [path, text] : files) {
                  if (fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0)
                    found.push_back(path);
                }
                return found;
              }};
}

policy::Loaded TestConfig::load(WallTime now) const {
  return policy::load("etc/main", access(), now);
}

const Authority& plant_authority() {
  static const Authority made = make_authority("Plant CA");
  return made;
}

const Authority& vendor_authority() {
  static const Authority made = make_authority("Vendor CA");
  return made;
}

TestConfig plant_config() {
  TestConfig config;
  config.main() = kMain;
  config.policy() = "# Functions and what belongs to them.\n";
  config.inventory() = "device_id,function,tier,identity_type,identity,trust,site\n";
  config.files["etc/trust/plant.pem"] = plant_authority().ca.pem();
  config.files["etc/trust/plant.crl"] = plant_authority().crl_pem;
  config.files["etc/tls/gateway.pem"] = gateway_certificate().pem();
  config.files["etc/tls/gateway.key"] = gateway_certificate().key.pem();
  return config;
}

std::shared_ptr<const policy::Snapshot> snapshot_of(const TestConfig& config) {
  policy::Loaded loaded = config.load();
  if (loaded.snapshot != nullptr) return loaded.snapshot;
  std::string what = "the configuration is not in order:";
  for (const std::string& complaint : complaints(loaded)) what += "\n" + complaint;
  throw std::runtime_error(what);
}

std::vector<std::string> complaints(const policy::Loaded& loaded) {
  std::vector<std::string> out;
  for (const policy::Problem& problem : loaded.problems) out.push_back(policy::to_string(problem));
  return out;
}

Marked::Marked(std::string_view marked) {
  int line = 1, column = 1;
  for (const char c : marked) {
    if (c == '@') {
      places.push_back(std::to_string(line) + ":" + std::to_string(column));
      continue;
    }
    text += c;
    column = c == '\n' ? 1 : column + 1;
    line += c == '\n' ? 1 : 0;
  }
}

std::vector<std::string> Marked::complaints(const std::string& file,
                                            const std::vector<std::string>& messages) const {
  if (messages.size() != places.size())
    throw std::runtime_error(std::to_string(places.size()) + " places are marked");
  std::vector<std::string> out;
  for (std::size_t i = 0; i < places.size(); ++i)
    out.push_back(file + ":" + places[i] + ": " + messages[i]);
  return out;
}

}  // namespace interlock::test
