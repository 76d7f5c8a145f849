#include "daemon/loader.h"

#include <utility>

namespace interlock::daemon {

Loader::Loader(Preparation with, std::function<void()> on_done)
    : with_(std::move(with)), on_done_(std::move(on_done)), thread_([this] { run(); }) {}

Loader::~Loader() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Loader::begin(control::Turn turn, std::shared_ptr<const policy::Snapshot> running) {
  {
    const std::scoped_lock lock(mutex_);
    IL_ASSERT(!job_ && !done_);
    job_ = Job{std::move(turn), std::move(running)};
  }
  changed_.notify_one();
}

std::optional<Work> Loader::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(done_, std::nullopt);
}

void Loader::dispose(std::shared_ptr<const policy::Snapshot> old) {
  {
    const std::scoped_lock lock(mutex_);
    old_.push_back(std::move(old));
  }
  changed_.notify_one();
}

void Loader::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return job_ || !old_.empty() || stopping_; });
    if (stopping_) return;
    auto old = std::exchange(old_, {});
    std::optional<Job> job = std::exchange(job_, std::nullopt);
    lock.unlock();
    old.clear();
    std::optional<Work> done;
    if (job) done = work(std::move(*job));
    job.reset();
    lock.lock();
    if (!done) continue;
    done_ = std::move(done);
    lock.unlock();
    on_done_();
    lock.lock();
  }
}

Work Loader::work(Job job) const {
  Work done{.turn = std::move(job.turn), .prepared = {}, .disk = {}};
  const bool reload = done.turn.kind == control::Turn::Kind::kReload;
  if (reload) done.prepared = prepare(with_, job.running.get());
  if (!reload || (done.prepared.snapshot == nullptr && !done.prepared.unchanged)) {
    done.disk = control::report_of(control::compare_with_disk(*job.running, with_.files));
  }
  return done;
}

}  // namespace interlock::daemon
