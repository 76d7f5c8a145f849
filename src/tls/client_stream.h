// One client session of BoringSSL over a ByteStream, and what the sessions to one service share.
// For src/tls only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "pki/verify.h"
#include "tls/client.h"
#include "tls/worker_bio.h"

namespace interlock::tls {

// Client is what one data thread holds about TLS to one service.
class Client {
 public:
  static Result<std::shared_ptr<Client>> make(std::shared_ptr<const policy::ServiceTls> tls);

  [[nodiscard]] const policy::ServiceTls& tls() const { return *tls_; }
  [[nodiscard]] SSL_CTX* ctx() const { return ctx_.get(); }

  // Session can be resumed up to `until`.
  struct Session {
    bssl::UniquePtr<SSL_SESSION> session;
    WallTime until;
  };
  // take returns the newest session with an endpoint that may be offered at `now`; none is given
  // twice unless TLS 1.2 allows it. keep drops the oldest above limits::kServiceSessionsMax.
  Session take(const std::string& endpoint, WallTime now);
  void keep(const std::string& endpoint, Session session);

  // judge says whether `chain` is that of the service.
  [[nodiscard]] pki::Verdict judge(std::span<const Bytes> chain, WallTime now) const;

 private:
  explicit Client(std::shared_ptr<const policy::ServiceTls> tls);

  std::shared_ptr<const policy::ServiceTls> tls_;
  bssl::UniquePtr<SSL_CTX> ctx_{SSL_CTX_new(TLS_with_buffers_method())};
  std::map<std::string, std::deque<Session>> sessions_;  // The newest first.
};

class ClientStream final : public port::ByteStream {
 public:
  ClientStream(WorkerBio& worker, const port::Clock& clock, std::shared_ptr<Client> client,
               std::string endpoint, std::unique_ptr<port::ByteStream> stream);
  ~ClientStream() override;

  port::IoResult read(std::span<std::uint8_t> into) override;
  port::IoResult write(std::span<const std::uint8_t> from) override;
  port::IoResult flush() override;
  void shutdown_write() override;
  void want(bool read, bool write) override;
  void observe(port::StreamObserver* observer) override { stream_->observe(observer); }
  [[nodiscard]] bool lasts() const override;
  [[nodiscard]] std::string failure() const override { return failure_; }

  // The library's callbacks.
  static ssl_verify_result_t on_verify(SSL* ssl, std::uint8_t* out_alert);
  static int on_session(SSL* ssl, SSL_SESSION* session);

 private:
  port::IoState handshake();
  port::IoState fail(int ssl_error);
  void close_write();

  WorkerBio& worker_;
  const port::Clock& clock_;
  std::shared_ptr<Client> client_;
  const std::string endpoint_;
  std::unique_ptr<port::ByteStream> stream_;
  Link link_;
  bssl::UniquePtr<SSL> ssl_;
  WallTime session_until_;  // How long a session made here may be resumed ...
  WallTime offered_until_;  // ... and the one that was offered.
  WallTime good_until_;     // The verdict on the service holds so long.
  bool established_ = false;
  bool failed_ = false;
  bool closed_ = false;  // close_notify has been sent.
  std::string failure_;
};

}  // namespace interlock::tls
