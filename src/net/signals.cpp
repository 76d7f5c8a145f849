#include "net/signals.h"

#include <csignal>

#include <event2/event.h>
#include <sys/signalfd.h>

namespace interlock::net {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : signals) sigaddset(&set, each);
  return set;
}

}  // namespace

void block_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signals::Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal)
    : on_signal_(std::move(on_signal)) {
  const sigset_t set = set_of(signals);
  fd_ = Fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  IL_ASSERT(fd_.valid());
  const auto run = [](evutil_socket_t, short, void* self) {
    static_cast<Signals*>(self)->on_readable();
  };
  event_.reset(event_new(loop.base(), fd_.get(), EV_READ | EV_PERSIST, run, this));
  event_add(event_.get(), nullptr);
}

Signals::~Signals() = default;

void Signals::on_readable() {
  signalfd_siginfo info{};
  while (read(fd_.get(), &info, sizeof info) == sizeof info) {
    on_signal_(static_cast<int>(info.ssi_signo));
  }
}

}  // namespace interlock::net
