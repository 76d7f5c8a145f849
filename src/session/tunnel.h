// Tunnel: what becomes of an exchange whose service has agreed to go on in another protocol. Bytes
// pass in both directions, unread.
#pragma once

#include <cstdint>

#include "session/client_side.h"
#include "session/service_leg.h"
#include "session/step.h"

namespace interlock::session {

// Tunnel belongs to one exchange. Each direction has the queue that bodies go through, and stops
// where that is full. Where the client finishes sending, so does the gateway towards the service,
// and the client still gets what that sends; where the service finishes, so does the tunnel. A
// client that is cut off has finished nothing: it must not look so to the service.
class Tunnel {
 public:
  enum class Moved : std::uint8_t {
    kOn,
    kNot,
    kEnded,   // The service has finished; the rest of what it sent is in `client.out`.
    kFailed,  // The service's connection broke: leg.failure() says why.
    kGone,    // The client's did.
  };

  Moved advance(ClientSide& client, ServiceLeg& leg, Context& context);

  // wants is what to wait for after kNot.
  static Wants wants(const ClientSide& client, const ServiceLeg& leg);

  [[nodiscard]] std::uint64_t bytes_up() const { return bytes_up_; }      // To the service.
  [[nodiscard]] std::uint64_t bytes_down() const { return bytes_down_; }  // To the client.

 private:
  bool take_from_client(ClientSide& client, ServiceLeg& leg, Context& context);

  std::uint64_t bytes_up_ = 0, bytes_down_ = 0;
  bool finished_ = false;  // The service has been told that the client sends no more.
};

}  // namespace interlock::session
