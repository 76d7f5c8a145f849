// The certificates of a benchmark: a root, an intermediate, the server's certificate, and as many
// devices as wanted, each with a key of its own. All keys are P-256.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <openssl/base.h>
#include <openssl/evp.h>
#include <openssl/pool.h>

namespace interlock::bench {

// make_plant fills a folder that exists:
//   ca.pem                  the root, for the server to trust
//   gateway.pem gateway.key what the server shows: its certificate and the intermediate
//   intermediate.der        what each device sends beside its own certificate
//   devices.bin             certificate and key of each device
// Device number 7 has the common name "device-000007" and the URI "urn:bench:device-000007".
void make_plant(const std::string& folder, std::size_t num_devices);

struct Device {
  bssl::UniquePtr<CRYPTO_BUFFER> leaf;
  bssl::UniquePtr<EVP_PKEY> key;
};

struct Plant {
  bssl::UniquePtr<CRYPTO_BUFFER> intermediate;
  std::vector<Device> devices;
};

// read_plant reads the devices from `first` on, `num` of them; throws where there are fewer.
Plant read_plant(const std::string& folder, std::size_t first, std::size_t num);

}  // namespace interlock::bench
