// Asks the loop to come back.
#pragma once

namespace interlock::port {

class Wakeup {
 public:
  virtual ~Wakeup() = default;
  // request makes the loop call back once, soon, from a fresh stack. Repeating it before that is
  // free.
  virtual void request() = 0;
  // notify is request() for every thread, the loop's own included.
  virtual void notify() = 0;
};

}  // namespace interlock::port
