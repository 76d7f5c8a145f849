// The running gateway, as the control thread sees it: signals, reloads, the admin socket, the
// service manager. It starts the data threads and waits for nothing but its own loop's events.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "audit/writer.h"
#include "control/admin_server.h"
#include "control/service_watch.h"
#include "control/turns.h"
#include "control/watchdog.h"
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
  Gateway(Preparation with, Prepared first, std::unique_ptr<audit::Writer> audit);
  ~Gateway() override;

  // open_admin_socket opens the socket that the configuration names, if it names one.
  Status open_admin_socket();

  // run serves until a signal asks to stop; kIo where the audit log then could not be written.
  Status run();

 private:
  // A configuration on its way to the workers.
  struct Publication {
    control::ReloadReport report;
    std::vector<control::Asker> askers;
    std::shared_ptr<const policy::Snapshot> old;
  };

  void ask(control::AdminRequest request, const control::AdminPeer& peer,
           control::AdminTicket ticket) override;
  void on_signal(int signal);
  void on_notify();
  void on_tick();
  void next_turn();
  void finish_compare(const Work& work);
  void finish_reload(Work work);
  void publish(Work work, control::ReloadReport report);
  void finish_publication();
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

  std::shared_ptr<const policy::Snapshot> snapshot_;  // In force.
  WallTime snapshot_since_ = started_;
  session::SnapshotSlot slot_{snapshot_};
  session::RateTable rates_;  // Of all workers: they share each device's budgets.
  session::ServiceTable services_;
  net::SocketDialer dialer_{loop_};  // For health checks.
  session::HealthChecks checks_{dialer_, clock_, services_};
  control::ServiceWatch watch_;
  tls::TicketKeyring& keyring_;
  std::vector<std::shared_ptr<const policy::Snapshot>> old_;  // Perhaps still used by a session.

  std::unique_ptr<audit::Writer> audit_;
  std::unique_ptr<audit::Sink> own_audit_;
  bool audit_healthy_ = true;

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  std::uint64_t version_ = 0;  // Of the workers' configuration.

  control::Turns turns_;
  std::optional<Publication> publication_;
  std::optional<control::ReloadReport> last_reload_;

  std::unique_ptr<net::UnixListener> admin_file_;
  std::unique_ptr<control::AdminServer> admin_;
  std::unique_ptr<net::Acceptor> admin_acceptor_;
  std::unique_ptr<net::Signals> signals_;
  std::unique_ptr<Loader> loader_;  // Last: nothing above is used by its thread but loop_.
  int stop_signal_ = 0;
};

}  // namespace interlock::daemon
