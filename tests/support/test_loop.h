// A real event loop that runs until something has happened.
#pragma once

#include <functional>

#include <boost/test/unit_test.hpp>

#include "net/loop.h"
#include "port/byte_stream.h"

namespace interlock::test {

class TestLoop {
 public:
  net::Loop loop;
  std::function<void()> on_wakeup = [] {};

  // run_until serves events until `done` holds; it is asked after each wake-up that a test requests
  // and whenever check() is called. Where nothing happens for long, the test fails and goes on.
  void run_until(std::function<bool()> done) {
    done_ = std::move(done);
    if (done_()) return;
    loop.run({.on_wakeup =
                  [this] {
                    on_wakeup();
                    check();
                  },
              .on_tick =
                  [this] {
                    BOOST_ERROR("the loop waits for something that does not happen");
                    loop.stop();
                  },
              .on_notify = [] {}},
             kPatience);
    done_ = nullptr;
  }

  void check() {
    if (done_ && done_()) loop.stop();
  }

  // turn serves everything that is ready now, and what follows from it.
  void turn() {
    constexpr int kRounds = 20;  // More than any chain of events in these tests.
    int rounds = 0;
    const auto before = std::exchange(on_wakeup, [&] {
      if (++rounds < kRounds) loop.request();
    });
    loop.request();
    run_until([&] { return rounds == kRounds; });
    on_wakeup = before;
  }

 private:
  static constexpr Millis kPatience{30'000};
  std::function<bool()> done_;
};

// Watcher counts how often a stream says "look", and looks.
class Watcher final : public port::StreamObserver {
 public:
  Watcher(TestLoop& loop, std::function<void()> look) : loop_(loop), look_(std::move(look)) {}
  void on_stream_ready() override {
    ++times;
    look_();
    loop_.check();
  }
  int times = 0;

 private:
  TestLoop& loop_;
  std::function<void()> look_;
};

}  // namespace interlock::test
