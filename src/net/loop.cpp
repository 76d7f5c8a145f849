#include "net/loop.h"

#include <cerrno>
#include <ctime>

#include <event2/event.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

namespace interlock::net {
namespace {

// The eventfd carries two messages in one number.
constexpr std::uint64_t kNotify = 1;
constexpr std::uint64_t kStop = std::uint64_t{1} << 32;

void send(int fd, std::uint64_t message) {
  while (write(fd, &message, sizeof message) < 0 && errno == EINTR) {
  }
}

timespec time_of(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return at;
}

std::int64_t millis(clockid_t clock) {
  const timespec at = time_of(clock);
  return std::int64_t{at.tv_sec} * 1000 + at.tv_nsec / 1'000'000;
}

}  // namespace

void EventDeleter::operator()(event* e) const { event_free(e); }
void Loop::BaseDeleter::operator()(event_base* b) const { event_base_free(b); }

Loop::Loop() {
  event_config* config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  base_.reset(event_base_new_with_config(config));
  event_config_free(config);
  IL_ASSERT(base_ != nullptr);
  eventfd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  IL_ASSERT(eventfd_ >= 0);
  const auto run_wakeup = [](evutil_socket_t, short, void* self) {
    auto* loop = static_cast<Loop*>(self);
    loop->requested_ = false;
    loop->callbacks_.on_wakeup();
  };
  const auto run_tick = [](evutil_socket_t, short, void* self) {
    static_cast<Loop*>(self)->callbacks_.on_tick();
  };
  const auto run_eventfd = [](evutil_socket_t, short, void* self) {
    static_cast<Loop*>(self)->on_eventfd();
  };
  wakeup_.reset(event_new(base_.get(), -1, 0, run_wakeup, this));
  tick_.reset(event_new(base_.get(), -1, EV_PERSIST, run_tick, this));
  eventfd_event_.reset(event_new(base_.get(), eventfd_, EV_READ | EV_PERSIST, run_eventfd, this));
}

Loop::~Loop() {
  eventfd_event_.reset();
  close(eventfd_);
}

void Loop::run(Callbacks callbacks, Millis tick_interval) {
  callbacks_ = std::move(callbacks);
  const timeval interval{tick_interval.ms / 1000, (tick_interval.ms % 1000) * 1000};
  event_add(tick_.get(), &interval);
  event_add(eventfd_event_.get(), nullptr);
  event_base_dispatch(base_.get());
}

void Loop::request() {
  if (requested_) return;
  requested_ = true;
  // A timeout of nothing and not event_active(), whose events come before the next look at the
  // sockets: a session that keeps asking to come back would be the only one served.
  constexpr timeval kAtOnce{0, 0};
  event_add(wakeup_.get(), &kAtOnce);
}

void Loop::stop() { send(eventfd_, kStop); }
void Loop::notify() { send(eventfd_, kNotify); }

void Loop::on_eventfd() {
  std::uint64_t message = 0;
  if (read(eventfd_, &message, sizeof message) != sizeof message) return;
  if (message >= kStop) event_base_loopbreak(base_.get());
  if (message % kStop != 0) callbacks_.on_notify();
}

Instant SystemClock::now() const { return {millis(CLOCK_MONOTONIC)}; }
std::int64_t SystemClock::micros() const {
  const timespec at = time_of(CLOCK_MONOTONIC);
  return std::int64_t{at.tv_sec} * 1'000'000 + at.tv_nsec / 1'000;
}

WallTime SystemClock::wall() const { return {millis(CLOCK_REALTIME)}; }

void SystemRandom::fill(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    IL_ASSERT(got > 0 || errno == EINTR);
    if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace interlock::net
