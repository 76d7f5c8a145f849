#include "session/service_line.h"

#include "base/limits.h"

namespace interlock::session {

bool ServiceLine::join(Waiting& waiting) {
  const std::scoped_lock lock(mutex_);
  if (line_.size() >= limits::kServiceQueueMax) return false;
  waiting.at = line_.insert(line_.end(), &waiting);
  size_ = line_.size();
  return true;
}

void ServiceLine::leave(Waiting& waiting) {
  const std::scoped_lock lock(mutex_);
  const bool was_first = line_.front() == &waiting;
  line_.erase(waiting.at);
  size_ = line_.size();
  if (was_first && !line_.empty()) line_.front()->thread->notify();
}

bool ServiceLine::is_first(const Waiting& waiting) const {
  const std::scoped_lock lock(mutex_);
  return line_.front() == &waiting;
}

ServiceLine::Waiting* ServiceLine::first_of(const port::Wakeup& thread) const {
  if (size() == 0) return nullptr;
  const std::scoped_lock lock(mutex_);
  return !line_.empty() && line_.front()->thread == &thread ? line_.front() : nullptr;
}

void ServiceLine::wake_first() const {
  if (size() == 0) return;
  const std::scoped_lock lock(mutex_);
  if (!line_.empty()) line_.front()->thread->notify();
}

void ServiceLine::add_thread(port::Wakeup& thread) {
  const std::scoped_lock lock(mutex_);
  threads_.push_back(&thread);
}

void ServiceLine::remove_thread(const port::Wakeup& thread) {
  const std::scoped_lock lock(mutex_);
  std::erase(threads_, &thread);
}

void ServiceLine::ask_for_room() const {
  const std::scoped_lock lock(mutex_);
  for (port::Wakeup* thread : threads_) thread->notify();
}

}  // namespace interlock::session
