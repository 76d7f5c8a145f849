// interlock audit tail: the last records of the trail, and those that come.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <deque>
#include <iterator>

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

  // show_last shows the last records, out of as many files as it takes.
  Status show_last(std::vector<audit::Log>& logs) {
    std::deque<std::string> last;
    for (auto log = logs.rbegin(); log != logs.rend() && last.size() < options_.num_records;
         ++log) {
      const std::size_t num_wanted = options_.num_records - last.size();
      IL_TRY(log->go_back(num_wanted, filter_));
      std::deque<std::string> own;
      IL_TRY(log->read([&](const audit::Entry& entry) {
        if (!entry.is_record) damage_.note(entry);
        if (!filter_.matches(entry)) return true;
        own.push_back(shown(entry, options_.json));
        if (own.size() > num_wanted) own.pop_front();
        return true;
      }));
      last.insert(last.begin(), own.begin(), own.end());
    }
    for (const std::string& each : last) show(each);
    return Ok{};
  }

  // follow shows what comes until a signal ends it. A file that was put aside, moved away or cut is
  // read to its end, and then the one that follows it.
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
      if (!is_current && go_on(log)) {
        is_current = true;
        continue;
      }
      if (stop.comes()) return Ok{};
      is_current = log.path() == file_ && log.is_current();
    }
  }

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] bool has_shown() const { return num_shown_ > 0; }
  void finish() const { damage_.finish(); }

 private:
  // go_on opens the file after this one; where this one is not of the log any more, the last.
  [[nodiscard]] bool go_on(audit::Log& log) const {
    auto logs = audit::Log::open_all(file_);
    if (!logs) return false;
    const auto same = std::find_if(logs->begin(), logs->end(),
                                   [&](const audit::Log& each) { return each.is_same(log); });
    const bool has_next = same != logs->end() && std::next(same) != logs->end();
    if (!has_next) fmt::print(stderr, "{}: a new file is in its place\n", file_);
    log = std::move(has_next ? *std::next(same) : logs->back());
    return true;
  }

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
  auto logs = audit::Log::open_all(*file);
  if (!logs) return complain_of_log("tail", *file, logs.error());
  Tail tail(options, *file, std::move(*filter));
  Status done = tail.show_last(*logs);
  if (done && options.follow) done = tail.follow(std::move(logs->back()));
  if (!done) return complain_of_log("tail", tail.file(), done.error());
  tail.finish();
  if (tail.has_shown() || options.follow) return kExitOk;
  fmt::print(stderr, "{}: no record answers to that\n", tail.file());
  return kExitFailed;
}

}  // namespace interlock::cli
