// Deny by default. What site, tier and function demand of the caller comes first, because no permit
// is worth anything without it; then the permits of the function; and for a denial that none of
// them comes close to, a second, slower look for the nearest.
#include "policy/decide.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace interlock::policy {
namespace {

constexpr auto kNobody = std::numeric_limits<std::uint32_t>::max();

Reason judge_device(const Facts& facts) {
  if (facts.device.foreign) return Reason::wrong_site;
  const Tier* tier = facts.device.tier;
  if (tier == nullptr) return Reason::kNone;
  // With a standing it is a matter of scope.
  if (tier->attestation && !facts.trusted && facts.standing == nullptr) {
    return Reason::attestation_required;
  }
  if (tier->hardware_backed_key && !facts.trusted) return Reason::key_not_hardware_backed;
  if (tier->max_certificate_lifetime && facts.certificate_lifetime &&
      *facts.certificate_lifetime > *tier->max_certificate_lifetime) {
    return Reason::lifetime_exceeds_tier;
  }
  return Reason::kNone;
}

Reason judge_caller(const Facts& facts) {
  if (const Reason reason = judge_device(facts); reason != Reason::kNone) return reason;
  const int assurance = facts.trusted ? kHighestAssurance : facts.assurance;
  return assurance < facts.device.function->min_assurance ? Reason::assurance_too_low
                                                          : Reason::kNone;
}

// How near a permit is: more common segments first, then whether the method agrees, then how many
// segments agree again behind the one that differs, then name order.
struct Nearness {
  std::size_t segments = 0;
  bool method = false;
  std::size_t later = 0;
  auto operator<=>(const Nearness&) const = default;
};

// As many whole segments as the path has in common with what every path of the expression begins
// with.
std::size_t common_with_prefix(std::string_view prefix, std::string_view path) {
  const auto differs = std::mismatch(prefix.begin(), prefix.end(), path.begin(), path.end());
  const auto slashes = std::count(prefix.begin(), differs.first, '/');
  return slashes > 0 ? static_cast<std::size_t>(slashes) - 1 : 0;
}

std::size_t common_behind(std::size_t at, const PathPattern& pattern,
                          const std::vector<std::string_view>& path, const Device& device) {
  std::size_t same = 0;
  for (++at; at < std::min(pattern.size(), path.size()); ++at) {
    same += pattern[at].matches(path[at], device) ? 1 : 0;
  }
  return same;
}

Nearness nearness_of(const Permit& permit, const Facts& facts, const HttpOperation& operation,
                     const std::vector<std::string_view>& path) {
  const bool method = permit.permits_method(operation.method);
  if (!permit.regex.empty()) {
    return {common_with_prefix(permit.regex_prefix, operation.path), method, 0};
  }
  const std::size_t segments = common_segments(permit.pattern, path, facts.device);
  return {segments, method, common_behind(segments, permit.pattern, path, facts.device)};
}

// InForce is a function, and how much of it holds.
struct InForce {
  enum class Part : std::uint8_t { kAll, kReads, kEssential };
  const Function* function;
  Part part = Part::kAll;

  [[nodiscard]] bool has(const Permit& permit) const {
    switch (part) {
      case Part::kAll:
        return true;
      case Part::kReads:
        return permit.only_reads();
      case Part::kEssential:
        return permit.essential;
    }
    return false;
  }
};

Decision deny_with_nearest(const Facts& facts, const Function& function,
                           const HttpOperation& operation) {
  const std::vector<Permit>& permits = function.permits;
  Decision decision{.reason = Reason::no_permit, .difference = Difference::kNoPermit};
  const std::vector<std::string_view> path = split_path(operation.path);
  Nearness best;
  for (const Permit& permit : permits) {
    const Nearness near = nearness_of(permit, facts, operation, path);
    if (decision.permit == nullptr || near > best) {
      best = near;
      decision.permit = &permit;
    }
  }
  if (decision.permit == nullptr) return decision;
  const std::size_t permitted = decision.permit->pattern.size();
  decision.segment = best.segments;
  if (!decision.permit->regex.empty()) {
    decision.difference = Difference::kRegex;
  } else if (best.segments < std::min(permitted, path.size())) {
    decision.difference = Difference::kSegment;
  } else {
    decision.difference = path.size() > permitted ? Difference::kLonger : Difference::kShorter;
  }
  return decision;
}

// Match collects the permits that cover the path. Each is held against the operation in one order,
// and the first thing that it does not cover is what it lacks; of those that lack the same thing,
// the first in name order stands for all.
class Match {
 public:
  Match(const Facts& facts, const InForce& in_force, const HttpOperation& operation)
      : facts_(facts),
        in_force_(in_force),
        operation_(operation),
        permits_(in_force.function->permits) {}

  void take(std::uint32_t number) {
    const Permit& permit = permits_[number];
    if (!in_force_.has(permit)) return;
    if (!permit.permits_method(operation_.method)) {
      first(other_method_, number);
    } else if (!permit.permits_upgrade(operation_.upgrade)) {
      first(other_protocol_, number);
    } else if (operation_.has_body() && !permit.permits_content_type(operation_.content_type)) {
      first(other_type_, number);
    } else if (operation_.body_bytes.value_or(0) > permit.body_bytes_max ||
               (operation_.has_body() && !operation_.upgrade.empty())) {
      first(too_small_, number);
    } else if (number < covering_) {
      take_covering(number);
    }
  }

  // decision is what follows from the permits taken; nothing where none covers the path. Of the
  // refusals the one that lacks least counts.
  [[nodiscard]] std::optional<Decision> decision() const {
    if (covering_ != kNobody) {
      const Permit& permit = permits_[covering_];
      return Decision{.permit = &permit,
                      .body_bytes_max = permit.body_bytes_max,
                      .spends_rate = permit.rate.has_value()};
    }
    // A budget that nobody can count might be there: that it is spent would be a guess.
    if (uncounted_ != kNobody) return deny(Reason::overloaded, uncounted_, Difference::kRate);
    if (spent_ != kNobody) {
      Decision limited = deny(Reason::rate_limited, spent_, Difference::kRate);
      limited.wait_ms = wait_.ms;
      return limited;
    }
    if (too_small_ != kNobody) return deny(Reason::too_large, too_small_, Difference::kBody);
    if (other_type_ != kNobody) {
      return deny(Reason::content_type_not_permitted, other_type_, Difference::kContentType);
    }
    if (other_protocol_ != kNobody) {
      return deny(Reason::upgrade_not_permitted, other_protocol_, Difference::kUpgrade);
    }
    if (other_method_ != kNobody) {
      return deny(Reason::method_not_permitted, other_method_, Difference::kMethod);
    }
    return std::nullopt;
  }

 private:
  static void first(std::uint32_t& slot, std::uint32_t number) { slot = std::min(slot, number); }

  void take_covering(std::uint32_t number) {
    const Permit& permit = permits_[number];
    const Budget budget = permit.rate && facts_.budgets ? facts_.budgets->left(permit) : Budget{};
    switch (budget.state) {
      case Budget::State::kLeft:
        covering_ = number;
        return;
      case Budget::State::kUnknown:
        first(uncounted_, number);
        return;
      case Budget::State::kSpent:
        // The one that has budget again soonest is nearest.
        if (spent_ == kNobody || std::pair(budget.wait, number) < std::pair(wait_, spent_)) {
          spent_ = number;
          wait_ = budget.wait;
        }
        return;
    }
  }

  [[nodiscard]] Decision deny(Reason reason, std::uint32_t number, Difference difference) const {
    return {.reason = reason, .permit = &permits_[number], .difference = difference};
  }

  const Facts& facts_;
  const InForce in_force_;
  const HttpOperation& operation_;
  const std::vector<Permit>& permits_;
  std::uint32_t covering_ = kNobody;
  std::uint32_t uncounted_ = kNobody, spent_ = kNobody;  // Cover everything but the rate.
  Millis wait_;                                          // Of spent_.
  std::uint32_t too_small_ = kNobody;       // Covers method and kind of body, not its size.
  std::uint32_t other_type_ = kNobody;      // Covers the method, not the kind of body.
  std::uint32_t other_protocol_ = kNobody;  // Covers the method, not the upgrade.
  std::uint32_t other_method_ = kNobody;    // Covers the path alone.
};

Decision decide_by(const InForce& in_force, const Facts& facts, const HttpOperation& operation) {
  Match match(facts, in_force, operation);
  const bool all_asked = in_force.function->paths.match(
      operation.path, facts.device, [&](std::uint32_t number) { match.take(number); });
  // Where not all permits could be asked, none is taken: an earlier one might have been the one.
  if (!all_asked) return {.reason = Reason::overloaded};
  if (const auto decision = match.decision()) return *decision;
  return deny_with_nearest(facts, *in_force.function, operation);
}

// Of a scope that is not the device's own whatever is not allowed is denied for the standing's
// reason: that a permit is out of force is the one thing to know.
Decision decide_in_scope(const Facts& facts, const HttpOperation& operation) {
  const Scope& scope = facts.standing->scope;
  const auto allowed_by = [&](const InForce& in_force) -> std::optional<Decision> {
    if (in_force.function == nullptr) return std::nullopt;
    Decision decision = decide_by(in_force, facts, operation);
    if (!decision.allowed()) return std::nullopt;
    return decision;
  };
  const Function* own = facts.device.function;
  std::optional<Decision> allowed;
  if (scope.base == Base::kOwn) allowed = allowed_by({own, InForce::Part::kReads});
  if (scope.base == Base::kRemediation) {
    allowed = allowed_by({facts.remediation, InForce::Part::kReads});
  }
  if (!allowed && scope.essential) allowed = allowed_by({own, InForce::Part::kEssential});
  if (allowed) return *allowed;
  const Reason reason = facts.standing->reason;
  return {.reason = reason == Reason::kNone ? Reason::stage_pending : reason};
}

// All of the device's own function holds.
bool is_unlimited(const Standing& standing) {
  return standing.reason == Reason::kNone && standing.scope.base == Base::kOwn &&
         !standing.scope.reads_only;
}

}  // namespace

Decision decide(const Facts& facts, const HttpOperation& operation) {
  if (const Reason reason = judge_caller(facts); reason != Reason::kNone) return {.reason = reason};
  if (facts.standing != nullptr && !is_unlimited(*facts.standing)) {
    return decide_in_scope(facts, operation);
  }
  return decide_by({facts.device.function, InForce::Part::kAll}, facts, operation);
}

}  // namespace interlock::policy
