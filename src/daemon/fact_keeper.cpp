#include "daemon/fact_keeper.h"

#include <utility>

namespace interlock::daemon {

FactKeeper::FactKeeper(std::unique_ptr<port::StateStore> store, std::function<void()> on_done)
    : store_(std::move(store)), on_done_(std::move(on_done)), thread_([this] { run(); }) {}

FactKeeper::~FactKeeper() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void FactKeeper::commit(std::uint64_t ticket, port::Change change) {
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back({ticket, std::move(change)});
  }
  changed_.notify_one();
}

std::vector<FactKeeper::Done> FactKeeper::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(done_, {});
}

void FactKeeper::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !jobs_.empty() || stopping_; });
    if (jobs_.empty()) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    auto result = store_->commit(job.change);
    lock.lock();
    done_.push_back({job.ticket, std::move(result)});
    lock.unlock();
    on_done_();
    lock.lock();
  }
}

}  // namespace interlock::daemon
