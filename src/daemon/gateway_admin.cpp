// What the running gateway is asked on its admin socket.
#include <fmt/format.h>
#include <unistd.h>

#include "control/status.h"
#include "daemon/gateway.h"
#include "interlock/version.h"

namespace interlock::daemon {
namespace {

constexpr std::size_t kAccountsBytesMax = 1 * limits::kMiB;

}  // namespace

Status Gateway::open_admin_socket() {
  if (snapshot_->admin_socket.empty()) return Ok{};
  IL_TRY_ASSIGN(admin_file_, net::UnixListener::listen(snapshot_->admin_socket));
  admin_ = std::make_unique<control::AdminServer>(
      clock_, loop_, control::AdminAccess{.own_uid = geteuid(), .group = admin_file_->group()},
      *this);
  const auto on_accept = [this](std::unique_ptr<net::SocketStream> stream, const std::string&) {
    auto peer = net::peer_identity(*stream);
    if (!peer) return;  // It is gone already.
    admin_->open(
        std::move(stream),
        {.uid = peer->uid, .gid = peer->gid, .pid = peer->pid, .groups = std::move(peer->groups)});
  };
  admin_acceptor_ = std::make_unique<net::Acceptor>(loop_, admin_file_->take_fd(), on_accept);
  return Ok{};
}

control::Operator Gateway::operator_of(const control::AdminPeer& peer) const {
  const auto accounts = files_.read("/etc/passwd", kAccountsBytesMax);
  return {.uid = peer.uid,
          .name = control::account_name(accounts ? *accounts : std::string(), peer.uid),
          .security = peer.uid == 0 || peer.uid == geteuid()};
}

void Gateway::ask(const control::AdminRequest& request, const control::AdminPeer& peer,
                  control::AdminTicket ticket) {
  if (const auto* devices = std::get_if<control::DevicesRequest>(&request)) {
    admin_->answer(ticket, desk_.devices(*devices, *snapshot_));
    return;
  }
  if (const auto* quarantine = std::get_if<control::QuarantineRequest>(&request)) {
    desk_.act(*quarantine, *snapshot_, operator_of(peer), ticket);
    return;
  }
  if (const auto* release = std::get_if<control::ReleaseRequest>(&request)) {
    desk_.act(*release, *snapshot_, operator_of(peer), ticket);
    return;
  }
  const bool reload = std::holds_alternative<control::ReloadRequest>(request);
  const auto kind = reload ? control::Turn::Kind::kReload : control::Turn::Kind::kCompare;
  if (!turns_.want(kind, {.name = control::to_string(peer), .ticket = ticket})) {
    admin_->answer(ticket, control::Refusal{"too many others are waiting: try again"});
  }
  next_turn();
}

void Gateway::finish_compare(const Work& work) {
  control::StatusReport report = control::status_of(*snapshot_);
  report.version = kVersion;
  report.now = clock_.wall();
  report.started = started_;
  report.up = clock_.now() - started_at_;
  report.config_file = config_file_;
  report.policy_since = snapshot_since_;
  for (const auto& worker : workers_) report.sessions.push_back(worker->num_sessions());
  report.services = control::reports_of(*snapshot_, services_);
  report.sessions_max = capacity_.connections_max();
  report.state_trouble = desk_.trouble();
  report.num_quarantined = desk_.num_quarantined();
  report.audit_healthy = audit_->healthy();
  report.audit_last_seq = audit_->last_seq();
  report.last_reload = last_reload_;
  report.disk = work.disk;
  for (const control::Asker& asker : work.turn.askers) admin_->answer(asker.ticket, report);
  turns_.finished();
}

}  // namespace interlock::daemon
