// An exchange that goes on in another protocol after its service has agreed to that.
#include <fmt/format.h>

#include "session/exchange.h"

namespace interlock::session {

Step Exchange::tunnel(ClientSide& client) {
  switch (tunnel_.advance(client, leg_, context_)) {
    case Tunnel::Moved::kOn:
      return Step::again();
    case Tunnel::Moved::kNot:
      return Step::wait(Tunnel::wants(client, leg_));
    case Tunnel::Moved::kEnded:
      end_tunnel("the service ended it");
      leg_.end(/*answered=*/true);
      reset();
      client.closing = true;
      return Step::again();
    case Tunnel::Moved::kGone:
      end_tunnel("the client's connection broke");
      phase_ = Phase::kBroken;
      return Step::again();
    case Tunnel::Moved::kFailed:
      end_tunnel(leg_.failure().detail);
      phase_ = Phase::kBroken;
      return Step::again();
  }
  return Step::close();
}

void Exchange::end_tunnel(std::string_view how) {
  end_tunnel(*gate_.admission().device, Reason::kNone, how);
}

void Exchange::end_tunnel(const policy::Device& device, Reason reason, std::string_view how) {
  gate_.tunnel_ended(device, *permit_, operation(), reason,
                     fmt::format("{}; {} bytes had gone to the service, {} to the client", how,
                                 tunnel_.bytes_up(), tunnel_.bytes_down()));
}

Reason Exchange::look_again() {
  if (phase_ != Phase::kTunnel || !gate_.is_outdated()) return Reason::kNone;
  const SnapshotPtr before = gate_.snapshot();  // The device, permit_ and the leg point into it.
  const policy::Device& device = *gate_.admission().device;
  const Judgement again = gate_.judge_again(operation());
  // The service was told who it speaks with.
  const bool same = again.allowed() && gate_.admission().device->id == device.id &&
                    again.permit->service->key == permit_->service->key;
  if (same) {
    permit_ = again.permit;
    leg_.move_to(*permit_->service);
    return Reason::kNone;
  }
  const Reason reason = again.allowed() ? Reason::no_permit : again.reason;
  end_tunnel(device, reason,
             again.allowed() ? "its service or its device is another now" : again.detail);
  reset();
  return reason;
}

}  // namespace interlock::session
