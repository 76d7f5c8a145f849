// Keys for tests, of every kind, and signatures with them.
#include <stdexcept>

#include <openssl/base.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "pki/boringssl.h"
#include "support/test_pki.h"

namespace interlock::test {
namespace {

void check(bool worked) {
  if (!worked) throw std::runtime_error("the test PKI could not make this key");
}

bssl::UniquePtr<EVP_PKEY> make_ec(int curve) {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(curve));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  check(EC_KEY_generate_key(ec.get()) && EVP_PKEY_set1_EC_KEY(key.get(), ec.get()));
  return key;
}

bssl::UniquePtr<EVP_PKEY> make_rsa(int bits) {
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> e(BN_new());
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  check(BN_set_word(e.get(), RSA_F4) && RSA_generate_key_ex(rsa.get(), bits, e.get(), nullptr) &&
        EVP_PKEY_set1_RSA(key.get(), rsa.get()));
  return key;
}

bssl::UniquePtr<EVP_PKEY> make_ed25519() {
  const bssl::UniquePtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* key = nullptr;
  check(EVP_PKEY_keygen_init(context.get()) && EVP_PKEY_keygen(context.get(), &key));
  return bssl::UniquePtr<EVP_PKEY>(key);
}

bssl::UniquePtr<EVP_PKEY> make_key(KeyType type) {
  switch (type) {
    case KeyType::kP224:
      return make_ec(NID_secp224r1);
    case KeyType::kP256:
      return make_ec(NID_X9_62_prime256v1);
    case KeyType::kP384:
      return make_ec(NID_secp384r1);
    case KeyType::kP521:
      return make_ec(NID_secp521r1);
    case KeyType::kEd25519:
      return make_ed25519();
    case KeyType::kRsa1024:
      return make_rsa(1024);
    case KeyType::kRsa2048:
      return make_rsa(2048);
  }
  return nullptr;
}

}  // namespace

Key Key::make(KeyType type) {
  Key key;
  key.key_ = {make_key(type).release(), EVP_PKEY_free};
  return key;
}

Key Key::rsa_public_only(unsigned bits) {
  bssl::UniquePtr<BIGNUM> n(BN_new()), e(BN_new());
  check(BN_set_word(n.get(), 1) && BN_lshift(n.get(), n.get(), static_cast<int>(bits) - 1) &&
        BN_add_word(n.get(), 1) && BN_set_word(e.get(), RSA_F4));
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<EVP_PKEY> pkey(EVP_PKEY_new());
  check(RSA_set0_key(rsa.get(), n.get(), e.get(), nullptr));
  static_cast<void>(n.release());
  static_cast<void>(e.release());
  check(EVP_PKEY_set1_RSA(pkey.get(), rsa.get()));
  Key key;
  key.key_ = {pkey.release(), EVP_PKEY_free};
  return key;
}

std::string Key::pem() const {
  const bssl::UniquePtr<BIO> out(BIO_new(BIO_s_mem()));
  const std::uint8_t* data = nullptr;
  std::size_t len = 0;
  check(
      PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) &&
      BIO_mem_contents(out.get(), &data, &len));
  return std::string(as_text({data, len}));
}

}  // namespace interlock::test
