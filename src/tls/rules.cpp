#include "tls/rules.h"

#include <openssl/pem.h>

namespace interlock::tls {
namespace {

// TLS 1.2 offers only what has forward secrecy and authenticated encryption; TLS 1.3 has no other.
constexpr char kCiphers12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// Without Ed25519 in this list such clients silently send no certificate. P-521 and SHA-1 are left
// out; in TLS 1.2 that keeps out SHA-1 alone.
constexpr std::uint16_t kVerifyAlgorithms[] = {
    SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_ED25519,
    SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PSS_RSAE_SHA384,    SSL_SIGN_RSA_PSS_RSAE_SHA512,
    SSL_SIGN_RSA_PKCS1_SHA256,       SSL_SIGN_RSA_PKCS1_SHA384,
    SSL_SIGN_RSA_PKCS1_SHA512};

// X25519 first: P-256 is slow in Debian's build. A post-quantum group where the library has one.
#ifdef SSL_GROUP_X25519_MLKEM768
constexpr char kGroups[] = "X25519MLKEM768:X25519:P-256:P-384";
#else
constexpr char kGroups[] = "X25519:P-256:P-384";
#endif

tl::unexpected<Error> refused(const char* what) {
  return fail(Errc::kCrypto, Origin::kEnvironment, what);
}

}  // namespace

bssl::UniquePtr<CRYPTO_BUFFER> buffer(Bytes bytes) {
  return bssl::UniquePtr<CRYPTO_BUFFER>(CRYPTO_BUFFER_new(bytes.data(), bytes.size(), nullptr));
}

Status set_rules(SSL_CTX* ctx, bool allows_tls_1_2) {
  const bool set =
      SSL_CTX_set_min_proto_version(ctx, allows_tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) &&
      SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) &&
      SSL_CTX_set_strict_cipher_list(ctx, kCiphers12) && SSL_CTX_set1_curves_list(ctx, kGroups) &&
      SSL_CTX_set_verify_algorithm_prefs(ctx, kVerifyAlgorithms, std::size(kVerifyAlgorithms));
  if (!set) return refused("the TLS library refuses the gateway's rules");
  return Ok{};
}

Status set_certificate(SSL_CTX* ctx, const policy::Certificate& certificate) {
  std::vector<std::vector<std::uint8_t>> chain;
  IL_TRY_ASSIGN(chain, pki::pem_certificates(certificate.chain_pem));
  const bssl::UniquePtr<BIO> pem(
      BIO_new_mem_buf(certificate.key_pem.data(), static_cast<int>(certificate.key_pem.size())));
  const bssl::UniquePtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) {
    return refused("the gateway's key_file holds no private key in PEM without a password");
  }
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> owned;
  std::vector<CRYPTO_BUFFER*> buffers;
  for (const auto& der : chain) {
    owned.push_back(buffer(der));
    buffers.push_back(owned.back().get());
  }
  if (!SSL_CTX_set_chain_and_key(ctx, buffers.data(), buffers.size(), key.get(), nullptr)) {
    return refused(
        "the gateway's key_file is not the key of the first certificate in its chain_file");
  }
  return Ok{};
}

}  // namespace interlock::tls
