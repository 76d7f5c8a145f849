// Signals as events of a loop.
#pragma once

#include <functional>
#include <initializer_list>

#include "base/fd.h"
#include "net/loop.h"

namespace interlock::net {

// block_signals keeps these signals from the calling thread and from those it makes later.
void block_signals(std::initializer_list<int> signals);

// Signals calls `on_signal` on the loop for each of its signals, which must be blocked in every
// thread. The same signal may come once for several that were sent.
class Signals {
 public:
  Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void on_readable();

  Fd fd_;
  std::function<void(int)> on_signal_;
  EventPtr event_;
};

}  // namespace interlock::net
