#include "bench/load_plant.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/bytestring.h>
#include <openssl/mem.h>

#include "support/test_pki.h"

namespace interlock::bench {
namespace {

using test::CertSpec;
using test::Der;
using test::Issued;

std::ofstream out_file(const std::string& path) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (!out) throw std::runtime_error("cannot write " + path);
  return out;
}

WallTime now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

CertSpec valid_for(CertSpec spec, int days) {
  spec.not_before = now() + Millis{-test::kHour.ms};
  spec.not_after = now() + Millis{days * test::kDay.ms};
  return spec;
}

// A piece of devices.bin: its length, then its bytes.
void put(std::ofstream& out, const std::uint8_t* data, std::size_t len) {
  const auto size = static_cast<std::uint32_t>(len);
  out.write(reinterpret_cast<const char*>(&size), sizeof size);
  out.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(len));
}

std::vector<std::uint8_t> get(std::ifstream& in) {
  std::uint32_t size = 0;
  in.read(reinterpret_cast<char*>(&size), sizeof size);
  std::vector<std::uint8_t> bytes(in ? size : 0);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in) throw std::runtime_error("devices.bin holds too few devices");
  return bytes;
}

void put_key(std::ofstream& out, EVP_PKEY* key) {
  bssl::ScopedCBB cbb;
  std::uint8_t* der = nullptr;
  std::size_t len = 0;
  if (!CBB_init(cbb.get(), 256) || !EVP_marshal_private_key(cbb.get(), key) ||
      !CBB_finish(cbb.get(), &der, &len)) {
    throw std::runtime_error("a key cannot be written");
  }
  put(out, der, len);
  OPENSSL_free(der);
}

bssl::UniquePtr<CRYPTO_BUFFER> buffer(const std::vector<std::uint8_t>& bytes) {
  return bssl::UniquePtr<CRYPTO_BUFFER>(CRYPTO_BUFFER_new(bytes.data(), bytes.size(), nullptr));
}

}  // namespace

void make_plant(const std::string& folder, std::size_t num_devices) {
  const Issued root = test::self_signed(valid_for(test::ca_spec("Bench Root"), 365));
  const Issued issuing =
      test::issue(root, valid_for(test::ca_spec("Bench Issuing Authority"), 300));
  CertSpec gateway = valid_for({.common_name = "gateway"}, 30);
  gateway.extended_key_usage = {"1.3.6.1.5.5.7.3.1"};
  gateway.dns = {"gateway"};
  const Issued server = test::issue(issuing, gateway);
  out_file(folder + "/ca.pem") << root.pem();
  out_file(folder + "/gateway.pem") << server.pem() << issuing.pem();
  out_file(folder + "/gateway.key") << server.key.pem();
  out_file(folder + "/intermediate.der")
      .write(reinterpret_cast<const char*>(issuing.der.data()),
             static_cast<std::streamsize>(issuing.der.size()));
  std::ofstream devices = out_file(folder + "/devices.bin");
  for (std::size_t i = 0; i < num_devices; ++i) {
    CertSpec spec = valid_for({.common_name = fmt::format("device-{:06}", i)}, 30);
    spec.uris = {fmt::format("urn:bench:device-{:06}", i)};
    const Issued device = test::issue(issuing, spec);
    put(devices, device.der.data(), device.der.size());
    put_key(devices, device.key.get());
  }
}

Plant read_plant(const std::string& folder, std::size_t first, std::size_t num) {
  Plant plant;
  std::ifstream intermediate(folder + "/intermediate.der", std::ios::binary);
  const std::vector<std::uint8_t> der{std::istreambuf_iterator<char>(intermediate), {}};
  if (der.empty()) throw std::runtime_error("no plant in " + folder + ": make one with `plant`");
  plant.intermediate = buffer(der);
  std::ifstream in(folder + "/devices.bin", std::ios::binary);
  for (std::size_t i = 0; i < first + num; ++i) {
    const auto leaf = get(in);
    const auto key = get(in);
    if (i < first) continue;
    CBS cbs;
    CBS_init(&cbs, key.data(), key.size());
    plant.devices.push_back({buffer(leaf), bssl::UniquePtr<EVP_PKEY>(EVP_parse_private_key(&cbs))});
  }
  return plant;
}

}  // namespace interlock::bench
