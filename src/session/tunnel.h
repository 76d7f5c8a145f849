// Tunnel: what becomes of an exchange whose service has agreed to go on in another protocol. Bytes
// pass in both directions, unread.
#pragma once

#include <cstdint>

#include "session/client_side.h"
#include "session/service_leg.h"
#include "session/step.h"

namespace interlock::session {

// Tunnel belongs to one exchange. Each direction has the queue that bodies go through, and stops
// where that is full. A client that finishes sending is finished towards the service, and still
// gets what the service sends; where the service finishes, so does the tunnel.
class Tunnel {
 public:
  enum class Moved : std::uint8_t {
    kOn,
    kNot,
    kEnded,   // The service has finished; the rest of what it sent is in `client.out`.
    kFailed,  // The service's connection broke: leg.failure() says why.
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
