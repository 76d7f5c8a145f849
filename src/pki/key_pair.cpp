#include "pki/key_pair.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "pki/boringssl.h"

namespace interlock::pki {
namespace {

tl::unexpected<Error> wrong(const char* what) {
  return fail(Errc::kCrypto, Origin::kEnvironment, what);
}

}  // namespace

Result<Certificate> check_key_pair(std::string_view chain_pem, std::string_view key_pem) {
  std::vector<std::vector<std::uint8_t>> chain;
  IL_TRY_ASSIGN(chain, pem_certificates(chain_pem));
  Certificate leaf;
  IL_TRY_ASSIGN(leaf, read_certificate(chain.front()));
  const bssl::UniquePtr<BIO> pem(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  const bssl::UniquePtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (key == nullptr) {
    return wrong("the key file holds no private key in PEM, or one with a password");
  }
  const std::uint8_t* at = leaf.der.data();
  const bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &at, static_cast<long>(leaf.der.size())));
  const bssl::UniquePtr<EVP_PKEY> expected(x509 ? X509_get_pubkey(x509.get()) : nullptr);
  if (expected == nullptr || EVP_PKEY_cmp(expected.get(), key.get()) != 1) {
    ERR_clear_error();
    return wrong("the key is not that of the first certificate of the chain");
  }
  return leaf;
}

}  // namespace interlock::pki
