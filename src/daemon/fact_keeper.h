// The thread that brings facts to the disk: the control thread must not wait for one.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "port/state_store.h"

namespace interlock::daemon {

// FactKeeper commits one change after the other. All but the work itself is called by the control
// thread.
class FactKeeper {
 public:
  struct Done {
    std::uint64_t ticket = 0;
    port::StoreResult<std::uint64_t> result;  // The epoch, or why it is not on the disk.
  };

  // `on_done` is called by the keeper's thread once take() has something.
  FactKeeper(std::unique_ptr<port::StateStore> store, std::function<void()> on_done);
  ~FactKeeper();  // Brings to the disk what was begun.
  FactKeeper(const FactKeeper&) = delete;
  FactKeeper& operator=(const FactKeeper&) = delete;

  // commit begins to bring a change to the disk, behind those begun before.
  void commit(std::uint64_t ticket, port::Change change);

  // take returns what has ended since it was last called, in the order of commit().
  std::vector<Done> take();

 private:
  struct Job {
    std::uint64_t ticket;
    port::Change change;
  };
  void run();

  const std::unique_ptr<port::StateStore> store_;  // Used by the keeper's thread alone.
  const std::function<void()> on_done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // All below is protected by mutex_.
  std::deque<Job> jobs_;
  std::vector<Done> done_;
  bool stopping_ = false;
  std::thread thread_;  // Last: starts when all else is there.
};

}  // namespace interlock::daemon
