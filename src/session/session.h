// Session carries one client connection from accept to close.
//
// Theory of operation. Readiness only calls advance(); advance() is the only function that moves
// bytes or state; every step returns what it waits for. Handshake until the client has shown a
// chain; identify: the gate judges it; handshake again until possession of the key is proved; then
// one exchange after another, each judged anew; then drain, so that the client sees the last answer
// or alert instead of a reset. A stranger never reaches the HTTP decoder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "session/client_side.h"
#include "session/exchange.h"
#include "session/gate.h"
#include "session/pace.h"
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

  Session(SessionTable& table, SessionId id, Context& context, Origin origin, Place place);
  ~Session() {
    exchange_.abandon();
    hold(0);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // start gives the session its stream, whose observer it is; the client's first byte begins.
  void start(std::unique_ptr<port::SecureStream> stream);

  void on_stream_ready() override { advance(); }
  void advance() noexcept;

  // look_again judges anew where the configuration or the validity of the certificate has moved:
  // whether the client is still admitted, and whether what is under way is still permitted. It cuts
  // what is not.
  void look_again() noexcept;

  // cut ends the session now: with an alert where the client has no answer under way.
  void cut(Reason reason, std::string_view detail) noexcept;

  // shed ends the session at once, to free what it holds.
  void shed(std::string_view detail) noexcept;

  // end_idle ends it cleanly. Only where it is_idle: all is answered, and nothing is asked.
  void end_idle() noexcept;
  [[nodiscard]] bool is_idle() const;

  // on_deadline is called when deadline() has passed.
  void on_deadline() noexcept;

  [[nodiscard]] Instant deadline() const {
    return std::min({deadline_, sending_.ends(), taking_.ends()});
  }
  // held is the memory that its buffers take, in whole pages.
  [[nodiscard]] std::size_t held() const { return held_; }

  // rest gives back memory that is not in use, once may_rest() is true or memory is short: empty
  // buffers, and of an idle client all that can be made again.
  [[nodiscard]] bool may_rest(Instant now) const { return rests_at_ <= now; }
  void rest() noexcept;

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] const Gate& gate() const { return gate_; }

 private:
  static constexpr Instant kNever{INT64_MAX};

  Step do_handshake();
  Step begin_service();
  Step do_identify();
  Step do_serve();
  Step do_drain();
  Step wait_for_memory();
  Step next_request();
  Step refuse_request(Reason reason, std::string_view detail, int status);
  bool send_answers(Step& step);
  void after_exchange();
  bool loses_tunnel();
  void drain();
  void count_handshake() const;
  void keep_index();
  void close();
  void rest_later() { rests_at_ = context_.clock.now() + limits::kRestAfter; }
  void wait(const Step& step);
  void watch_pace(const Step& step);
  bool is_late();
  [[nodiscard]] std::size_t buffered() const;
  void hold(std::size_t bytes);
  void set_deadline(Millis from_now) { deadline_ = context_.clock.now() + from_now; }
  const policy::ClientLimits& limits() { return context_.snapshots.current()->limits; }

  SessionTable& table_;
  const SessionId id_;
  Context& context_;
  Gate gate_;
  const std::int64_t accepted_us_ = context_.clock.micros();
  ClientSide client_;
  Exchange exchange_;
  Phase phase_ = Phase::kHandshake;
  Place place_;
  Instant deadline_;
  Pace sending_, taking_;  // The client's: of a body it owes, of an answer that is there for it.
  Instant rests_at_ = kNever;
  std::uint64_t indexed_generation_ = 0;
  bool refused_ = false;   // The refusal of this handshake is on record.
  bool flushed_ = false;   // The client has been sent all, end-of-stream included.
  bool finished_ = false;  // Nothing more will be written; end-of-stream follows what waits.
  std::size_t drained_ = 0;
  std::size_t held_ = 0;  // As the capacity knows it.
};

}  // namespace interlock::session
