// One server session of BoringSSL over a ByteStream.
#pragma once

#include <memory>

#include "base/limits.h"
#include "port/secure_stream.h"
#include "tls/worker_bio.h"

namespace interlock::tls {

class ServerStream final : public port::SecureStream {
 public:
  static constexpr std::uint32_t kSessionSeconds = limits::kTlsSessionLifetimeMax.ms / 1000;

  // `server` is what `ssl` was made from.
  ServerStream(WorkerBio& worker, std::shared_ptr<const void> server, bssl::UniquePtr<SSL> ssl,
               std::unique_ptr<port::ByteStream> stream);

  port::Handshake handshake() override;
  [[nodiscard]] std::vector<Bytes> peer_chain() const override;
  void set_verdict(Reason verdict) override;
  [[nodiscard]] Reason failure() const override { return failure_; }
  [[nodiscard]] std::string_view failure_detail() const override { return failure_detail_; }
  [[nodiscard]] bool resumed() const override { return resumed_; }
  port::IoResult read(std::span<std::uint8_t> into) override;
  port::IoResult write(std::span<const std::uint8_t> from) override;
  port::IoResult flush() override;
  void refuse(Reason reason) override;
  void finish() override;
  port::IoResult discard() override;
  void want(bool read, bool write) override;
  [[nodiscard]] std::size_t held() const override {
    return link_.unread.capacity() + link_.unsent.capacity();
  }

  // on_verify is the library's callback (SSL_CTX_set_custom_verify): it passes on the verdict, or
  // says that there is none yet.
  static ssl_verify_result_t on_verify(SSL* ssl, std::uint8_t* out_alert);

 private:
  enum class Verdict : std::uint8_t { kNotAsked, kAsked, kGiven };
  port::Handshake do_handshake();
  port::Handshake judge_resumed();
  void send_alert(Reason reason);
  void note_failure(int ssl_error);

  WorkerBio& worker_;
  std::unique_ptr<port::ByteStream> stream_;
  Link link_;
  std::shared_ptr<const void> server_;  // Goes after ssl_, whose certificates are in its pool.
  bssl::UniquePtr<SSL> ssl_;
  Verdict verdict_ = Verdict::kNotAsked;
  Reason refused_for_ = Reason::kNone;
  Reason failure_ = Reason::kNone;
  const char* failure_detail_ = "";
  bool resumed_ = false;  // TLS is done without a verdict: the library asks for none.
  bool established_ = false;
  bool closing_ = false;    // Nothing more may be written through TLS.
  bool finishing_ = false;  // End-of-stream follows once everything is sent.
  bool shut_down_ = false;  // It has been sent.
};

}  // namespace interlock::tls
