// How functions fail. `Result<T>` is a value or an `Error`; the compiler will not let it be
// ignored. "Would block" and "denied" are not errors: they are ordinary values of the function's
// own type.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <tl/expected.hpp>

namespace interlock {

// Errc is the class of an error: what a caller may branch on.
enum class Errc : std::uint8_t {
  kTruncated,    // The input ended too early.
  kMalformed,    // The input breaks its format.
  kLimit,        // A named limit (base/limits.h) was reached.
  kUnsupported,  // Well-formed, but not something this program does.
  kClosed,       // The other side is gone.
  kTimeout,      // A deadline passed.
  kIo,           // The operating system said no; `sys` is its errno.
  kCrypto,       // A signature, key or digest is wrong.
  kState,        // Not possible now.
};

// Origin says whose fault it is.
enum class Origin : std::uint8_t { kClient, kService, kOwn, kEnvironment };

// Error is 24 bytes and never allocates. `what` is a literal for people; text that a peer controls
// never goes into it.
struct Error {
  Errc code;
  Origin origin;
  const char* what;
  int sys = 0;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

struct Ok {};
using Status = Result<Ok>;

inline tl::unexpected<Error> fail(Errc code, Origin origin, const char* what, int sys = 0) {
  return tl::unexpected<Error>(Error{code, origin, what, sys});
}

}  // namespace interlock

#define IL_CONCAT_(a, b) a##b
#define IL_CONCAT(a, b) IL_CONCAT_(a, b)

// IL_TRY returns the error of `expr` (a Result, or any other tl::expected) to the caller, if it has
// one.
#define IL_TRY(expr)                                                           \
  do {                                                                         \
    auto il_status = (expr);                                                   \
    if (!il_status.has_value()) return tl::make_unexpected(il_status.error()); \
  } while (false)

// IL_TRY_ASSIGN assigns the value of `expr` to `lhs`, or returns its error to the caller.
#define IL_TRY_ASSIGN(lhs, expr) IL_TRY_ASSIGN_(IL_CONCAT(il_result_, __LINE__), lhs, expr)
#define IL_TRY_ASSIGN_(tmp, lhs, expr)                           \
  auto tmp = (expr);                                             \
  if (!tmp.has_value()) return tl::make_unexpected(tmp.error()); \
  lhs = std::move(*tmp)

// IL_ASSERT states what our own code guarantees. It stays on in release builds: a gateway whose
// assumptions broke must stop, and be restarted closed. Nothing a peer sends may reach one.
#define IL_ASSERT(cond)                                                                          \
  do {                                                                                           \
    if (!(cond)) {                                                                               \
      static_cast<void>(std::fprintf(stderr, "interlock: assertion failed: %s (%s:%d)\n", #cond, \
                                     __FILE__, __LINE__));                                       \
      std::abort();                                                                              \
    }                                                                                            \
  } while (false)
