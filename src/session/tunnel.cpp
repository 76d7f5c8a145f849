#include "session/tunnel.h"

#include <algorithm>

namespace interlock::session {

bool Tunnel::take_from_client(ClientSide& client, ServiceLeg& leg, Context& context) {
  bool moved = false;
  while (leg.out().room() > 0) {
    if (client.in.empty() && (client.eof || !client.fill(context))) break;
    moved = true;
    const std::size_t len = std::min(leg.out().room(), client.in.size());
    leg.out().append(client.in.view().substr(0, len));
    client.in.consume(len);
    bytes_up_ += len;
  }
  return moved;
}

Tunnel::Moved Tunnel::advance(ClientSide& client, ServiceLeg& leg, Context& context) {
  bool moved = take_from_client(client, leg, context);
  if (client.broken) return Moved::kGone;
  moved |= leg.send() == ServiceLeg::Moved::kOn;
  if (client.eof && client.in.empty() && leg.out().empty() && !finished_) {
    leg.finish();
    finished_ = true;
  }
  while (client.out.room() > 0) {
    const std::size_t before = client.out.size();
    const ServiceLeg::Moved taken = leg.take(client.out);
    if (taken == ServiceLeg::Moved::kFailed) return Moved::kFailed;
    if (taken == ServiceLeg::Moved::kNot) break;
    bytes_down_ += client.out.size() - before;
    moved = true;
  }
  if (leg.has_ended()) return Moved::kEnded;
  return moved ? Moved::kOn : Moved::kNot;
}

Wants Tunnel::wants(const ClientSide& client, const ServiceLeg& leg) {
  return {.client_read = !client.eof && leg.out().room() > 0,
          .service_read = client.out.room() > 0,
          .service_write = !leg.out().empty()};
}

}  // namespace interlock::session
