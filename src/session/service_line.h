// The line of requests that wait for a connection to one service: of all data threads together,
// first come, first served, so that no thread can keep a service to itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <mutex>
#include <vector>

#include "port/wakeup.h"

namespace interlock::session {

// ServiceLine may be used by any thread.
class ServiceLine {
 public:
  // Waiting is one request's place. It belongs to its data thread, which the line wakes through
  // `thread` and never touches otherwise.
  struct Waiting {
    port::Wakeup* thread = nullptr;
    std::list<Waiting*>::iterator at;
  };

  // join puts a request at the end of the line; false where the line is full.
  bool join(Waiting& waiting);

  // leave takes it out again. Where it was the first, the thread of the next is woken.
  void leave(Waiting& waiting);

  [[nodiscard]] bool is_first(const Waiting& waiting) const;

  // first_of returns the first in line where it is one of `thread`'s, else null.
  [[nodiscard]] Waiting* first_of(const port::Wakeup& thread) const;

  // wake_first wakes the thread of the first in line: there may be a connection for it.
  void wake_first() const;

  // Threads that may keep connections while nobody uses them. ask_for_room wakes all of them.
  void add_thread(port::Wakeup& thread);
  void remove_thread(const port::Wakeup& thread);
  void ask_for_room() const;

  [[nodiscard]] std::size_t size() const { return size_.load(); }

 private:
  mutable std::mutex mutex_;
  std::list<Waiting*> line_;            // Guarded by mutex_, as is ...
  std::vector<port::Wakeup*> threads_;  // ... this.
  std::atomic<std::size_t> size_{0};    // Of line_: most of the time nobody waits.
};

}  // namespace interlock::session
