// The running gateway, as the control thread sees it: signals, reloads, the admin socket, the
// service manager. It starts the data threads and waits for nothing but its own loop's events.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "audit/writer.h"
#include "control/admin_server.h"
#include "control/metrics.h"
#include "control/metrics_server.h"
#include "control/service_watch.h"
#include "control/turns.h"
#include "control/watchdog.h"
#include "daemon/fact_desk.h"
#include "daemon/loader.h"
#include "daemon/worker.h"
#include "net/notify_socket.h"
#include "net/signals.h"
#include "net/unix_socket.h"
#include "session/health_checks.h"

namespace interlock::daemon {

// Gateway belongs to the control thread.
class Gateway final : public control::AdminBackend {
 public:
  // `first` is a configuration that can be put in force. Signals SIGTERM, SIGINT and SIGHUP are
  // blocked in this thread.
  Gateway(Preparation with, Prepared first, std::unique_ptr<audit::Writer> audit,
          LoadedFacts facts);
  ~Gateway() override;

  // open_admin_socket opens the socket that the configuration names, if it names one.
  Status open_admin_socket();

  // run serves until a signal asks to stop; kIo where the audit log then could not be written.
  Status run();

 private:
  // A configuration on its way to the workers: its record goes to the disk first.
  struct Publication {
    control::ReloadReport report;
    std::vector<control::Asker> askers;
    Prepared next;             // Until it is in force.
    std::uint64_t record = 0;  // Of what was to go to the disk.
    Instant given_up_at{};
    std::shared_ptr<const policy::Snapshot> old;  // Once it is in force.
  };

  void ask(const control::AdminRequest& request, const control::AdminPeer& peer,
           control::AdminTicket ticket) override;
  [[nodiscard]] control::Operator operator_of(const control::AdminPeer& peer) const;
  void on_signal(int signal);
  void on_notify();
  void on_tick();
  void next_turn();
  void finish_compare(const Work& work);
  void finish_reload(Work work);
  void publish(Work work, control::ReloadReport report);
  void put_in_force();
  void give_up_publication();
  void finish_publication();
  void serve_metrics(Fd bound);
  [[nodiscard]] std::string metrics();
  void conclude(control::ReloadReport report, const std::vector<control::Asker>& askers);
  void configure_workers(std::vector<ReadyListener> listeners);
  [[nodiscard]] bool all_configured() const;
  [[nodiscard]] bool note(AuditRecord record);
  [[nodiscard]] bool note(AuditEvent event, const std::string& detail, const std::string& policy);
  [[nodiscard]] std::string service_status() const;
  void watch_audit();
  void watch_services();
  void feed_watchdog();

  net::SystemClock clock_;
  net::Loop loop_;
  net::NotifySocket manager_ = net::NotifySocket::from_environment();
  control::Watchdog watchdog_{manager_.watchdog()};
  const WallTime started_ = clock_.wall();
  const Instant started_at_ = clock_.now();
  const std::string config_file_;
  port::Files& files_;

  std::shared_ptr<const policy::Snapshot> snapshot_;  // In force.
  WallTime snapshot_since_ = started_;
  session::SnapshotSlot slot_{snapshot_};
  session::RateTable rates_;  // Of all workers: they share each device's budgets.
  session::Capacity capacity_;
  session::ServiceTable services_;
  net::SocketDialer sockets_{loop_};  // For health checks, as all three.
  tls::Worker tls_;
  tls::ClientDialer dialer_{sockets_, tls_, clock_};
  session::HealthChecks checks_{dialer_, clock_, services_};
  control::ServiceWatch watch_;
  tls::TicketKeyring& keyring_;
  std::vector<std::shared_ptr<const policy::Snapshot>> old_;  // Perhaps still used by a session.

  std::unique_ptr<audit::Writer> audit_;
  std::unique_ptr<audit::Sink> own_audit_;
  FactDesk desk_;
  bool audit_healthy_ = true;
  std::uint64_t num_records_ = 0;              // That were to go to the disk at once ...
  std::atomic<std::uint64_t> num_on_disk_{0};  // ... and those that are there.

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  std::uint64_t version_ = 0;  // Of the workers' configuration.

  control::Turns turns_;
  std::optional<Publication> publication_;
  std::optional<control::ReloadReport> last_reload_;
  control::ReloadFacts reloads_;

  std::unique_ptr<net::UnixListener> admin_file_;
  std::unique_ptr<control::AdminServer> admin_;
  std::unique_ptr<net::Acceptor> admin_acceptor_;
  control::MetricsServer metrics_{clock_, loop_, [this] { return metrics(); }};
  std::unique_ptr<net::Acceptor> metrics_acceptor_;
  std::unique_ptr<net::Signals> signals_;
  std::unique_ptr<Loader> loader_;  // Last: nothing above is used by its thread but loop_.
  int stop_signal_ = 0;
};

}  // namespace interlock::daemon
