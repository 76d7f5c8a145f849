// Exchange: one request and its answer. Judge, borrow a service connection, relay both ways with
// back-pressure, give the connection back clean or close it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "session/client_side.h"
#include "session/gate.h"
#include "session/service_leg.h"
#include "session/step.h"
#include "session/tunnel.h"
#include "wire/http1/encoder.h"

namespace interlock::session {

// Exchange belongs to one session and is used again for each of its requests. Bytes only move
// inside advance(); `observer` is the session, which calls it.
class Exchange {
 public:
  Exchange(Context& context, Gate& gate, port::StreamObserver& observer)
      : context_(context), gate_(gate), leg_(context, observer) {}

  // begin judges a request. Allowed: the head is on its way to the service. Refused: the answer is
  // in `client.out`. `head` is not kept.
  void begin(const http1::RequestHead& head, ClientSide& client);

  // advance moves what can move. kClose: the client must be cut off without a proper end, because
  // the service broke off in the middle of its answer.
  Step advance(ClientSide& client);

  // on_timeout ends the exchange in the protocol's own words. The step is as advance()'s.
  Step on_timeout(ClientSide& client);

  // look_again decides once more on a tunnel where the configuration or the validity of the
  // certificate has moved. Any other reason than kNone ended the exchange; it is on record, and the
  // client must be cut off.
  Reason look_again();

  // abandon ends the exchange because the session is over.
  void abandon();

  [[nodiscard]] bool active() const { return phase_ != Phase::kIdle; }
  [[nodiscard]] bool is_tunnel() const { return phase_ == Phase::kTunnel; }
  [[nodiscard]] bool is_broken() const { return phase_ == Phase::kBroken; }

  // timeout says how long to wait for the next movement.
  [[nodiscard]] Millis timeout() const;

  // waits_for_client says that the client has to send next, not the service.
  [[nodiscard]] bool waits_for_client() const {
    return phase_ == Phase::kDiscard || (phase_ == Phase::kRelay && waits_for_body());
  }

  // held is the memory that its buffers take.
  [[nodiscard]] std::size_t held() const { return leg_.held(); }

  void want(Wants wants);

  // rest gives back memory that is not in use.
  void rest() { leg_.rest(); }

 private:
  enum class Phase : std::uint8_t {
    kIdle,
    kRelay,    // Request body to the service, answer to the client.
    kTunnel,   // The service has agreed to another protocol: bytes in both directions.
    kDiscard,  // Answered by the gateway itself; the rest of the request is read and dropped.
    kBroken,   // The answer broke off in the middle: the client must be cut off.
  };

  Step relay(ClientSide& client);
  Step tunnel(ClientSide& client);
  void end_tunnel(std::string_view how);
  void end_tunnel(const policy::Device& device, Reason reason, std::string_view how);
  Step discard(ClientSide& client);
  bool take_request(ClientSide& client);
  bool may_go_on(ClientSide& client);
  bool send_to_service(ClientSide& client);
  bool take_answer(ClientSide& client);
  bool on_response_head(const http1::ResponseHead& head, ClientSide& client);
  void refuse(ClientSide& client, const Judgement& judgement, int status);
  void refuse_midway(ClientSide& client, const Judgement& judgement, int status);
  void service_failed(ClientSide& client);
  void finish(ClientSide& client);
  void reset();
  // waits_for_body says that the client has to move next, not the service.
  [[nodiscard]] bool waits_for_body() const { return !request_done_ && leg_.out().room() > 0; }
  [[nodiscard]] HttpOperation operation() const {
    return {.method = method_,
            .path = path_,
            .body_bytes = announced_,
            .content_type = content_type_,
            .upgrade = upgrade_};
  }

  Context& context_;
  Gate& gate_;

  Phase phase_ = Phase::kIdle;
  std::int64_t begun_us_ = 0;               // When the request was permitted.
  const policy::Permit* permit_ = nullptr;  // Of the gate's snapshot, or of before_.
  std::string method_, path_, content_type_, upgrade_;
  std::optional<std::uint64_t> announced_;  // As HttpOperation::body_bytes.
  http1::RequestContext request_;
  SnapshotPtr before_;  // Where the gate has moved on: what permit_ and the leg point into.
  ServiceLeg leg_;
  Tunnel tunnel_;
  http1::Framing request_framing_ = http1::Framing::kNone;
  http1::BodyForm answer_form_ = http1::BodyForm::kNone;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t body_bytes_max_ = 0;
  std::size_t num_interim_ = 0;
  bool request_done_ = false;    // The whole request has been decoded.
  bool answer_started_ = false;  // The client has been given a status line.
  bool answer_done_ = false;     // The whole answer has been decoded.
  bool switches_ = false;        // It was 101.
};

}  // namespace interlock::session
