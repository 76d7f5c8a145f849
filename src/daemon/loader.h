// The loader thread: what takes long is done here, so that neither the data threads nor the control
// thread wait for it.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "control/turns.h"
#include "daemon/prepare.h"

namespace interlock::daemon {

// Work is what the loader did. `disk` compares it with what runs: after a comparison, and after a
// reload that cannot be put in force.
struct Work {
  control::Turn turn;
  Prepared prepared;  // Of a reload.
  control::DiskReport disk;
};

// Loader does one turn at a time. All but the work itself is called by the control thread.
class Loader {
 public:
  // `on_done` is called by the loader's thread once take() has something.
  Loader(Preparation with, std::function<void()> on_done);
  ~Loader();  // Waits for the work that is under way.
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // begin starts a turn; the last one must have been taken.
  void begin(control::Turn turn, std::shared_ptr<const policy::Snapshot> running);

  // take returns what is done, once.
  std::optional<Work> take();

  // dispose drops a configuration in the loader's thread, in front of its next turn: a hundred
  // thousand devices take a while to free.
  void dispose(std::shared_ptr<const policy::Snapshot> old);

 private:
  struct Job {
    control::Turn turn;
    std::shared_ptr<const policy::Snapshot> running;
  };
  void run();
  [[nodiscard]] Work work(Job job) const;

  const Preparation with_;
  const std::function<void()> on_done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // All below is protected by mutex_.
  std::optional<Job> job_;
  std::optional<Work> done_;
  std::vector<std::shared_ptr<const policy::Snapshot>> old_;
  bool stopping_ = false;
  std::thread thread_;  // Last: starts when all else is there.
};

}  // namespace interlock::daemon
