// Counts what is allocated while it lives: a measure of work that is the same on every machine and
// under every load, where time is not. The sanitizers' hooks do the counting; without them there is
// nothing to count with, and a test that needs it is skipped.
#pragma once

#include <atomic>
#include <cstddef>

// Of libasan, whose header for it g++ does not install (sanitizer/allocator_interface.h).
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void* at,
                                                                           std::size_t bytes),
                                                         void (*on_free)(const volatile void* at));

namespace interlock::test {

class Allocations {
 public:
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool kCounted = true;
#else
  static constexpr bool kCounted = false;
#endif

  Allocations() : num_before_(num_all()), bytes_before_(bytes_all()) { install(); }

  [[nodiscard]] std::size_t num() const { return num_all() - num_before_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_all() - bytes_before_; }

 private:
  static std::atomic<std::size_t>& num_all() {
    static std::atomic<std::size_t> num = 0;
    return num;
  }
  static std::atomic<std::size_t>& bytes_all() {
    static std::atomic<std::size_t> bytes = 0;
    return bytes;
  }

  // Once for the whole program: hooks cannot be removed.
  static void install() {
#if defined(__SANITIZE_ADDRESS__)
    static const bool installed = __sanitizer_install_malloc_and_free_hooks(
                                      [](const volatile void*, std::size_t bytes) {
                                        num_all().fetch_add(1, std::memory_order_relaxed);
                                        bytes_all().fetch_add(bytes, std::memory_order_relaxed);
                                      },
                                      [](const volatile void*) {}) != 0;
    static_cast<void>(installed);
#endif
  }

  std::size_t num_before_, bytes_before_;
};

}  // namespace interlock::test
