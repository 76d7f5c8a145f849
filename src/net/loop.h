// One event loop for one thread, on libevent. The only folder that knows it.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "port/clock.h"
#include "port/wakeup.h"

struct event;
struct event_base;

namespace interlock::net {

struct EventDeleter {
  void operator()(event* e) const;
};
using EventPtr = std::unique_ptr<event, EventDeleter>;

// Loop is used by one thread, except for stop() and notify().
class Loop final : public port::Wakeup {
 public:
  // The callbacks are set once, before run().
  struct Callbacks {
    std::function<void()> on_wakeup;  // After request(), from a fresh stack.
    std::function<void()> on_tick;    // Every tick_interval.
    std::function<void()> on_notify;  // After notify(), from a fresh stack.
  };

  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // run serves events until stop() is called.
  void run(Callbacks callbacks, Millis tick_interval);

  void request() override;

  // stop and notify may be called from any thread.
  void stop();
  void notify() override;

  [[nodiscard]] event_base* base() const { return base_.get(); }

 private:
  struct BaseDeleter {
    void operator()(event_base* b) const;
  };
  void on_eventfd();

  std::unique_ptr<event_base, BaseDeleter> base_;
  Callbacks callbacks_;
  EventPtr wakeup_, tick_, eventfd_event_;
  int eventfd_ = -1;
  bool requested_ = false;
};

// SystemClock and SystemRandom are the real ones (CLOCK_MONOTONIC, CLOCK_REALTIME, getrandom).
class SystemClock final : public port::Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] std::int64_t micros() const override;
};
class SystemRandom final : public port::Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace interlock::net
