// The gateway's metrics: where they are served, and the facts they are made of.
#include "daemon/gateway.h"
#include "daemon/process_facts.h"
#include "interlock/version.h"

namespace interlock::daemon {

// `bound` is the socket of the configuration in force, unless it is served already.
void Gateway::serve_metrics(Fd bound) {
  if (!snapshot_->admin_metrics) metrics_acceptor_.reset();
  if (!bound.valid()) return;
  metrics_acceptor_ = std::make_unique<net::Acceptor>(
      loop_, std::move(bound),
      [this](std::unique_ptr<net::SocketStream> stream, const std::string&) {
        metrics_.open(std::move(stream));
      });
}

std::string Gateway::metrics() {
  const audit::WriterFigures trail = audit_->figures();
  control::MetricFacts facts{.version = kVersion,
                             .snapshot = *snapshot_,
                             .snapshot_since = snapshot_since_,
                             .reloads = reloads_,
                             .meters = {},
                             .services = {},
                             .audit = {.healthy = audit_->healthy(),
                                       .last_seq = audit_->last_seq(),
                                       .disk_full = trail.disk_full,
                                       .queue_bytes = trail.queue_bytes,
                                       .num_failures = trail.num_failures,
                                       .lag_seconds = static_cast<double>(trail.lag.ms) / 1000},
                             .process = process_facts()};
  facts.process.started = started_;
  for (const auto& worker : workers_) facts.meters.push_back(&worker->meter());
  for (const auto& each : snapshot_->services) facts.services.push_back(services_.find(*each));
  return control::render_metrics(facts);
}

}  // namespace interlock::daemon
