// interlock audit tail: the last records of the trail, and those that come.
#include <csignal>
#include <cstdio>
#include <deque>

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>

#include "base/fd.h"
#include "cli/audit_log.h"

namespace interlock::cli {
namespace {

// Records are flushed every 200 ms at the latest.
constexpr int kLookMs = 200;

// StopSignal lets a wait end at SIGINT or SIGTERM.
class StopSignal {
 public:
  StopSignal() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    fd_ = Fd(signalfd(-1, &set, SFD_CLOEXEC));
  }

  // comes waits a moment; true where the signal has come.
  [[nodiscard]] bool comes() const {
    pollfd wanted{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return !fd_.valid() || poll(&wanted, 1, kLookMs) > 0;
  }

 private:
  Fd fd_;
};

class Tail {
 public:
  Tail(const AuditTailOptions& options, std::string file, audit::Filter filter)
      : options_(options), file_(std::move(file)), filter_(std::move(filter)), damage_(file_) {}

  Status show_last(audit::Log& log) {
    IL_TRY(log.go_back(options_.num_records, filter_));
    std::deque<std::string> last;
    IL_TRY(log.read([&](const audit::Entry& entry) {
      if (!entry.is_record) damage_.note(entry);
      if (!filter_.matches(entry)) return true;
      last.push_back(shown(entry, options_.json));
      if (last.size() > options_.num_records) last.pop_front();
      return true;
    }));
    for (const std::string& each : last) show(each);
    return Ok{};
  }

  // follow shows what comes until a signal ends it. A log that was moved away or cut is read to its
  // end, and then the one in its place.
  Status follow(audit::Log log) {
    const StopSignal stop;
    bool is_current = true;
    for (;;) {
      static_cast<void>(std::fflush(stdout));
      IL_TRY(log.read([&](const audit::Entry& entry) {
        if (!entry.is_record) damage_.note(entry);
        if (filter_.matches(entry)) show(shown(entry, options_.json));
        return true;
      }));
      if (!is_current) {
        auto next = audit::Log::open(file_);
        if (next) {
          fmt::print(stderr, "{}: a new file is in its place\n", file_);
          log = std::move(*next);
          is_current = true;
          continue;
        }
      }
      if (stop.comes()) return Ok{};
      is_current = log.is_current();
    }
  }

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] bool has_shown() const { return num_shown_ > 0; }
  void finish() const { damage_.finish(); }

 private:
  void show(const std::string& line) {
    fmt::print("{}", line);
    ++num_shown_;
  }

  const AuditTailOptions& options_;
  const std::string file_;
  const audit::Filter filter_;
  DamageReport damage_;
  std::size_t num_shown_ = 0;
};

}  // namespace

int audit_tail(const AuditTailOptions& options) {
  auto filter = filter_of("tail", options.filter);
  if (!filter) return kExitError;
  auto file = audit_file_named("tail", options.file, options.config);
  if (!file) return kExitError;
  auto log = audit::Log::open(*file);
  if (!log) return complain_of_log("tail", *file, log.error());
  Tail tail(options, *file, std::move(*filter));
  Status done = tail.show_last(*log);
  if (done && options.follow) done = tail.follow(std::move(*log));
  if (!done) return complain_of_log("tail", tail.file(), done.error());
  tail.finish();
  if (tail.has_shown() || options.follow) return kExitOk;
  fmt::print(stderr, "{}: no record answers to that\n", tail.file());
  return kExitFailed;
}

}  // namespace interlock::cli
