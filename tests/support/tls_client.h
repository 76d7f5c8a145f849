// A TLS client of BoringSSL over any ByteStream, and what a test wants to know about it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "port/byte_stream.h"
#include "support/test_pki.h"

namespace interlock::test {

struct TlsClientOptions {
  std::uint16_t version = TLS1_3_VERSION;  // The only one it speaks.
  std::vector<Der> chain;                  // Leaf first; empty: it has no certificate.
  std::optional<Key> key;
  bool thief = false;              // `key`, of P-256, is not that of the first certificate.
  SSL_SESSION* session = nullptr;  // An old session to offer.
  bool early_data = false;         // Also offers 0-RTT with it.
};

// Credential of one certificate for TlsClientOptions.
TlsClientOptions options_of(const Issued& issued, std::uint16_t version = TLS1_3_VERSION);

class TlsClient {
 public:
  // How the connection ended, as this client sees it.
  enum class End { kOpen, kCloseNotify, kAlert, kError };

  TlsClient(std::unique_ptr<port::ByteStream> stream, const TlsClientOptions& options);

  // move goes on with the handshake, then reads what has come, as far as it goes.
  void move();
  // write sends all of `text` and returns true, or leaves it and waits for room.
  bool write(std::string_view text);
  void close_notify() { SSL_shutdown(ssl_.get()); }

  bool established() const { return established_; }
  End end() const { return end_; }
  int alert() const { return alert_; }  // The fatal alert it got; -1: none.
  std::string& received() { return received_; }
  std::size_t sessions_offered() const { return sessions_.size(); }  // By tickets or session ids.
  SSL_SESSION* last_session() const { return sessions_.back().get(); }
  bool resumed() const { return SSL_session_reused(ssl_.get()) != 0; }
  bool early_data_accepted() const { return SSL_early_data_accepted(ssl_.get()) != 0; }
  bool early_data_sent() const { return early_data_sent_; }
  // The subjects (DER) that the server named as authorities.
  const std::vector<Der>& authorities() const { return authorities_; }
  SSL* ssl() { return ssl_.get(); }

 private:
  static int on_certificate(SSL* ssl, void* self);
  static void on_info(const SSL* ssl, int type, int value);
  static ssl_private_key_result_t on_sign(SSL* ssl, std::uint8_t* out, std::size_t* out_len,
                                          std::size_t max_out, std::uint16_t algorithm,
                                          const std::uint8_t* in, std::size_t in_len);
  static int on_session(SSL* ssl, SSL_SESSION* session);
  void note(int result);

  std::unique_ptr<port::ByteStream> stream_;
  std::optional<Key> key_;
  bssl::UniquePtr<SSL_CTX> ctx_;
  bssl::UniquePtr<SSL> ssl_;
  std::vector<bssl::UniquePtr<SSL_SESSION>> sessions_;
  std::vector<Der> authorities_;
  std::string received_;
  bool offers_early_data_ = false;
  bool early_data_sent_ = false;
  bool established_ = false;
  int alert_ = -1;
  End end_ = End::kOpen;
};

// stream_bio wraps a ByteStream, which must outlive it, for one side of a test.
bssl::UniquePtr<BIO> stream_bio(port::ByteStream& stream);

// set_chain gives `ssl` a certificate chain and its key, or a method that signs without it.
void set_chain(SSL* ssl, const std::vector<Der>& chain, const Key& key,
               const SSL_PRIVATE_KEY_METHOD* method = nullptr);

}  // namespace interlock::test
