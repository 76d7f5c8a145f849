#include "daemon/gateway.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "control/configuration.h"
#include "control/reload.h"
#include "daemon/say.h"
#include "interlock/version.h"

namespace interlock::daemon {
namespace {

using control::ReloadReport;
using Outcome = control::ReloadReport::Outcome;

// Short against every watchdog interval that makes sense, and nothing here costs much.
constexpr Millis kTick{500};

constexpr const char* kAuditProblemHint = "make room on the disk; nothing has changed";

}  // namespace

Gateway::Gateway(Preparation with, Prepared first, std::unique_ptr<audit::Writer> audit,
                 LoadedFacts facts)
    : config_file_(with.config_file),
      files_(with.files),
      snapshot_(std::move(first.snapshot)),
      capacity_(session::connections_for(with.num_descriptors)),
      keyring_(with.keyring),
      audit_(std::move(audit)),
      own_audit_(audit_->sink(audit::About::kActs)),
      desk_({.clock = clock_,
             .audit = *own_audit_,
             .wake = [this] { loop_.notify(); },
             .published =
                 [this] {
                   for (const auto& worker : workers_) worker->facts_changed();
                 },
             .answer =
                 [this](control::AdminTicket ticket, const control::AdminResponse& answer) {
                   admin_->answer(ticket, answer);
                 }},
            std::move(facts)) {
  const auto wake = [this] { loop_.notify(); };
  for (std::size_t i = 0; i < with.num_workers; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(slot_, desk_.slot(), rates_, capacity_, services_, *audit_, wake));
  }
  capacity_.configure(snapshot_->limits);
  configure_workers(std::move(first.listeners));
  serve_metrics(std::move(first.metrics));
  checks_.configure(snapshot_);
  loader_ = std::make_unique<Loader>(std::move(with), wake);
}

Gateway::~Gateway() = default;

Status Gateway::run() {
  signals_ =
      std::make_unique<net::Signals>(loop_, std::initializer_list<int>{SIGTERM, SIGINT, SIGHUP},
                                     [this](int signal) { on_signal(signal); });
  threads_.reserve(workers_.size());
  for (const auto& worker : workers_) threads_.emplace_back([&worker] { worker->run(); });
  // A start that cannot be written down is noticed by the first operation, which is then refused.
  static_cast<void>(note(AuditEvent::kGatewayStart, control::describe(*snapshot_), snapshot_->id));
  say(fmt::format("ready, {} (policy {})", control::describe(*snapshot_), snapshot_->id));
  manager_.send("READY=1\n" + service_status());

  loop_.run({.on_wakeup =
                 [this] {
                   if (admin_) admin_->on_wakeup();
                   metrics_.on_wakeup();
                 },
             .on_tick = [this] { on_tick(); },
             .on_notify = [this] { on_notify(); }},
            kTick);

  say(fmt::format("stopping: {}", sigdescr_np(stop_signal_)));
  manager_.send("STOPPING=1");
  admin_acceptor_.reset();
  metrics_acceptor_.reset();
  admin_file_.reset();
  for (const auto& worker : workers_) worker->stop();
  for (std::thread& thread : threads_) thread.join();
  workers_.clear();
  static_cast<void>(note(AuditEvent::kGatewayStop, sigdescr_np(stop_signal_), snapshot_->id));
  own_audit_.reset();
  return audit_->stop();
}

void Gateway::on_signal(int signal) {
  if (signal == SIGHUP) {
    // The only wish without a ticket: it always finds its place.
    static_cast<void>(turns_.want(control::Turn::Kind::kReload, {.name = "SIGHUP"}));
    next_turn();
    return;
  }
  stop_signal_ = signal;
  loop_.stop();
}

void Gateway::next_turn() {
  auto turn = turns_.next();
  if (!turn) return;
  if (turn->kind == control::Turn::Kind::kReload) {
    say(fmt::format("reload asked by {}", control::names(turn->askers)));
    // Microseconds, as the service manager's own clock counts them.
    manager_.send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", clock_.now().ms * 1000));
  }
  loader_->begin(std::move(*turn), snapshot_);
}

void Gateway::on_notify() {
  desk_.on_notify();
  if (auto work = loader_->take()) {
    if (work->turn.kind == control::Turn::Kind::kCompare) {
      finish_compare(*work);
    } else {
      finish_reload(std::move(*work));
    }
  }
  if (publication_ && !publication_->old && num_on_disk_.load() >= publication_->record) {
    put_in_force();
  }
  if (publication_ && publication_->old && all_configured()) finish_publication();
  next_turn();
}

void Gateway::finish_reload(Work work) {
  ReloadReport report{.outcome = Outcome::kRejected,
                      .asked_by = control::names(work.turn.askers),
                      .at = clock_.wall(),
                      .policy_before = snapshot_->id,
                      .policy_after = snapshot_->id,
                      .problems = work.prepared.problems,
                      .disk = work.disk};
  if (work.prepared.unchanged) report.outcome = Outcome::kUnchanged;
  if (work.prepared.snapshot != nullptr) {
    report.outcome = Outcome::kApplied;
    report.policy_after = work.prepared.snapshot->id;
  }
  switch (report.outcome) {
    case Outcome::kApplied:
      publish(std::move(work), std::move(report));
      return;
    case Outcome::kUnchanged:
      static_cast<void>(note(AuditEvent::kConfigApplied,
                             fmt::format("nothing changed; asked by {}", report.asked_by),
                             report.policy_after));
      break;
    case Outcome::kRejected: {
      const policy::Problem& first = control::first_error(report.problems);
      static_cast<void>(note(AuditEvent::kConfigRejected,
                             fmt::format("asked by {}; {}: {}", report.asked_by,
                                         policy::to_string(first.at), first.message),
                             report.policy_after));
      break;
    }
  }
  conclude(std::move(report), work.turn.askers);
}

// What is not on the disk does not happen.
void Gateway::publish(Work work, ReloadReport report) {
  const bool noted = note(AuditEvent::kConfigApplied,
                          fmt::format("policy {} -> {}; asked by {}", report.policy_before,
                                      report.policy_after, report.asked_by),
                          report.policy_after);
  publication_ = Publication{.report = std::move(report),
                             .askers = std::move(work.turn.askers),
                             .next = std::move(work.prepared),
                             .record = ++num_records_,
                             .given_up_at = clock_.now() + limits::kAuditOnDiskTimeout,
                             .old = nullptr};
  if (!noted) {
    give_up_publication();
    return;
  }
  own_audit_->sync([this, record = publication_->record] {
    num_on_disk_.store(record);
    loop_.notify();
  });
}

void Gateway::put_in_force() {
  publication_->old = std::exchange(snapshot_, std::move(publication_->next.snapshot));
  snapshot_since_ = clock_.wall();
  slot_.publish(snapshot_);
  capacity_.configure(snapshot_->limits);
  configure_workers(std::move(publication_->next.listeners));
  serve_metrics(std::move(publication_->next.metrics));
}

void Gateway::give_up_publication() {
  Publication done = std::move(*publication_);
  publication_.reset();
  done.report.outcome = Outcome::kRejected;
  done.report.policy_after = done.report.policy_before;
  done.report.problems.push_back(
      {snapshot_->places.audit_file, "the audit log cannot be written", kAuditProblemHint, false});
  // Perhaps the record that it was applied can still be written: this one then follows it.
  static_cast<void>(note(
      AuditEvent::kConfigRejected,
      fmt::format("asked by {}; the audit log could not be written in time", done.report.asked_by),
      done.report.policy_before));
  conclude(std::move(done.report), done.askers);
}

void Gateway::finish_publication() {
  services_.retain(*snapshot_);
  checks_.configure(snapshot_);
  dialer_.retain(*snapshot_);
  Publication done = std::move(*publication_);
  publication_.reset();
  old_.push_back(std::move(done.old));
  conclude(std::move(done.report), done.askers);
}

void Gateway::conclude(ReloadReport report, const std::vector<control::Asker>& askers) {
  for (const policy::Problem& problem : report.problems) say(policy::to_string(problem));
  switch (report.outcome) {
    case Outcome::kApplied:
      ++reloads_.applied;
      say(fmt::format("reloaded, {} (policy {})", control::describe(*snapshot_), snapshot_->id));
      break;
    case Outcome::kUnchanged:
      ++reloads_.unchanged;
      say(fmt::format("nothing changed (policy {})", snapshot_->id));
      break;
    case Outcome::kRejected:
      ++reloads_.rejected;
      say(fmt::format("the new configuration is refused; policy {} stays in force", snapshot_->id));
      break;
  }
  for (const control::Asker& asker : askers) {
    if (asker.ticket != 0) admin_->answer(asker.ticket, report);
  }
  reloads_.last_successful = report.outcome != Outcome::kRejected;
  last_reload_ = std::move(report);
  turns_.finished();
  manager_.send("READY=1\n" + service_status());
}

void Gateway::configure_workers(std::vector<ReadyListener> listeners) {
  ++version_;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    std::vector<WorkerListener> own;
    own.reserve(listeners.size());
    for (ReadyListener& each : listeners) {
      own.push_back({each.name, each.address, each.server,
                     each.sockets.empty() ? Fd() : std::move(each.sockets.at(i))});
    }
    workers_[i]->configure(version_, std::move(own));
  }
}

bool Gateway::all_configured() const {
  return std::all_of(workers_.begin(), workers_.end(), [this](const std::unique_ptr<Worker>& each) {
    return each->configured() == version_;
  });
}

bool Gateway::note(AuditEvent event, const std::string& detail, const std::string& policy) {
  AuditRecord record;
  record.event = event;
  record.policy = policy;
  record.detail = detail;
  return note(record);
}

bool Gateway::note(AuditRecord record) {
  record.time = clock_.wall();
  if (record.policy.empty()) record.policy = snapshot_->id;
  const bool noted = own_audit_->append(record);
  own_audit_->flush();
  return noted;
}

void Gateway::on_tick() {
  watch_audit();
  if (publication_ && !publication_->old && clock_.now() >= publication_->given_up_at) {
    give_up_publication();
    next_turn();
  }
  desk_.on_tick();
  checks_.on_tick();
  watch_services();
  feed_watchdog();
  keyring_.rotate();
  if (admin_) admin_->on_tick();
  metrics_.on_tick();
  // What no session uses any more is freed by the loader.
  const auto unused = std::stable_partition(old_.begin(), old_.end(),
                                            [](const auto& each) { return each.use_count() > 1; });
  for (auto at = unused; at != old_.end(); ++at) loader_->dispose(std::move(*at));
  old_.erase(unused, old_.end());
}

// No record can say that records cannot be written.
void Gateway::watch_audit() {
  if (audit_->healthy() == audit_healthy_) return;
  audit_healthy_ = !audit_healthy_;
  say(audit_healthy_ ? fmt::format("{} is written again: operations are decided as usual",
                                   snapshot_->audit_file)
                     : fmt::format("{} cannot be written: every operation is refused until it can "
                                   "be (is the disk full?)",
                                   snapshot_->audit_file));
  manager_.send(service_status());
}

void Gateway::watch_services() {
  for (const control::ServiceChange& change : watch_.look(*snapshot_, services_)) {
    const std::string detail =
        change.up ? fmt::format("{} answers again", change.endpoint)
                  : fmt::format("{} does not answer: {}", change.endpoint, change.why);
    say(fmt::format("service {}: {}", change.service, detail));
    AuditRecord record;
    record.event = change.up ? AuditEvent::kServiceUp : AuditEvent::kServiceDown;
    record.service = change.service;
    record.detail = detail;
    static_cast<void>(note(record));  // What it means for requests is on record with each of them.
  }
}

void Gateway::feed_watchdog() {
  std::vector<std::uint64_t> progress;
  for (const auto& worker : workers_) progress.push_back(worker->progress());
  if (watchdog_.due(clock_.now(), progress)) manager_.send("WATCHDOG=1");
}

std::string Gateway::service_status() const {
  std::string text =
      fmt::format("STATUS={} (policy {})", control::describe(*snapshot_), snapshot_->id);
  if (last_reload_ && last_reload_->outcome == Outcome::kRejected) {
    text += "; the last reload was refused";
  }
  if (!desk_.trouble().empty())
    text += "; THE STATE DATABASE CANNOT BE USED: everything is refused";
  if (!audit_healthy_) text += "; THE AUDIT LOG CANNOT BE WRITTEN: everything is refused";
  return text;
}

}  // namespace interlock::daemon
