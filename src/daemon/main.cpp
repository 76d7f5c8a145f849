// interlockd: reads the configuration, binds its listeners, starts the data threads, and waits for
// a signal. It reads its files once, at start, and never writes them.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "control/configuration.h"
#include "daemon/worker.h"
#include "files/posix_files.h"
#include "interlock/version.h"
#include "tls/process_guard.h"

namespace interlock::daemon {
namespace {

// Documented exit codes (--help).
enum ExitCode { kExitOk = 0, kExitCannotRun = 1, kExitUsage = 2 };

void say(const std::string& line) { fmt::print(stderr, "interlockd: {}\n", line); }

int cannot(const std::string& what, const Error& error) {
  say(error.sys != 0 ? fmt::format("{}: {}: {}", what, error.what, strerrordesc_np(error.sys))
                     : fmt::format("{}: {}", what, error.what));
  return kExitCannotRun;
}

// The signals that the control thread waits for; blocked in every thread.
sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

// Returns the signal that asks to stop. Meanwhile it says aloud when the audit log cannot be
// written, because no record can say it. A configuration is read at start only; who asks for a
// reload is told so, and nothing else happens.
int wait_for_stop(const audit::Writer& audit, const std::string& audit_file) {
  const sigset_t signals = handled_signals();
  bool healthy = true;
  for (;;) {
    const timespec interval{1, 0};
    const int signal = sigtimedwait(&signals, nullptr, &interval);
    if (audit.healthy() != healthy) {
      healthy = !healthy;
      say(healthy ? fmt::format("{} is written again: operations are decided as usual", audit_file)
                  : fmt::format("{} cannot be written: every operation is refused until it can be "
                                "(is the disk full?)",
                                audit_file));
    }
    if (signal < 0) continue;
    if (signal != SIGHUP) return signal;
    say("SIGHUP: this version reads its configuration at start only; restart it to apply changes");
  }
}

// Every connection takes a descriptor or two, and the usual limit is 1024: take what is allowed.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
}

void note(port::AuditSink& audit, AuditEvent event, WallTime at, const policy::Snapshot& snapshot,
          const std::string& detail) {
  AuditRecord record;
  record.event = event;
  record.time = at;
  record.policy = snapshot.id;
  record.detail = detail;
  // A start that cannot be written down is noticed by the first operation, which is then refused.
  static_cast<void>(audit.append(record));
}

Result<std::vector<Listening>> make_servers(const policy::Snapshot& snapshot,
                                            tls::TicketKeyring& keyring) {
  std::vector<Listening> all;
  for (const policy::Listener& listener : snapshot.listeners) {
    std::unique_ptr<tls::Server> server;
    IL_TRY_ASSIGN(server, tls::Server::make(listener, keyring));
    all.push_back({listener.name, listener.address, std::move(server)});
  }
  return all;
}

class Daemon {
 public:
  Daemon(std::shared_ptr<const policy::Snapshot> snapshot, std::unique_ptr<audit::Writer> audit)
      : snapshot_(std::move(snapshot)), slot_(snapshot_), audit_(std::move(audit)) {}

  int run(std::size_t num_workers) {
    auto listening = make_servers(*snapshot_, keyring_);
    if (!listening) return cannot("TLS", listening.error());
    for (std::size_t i = 0; i < num_workers; ++i) {
      workers_.push_back(std::make_unique<Worker>(slot_, rates_, *audit_));
      for (const Listening& each : *listening) {
        if (const Status bound = workers_.back()->listen(each, num_workers > 1); !bound) {
          return cannot(fmt::format("listener \"{}\" on {}", each.name, each.address.to_string()),
                        bound.error());
        }
      }
    }
    return serve();
  }

 private:
  int serve() {
    const std::unique_ptr<audit::Sink> own = audit_->sink();
    std::vector<std::thread> threads;
    threads.reserve(workers_.size());
    for (const auto& worker : workers_) threads.emplace_back([&worker] { worker->run(); });
    note(*own, AuditEvent::kGatewayStart, clock_.wall(), *snapshot_, control::describe(*snapshot_));
    own->flush();
    say(fmt::format("ready, {} (policy {})", control::describe(*snapshot_), snapshot_->id));

    const int signal = wait_for_stop(*audit_, snapshot_->audit_file);
    say(fmt::format("stopping: {}", sigdescr_np(signal)));
    for (const auto& worker : workers_) worker->stop();
    for (std::thread& thread : threads) thread.join();
    workers_.clear();
    note(*own, AuditEvent::kGatewayStop, clock_.wall(), *snapshot_, sigdescr_np(signal));
    own->flush();
    if (const Status stopped = audit_->stop(); !stopped) return cannot("audit", stopped.error());
    return kExitOk;
  }

  net::SystemClock clock_;
  tls::TicketKeyring keyring_{clock_};
  std::shared_ptr<const policy::Snapshot> snapshot_;
  session::SnapshotSlot slot_;
  session::RateTable rates_;  // Of all workers: they share each device's budgets.
  std::unique_ptr<audit::Writer> audit_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

int start(const std::string& config, std::size_t num_workers) {
  files::PosixFiles files;
  const net::SystemClock clock;
  const policy::Loaded loaded = control::load_configuration(files, config, clock.wall());
  for (const policy::Problem& problem : loaded.problems) say(policy::to_string(problem));
  if (loaded.snapshot == nullptr) {
    say("the configuration is not in order; nothing listens");
    return kExitCannotRun;
  }
  if (loaded.snapshot->listeners.empty()) {
    say("the configuration names no listener; nothing listens");
  }
  auto audit =
      audit::Writer::open(loaded.snapshot->audit_file, loaded.snapshot->gateway_id, clock.wall());
  if (!audit) return cannot("audit file " + loaded.snapshot->audit_file, audit.error());
  return Daemon(loaded.snapshot, std::move(*audit)).run(num_workers);
}

int main_of(int argc, char** argv) {
  if (const auto foreign = tls::foreign_tls_library()) {
    say(fmt::format(
        "{} is loaded in this process and would corrupt it; look at LD_PRELOAD and nsswitch",
        *foreign));
    return kExitCannotRun;
  }
  CLI::App app(
      "interlockd: the enforcement gateway. Runs in the foreground until SIGTERM or SIGINT.",
      "interlockd");
  app.footer("Exit codes: 0 stopped as asked, 1 cannot run, 2 wrong usage.");
  std::string config = "/etc/interlock/interlock.textproto";
  std::size_t num_workers = 1;
  app.add_option("-c,--config", config, "Main configuration file")->capture_default_str();
  app.add_option("--workers", num_workers, "Data threads")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.set_version_flag("--version", fmt::format("interlockd {}", kVersion));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? kExitOk : kExitUsage;
  }
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  raise_descriptor_limit();
  return start(config, num_workers);
}

}  // namespace
}  // namespace interlock::daemon

int main(int argc, char** argv) {
  try {
    return interlock::daemon::main_of(argc, argv);
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "interlockd: %s\n", wrong.what());
    return interlock::daemon::kExitCannotRun;
  }
}
