// interlockd: reads the configuration, binds its listeners, and runs the gateway.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include "base/text.h"
#include "daemon/gateway.h"
#include "daemon/prepare.h"
#include "daemon/say.h"
#include "files/posix_files.h"
#include "interlock/version.h"
#include "net/signals.h"
#include "tls/process_guard.h"

namespace interlock::daemon {
namespace {

// Documented exit codes (--help).
enum ExitCode { kExitOk = 0, kExitCannotRun = 1, kExitUsage = 2 };

int cannot(const std::string& what, const Error& error) {
  say(error.sys != 0 ? fmt::format("{}: {}: {}", what, error.what, errno_text(error.sys))
                     : fmt::format("{}: {}", what, error.what));
  return kExitCannotRun;
}

// Every connection takes a descriptor or two, and the usual limit is 1024: take what is allowed.
// Returns how many there may be now.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  IL_ASSERT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

constexpr int kWorkersMax = 64;

// One data thread for each processor that the process may run on.
std::size_t num_processors() {
  cpu_set_t allowed;
  const int num = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
  return static_cast<std::size_t>(std::clamp(num, 1, kWorkersMax));
}

int start(const std::string& config, std::size_t num_workers, std::size_t num_descriptors) {
  files::PosixFiles files;
  const net::SystemClock clock;
  tls::TicketKeyring keyring(clock);
  const Preparation with{config, files, clock, keyring, num_workers, num_descriptors};
  Prepared first = prepare(with, nullptr);
  for (const policy::Problem& problem : first.problems) say(policy::to_string(problem));
  if (first.snapshot == nullptr) {
    say("the configuration is not in order; nothing listens");
    return kExitCannotRun;
  }
  const std::shared_ptr<const policy::Snapshot> snapshot = first.snapshot;
  auto audit = audit::Writer::open(
      snapshot->audit_file, snapshot->gateway_id, clock,
      {.rotate_bytes = snapshot->audit_rotate_bytes, .num_kept = snapshot->audit_files_kept});
  if (!audit) return cannot("audit file " + snapshot->audit_file, audit.error());
  LoadedFacts facts = load_facts(snapshot->state_dir);
  if (!facts.trouble.empty()) {
    say(facts.trouble);
    say("every device is refused (state_unavailable) until this is mended and the gateway "
        "restarted");
  }
  Gateway gateway(with, std::move(first), std::move(*audit), std::move(facts));
  if (const Status opened = gateway.open_admin_socket(); !opened) {
    return cannot("admin socket " + snapshot->admin_socket, opened.error());
  }
  if (const Status stopped = gateway.run(); !stopped) return cannot("audit", stopped.error());
  return kExitOk;
}

int main_of(int argc, char** argv) {
  if (const auto foreign = tls::foreign_tls_library()) {
    say(fmt::format(
        "{} is loaded in this process and would corrupt it; look at LD_PRELOAD and nsswitch",
        *foreign));
    return kExitCannotRun;
  }
  CLI::App app(
      "interlockd: the enforcement gateway. Runs in the foreground until SIGTERM or SIGINT; SIGHUP "
      "makes it read its configuration again.",
      "interlockd");
  app.footer("Exit codes: 0 stopped as asked, 1 cannot run, 2 wrong usage.");
  std::string config = "/etc/interlock/interlock.textproto";
  std::size_t num_workers = num_processors();
  app.add_option("-c,--config", config, "Main configuration file")->capture_default_str();
  app.add_option("--workers", num_workers,
                 "Data threads; unless given, one for each processor that it may use")
      ->check(CLI::Range(1, kWorkersMax));
  app.set_version_flag("--version", fmt::format("interlockd {}", kVersion));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? kExitOk : kExitUsage;
  }
  net::block_signals({SIGTERM, SIGINT, SIGHUP});
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  return start(config, num_workers, raise_descriptor_limit());
}

}  // namespace
}  // namespace interlock::daemon

int main(int argc, char** argv) {
  try {
    return interlock::daemon::main_of(argc, argv);
  } catch (const std::exception& wrong) {
    static_cast<void>(std::fprintf(stderr, "interlockd: %s\n", wrong.what()));
    return interlock::daemon::kExitCannotRun;
  }
}
