// The offline budget of a tier: for how long, and for how many connections, a device is served
// whose evidence, certificate or foreign revocation list has run out. One budget pays for all
// three.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "lifecycle/step.h"
#include "model/scope.h"

namespace interlock::lifecycle {

// GraceRules is `offline { }` of a tier. From the moment when the first thing ran out: reads for
// `reads_for`, then essential permits until `grace` is over, then nothing.
struct GraceRules {
  Millis grace;
  Millis reads_for;                   // More than `grace` counts as `grace`.
  std::optional<std::uint32_t> uses;  // Connections it pays for; nothing: not counted.
};

// RunsOut says when each thing stops being good: past, or still ahead. Each is the first moment at
// which it is no longer good. Nothing: it does not run out, or is not asked for.
struct RunsOut {
  std::optional<WallTime> evidence;
  std::optional<WallTime> leaf;  // The credential's certificate.
  std::optional<WallTime> crl;   // Revocation list of its issuer.

  // first returns the earliest of them.
  [[nodiscard]] std::optional<WallTime> first() const;
};

// Grace is where a budget stands at one moment.
struct Grace {
  Phase phase = Phase::kFull;
  std::optional<WallTime> since;    // Since when it is being spent; nothing: it is not.
  std::optional<WallTime> next_at;  // The countdown: when time brings the next phase, and ...
  Phase next = Phase::kFull;        // ... which one that is.
  std::optional<std::uint32_t> uses_left;  // Of those that are counted.
  bool operator==(const Grace&) const = default;
};

// grace_of returns how far the budget is spent. `paid` says that a use was spent for the connection
// that asks (spend_use): it is served until time ends it. For another one a budget without a use
// left has come to kNothing, as soon as anything has run out. Without rules nothing pays: then
// phase is kNothing as soon as leaf or crl has run out, and evidence does not count here (it makes
// a device unattested).
Grace grace_of(const GraceSpent& spent, const RunsOut& runs_out,
               const std::optional<GraceRules>& rules, bool paid, WallTime now);

// settle returns what to keep: since when the budget is spent or, where nothing has run out any
// more, a whole one. Call it whenever something has run out (Standing::changes_at) or was renewed,
// with what the device has now: a device that renews one thing while another has run out must not
// get a new budget.
GraceSpent settle(const GraceSpent& spent, const RunsOut& runs_out, WallTime now);

// spend_use counts one connection that the budget pays for: when a connection that has not paid is
// first in phase kReads or kEssential. Refused (Errc::kState) where no use is left.
Result<GraceSpent> spend_use(const GraceSpent& spent, const GraceRules& rules);

}  // namespace interlock::lifecycle
