// Session carries one client connection from accept to close.
//
// Theory of operation. Readiness only calls advance(); advance() is the only function that moves
// bytes or state; every step returns what it waits for. Handshake until the client has shown a
// chain; identify: the gate judges it; handshake again until possession of the key is proved; then
// one exchange after another, each judged anew; then drain, so that the client sees the last answer
// or alert instead of a reset. A stranger never reaches the HTTP decoder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "session/client_side.h"
#include "session/exchange.h"
#include "session/gate.h"
#include "session/step.h"

namespace interlock::session {

class SessionTable;

// SessionId names a session for as long as the table holds it; a stale id finds nothing.
struct SessionId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  auto operator<=>(const SessionId&) const = default;
};

// Owned by SessionTable; everyone else holds a SessionId. Used by one data thread.
class Session final : public port::StreamObserver {
 public:
  enum class Phase : std::uint8_t { kHandshake, kIdentify, kServe, kDrain, kClosed };

  Session(SessionTable& table, SessionId id, Context& context, Origin origin);

  // start gives the session its stream, whose observer it is, and begins.
  void start(std::unique_ptr<port::SecureStream> stream);

  void on_stream_ready() override { advance(); }
  void advance() noexcept;

  // on_snapshot_changed looks again whether the client is still admitted, and cuts it where not. A
  // session in the middle of an exchange is judged at its next operation.
  void on_snapshot_changed() noexcept;

  // cut ends the session now: with an alert where the client has no answer under way.
  void cut(Reason reason, std::string_view detail) noexcept;

  // on_deadline is called when deadline() has passed.
  void on_deadline() noexcept;

  // rest gives back what an idle client does not need, once may_rest() is true: it would be a third
  // of all that its connection takes.
  [[nodiscard]] bool may_rest(Instant now) const { return rests_at_ <= now; }
  void rest() noexcept;

  [[nodiscard]] Instant deadline() const { return deadline_; }
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] const Gate& gate() const { return gate_; }

 private:
  static constexpr Instant kNever{INT64_MAX};

  Step do_handshake();
  Step do_identify();
  Step do_serve();
  Step do_drain();
  Step next_request();
  Step refuse_request(Reason reason, std::string_view detail, int status);
  bool send_answers(Step& step);
  void after_exchange();
  void drain();
  void keep_index();
  void close();
  void rest_later() { rests_at_ = context_.clock.now() + limits::kRestAfter; }
  void wait(const Step& step);
  void set_deadline(Millis from_now) { deadline_ = context_.clock.now() + from_now; }

  SessionTable& table_;
  const SessionId id_;
  Context& context_;
  Gate gate_;
  ClientSide client_;
  Exchange exchange_;
  Phase phase_ = Phase::kHandshake;
  Instant deadline_;
  Instant rests_at_ = kNever;
  std::uint64_t indexed_generation_ = 0;
  bool refused_ = false;   // The refusal of this handshake is on record.
  bool flushed_ = false;   // The client has been sent all, end-of-stream included.
  bool finished_ = false;  // Nothing more will be written; end-of-stream follows what waits.
  std::size_t drained_ = 0;
};

}  // namespace interlock::session
