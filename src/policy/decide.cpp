// Deny by default. What site and tier demand comes first, because no permit is worth anything
// without it; then the permits of the function; and for a denial a second, slower look for the
// nearest permit.
#include "policy/decide.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace interlock::policy {
namespace {

constexpr auto kNobody = std::numeric_limits<std::uint32_t>::max();

Reason judge_device(const Facts& facts) {
  if (facts.device.foreign) return Reason::wrong_site;
  const Tier* tier = facts.device.tier;
  if (tier == nullptr) return Reason::kNone;
  if (tier->attestation && !facts.trusted) return Reason::attestation_required;
  if (tier->hardware_backed_key && !facts.trusted) return Reason::key_not_hardware_backed;
  if (tier->max_certificate_lifetime && facts.certificate_lifetime &&
      *facts.certificate_lifetime > *tier->max_certificate_lifetime) {
    return Reason::lifetime_exceeds_tier;
  }
  return Reason::kNone;
}

// How near a permit is: more common segments first, then whether the method agrees, then name
// order.
struct Nearness {
  std::size_t segments = 0;
  bool method = false;
  auto operator<=>(const Nearness&) const = default;
};

Decision deny_with_nearest(const Facts& facts, const HttpOperation& operation) {
  const std::vector<Permit>& permits = facts.device.function->permits;
  Decision decision{.reason = Reason::no_permit, .difference = Difference::kNoPermit};
  const std::vector<std::string_view> path = split_path(operation.path);
  Nearness best;
  for (const Permit& permit : permits) {
    const Nearness near{common_segments(permit.pattern, path, facts.device),
                        permit.permits_method(operation.method)};
    if (decision.permit == nullptr || near > best) {
      best = near;
      decision.permit = &permit;
    }
  }
  if (decision.permit == nullptr) return decision;
  const std::size_t permitted = decision.permit->pattern.size();
  decision.segment = best.segments;
  if (best.segments < std::min(permitted, path.size())) {
    decision.difference = Difference::kSegment;
  } else {
    decision.difference = path.size() > permitted ? Difference::kLonger : Difference::kShorter;
  }
  return decision;
}

std::string methods_of(const Permit& permit) {
  return fmt::format("{}", fmt::join(permit.methods, " or "));
}

std::string segment_text(const PathSegment& segment, const Device& device) {
  switch (segment.kind) {
    case PathSegment::Kind::kLiteral:
      return fmt::format("\"{}\"", segment.text);
    case PathSegment::Kind::kAny:
      return "one segment (*)";
    case PathSegment::Kind::kRest:
      return "the rest (**)";
    case PathSegment::Kind::kAttribute:
      return fmt::format("\"{}\" ({{device.{}}})", device.attribute(segment.text), segment.text);
  }
  return {};
}

std::string describe_difference(const Decision& decision, const Facts& facts,
                                const HttpOperation& op) {
  const Permit& permit = *decision.permit;
  const std::vector<std::string_view> path = split_path(op.path);
  switch (decision.difference) {
    case Difference::kMethod:
      return fmt::format("the method is {}, the permit allows {}", op.method, methods_of(permit));
    case Difference::kSegment:
      return fmt::format("segment {} of the path is \"{}\", the permit has {}",
                         decision.segment + 1, path[decision.segment],
                         segment_text(permit.pattern[decision.segment], facts.device));
    case Difference::kLonger:
      return fmt::format("the path goes on after segment {}, the permit's ends there",
                         decision.segment);
    case Difference::kShorter:
      return fmt::format("the path ends after segment {}, the permit's goes on", decision.segment);
    case Difference::kBody:
      return op.body_bytes ? fmt::format("the body has {} bytes, the permit allows {}",
                                         *op.body_bytes, permit.body_bytes_max)
                           : fmt::format("the body has more bytes than the {} the permit allows",
                                         permit.body_bytes_max);
    case Difference::kNone:
    case Difference::kNoPermit:
      break;
  }
  return {};
}

}  // namespace

Decision decide(const Facts& facts, const HttpOperation& operation) {
  if (const Reason reason = judge_device(facts); reason != Reason::kNone) return {.reason = reason};

  const Function& function = *facts.device.function;
  std::uint32_t covering = kNobody;
  std::uint32_t too_small = kNobody;     // Covers all but the size of the body.
  std::uint32_t other_method = kNobody;  // Covers the path alone.
  const auto weigh = [&](std::uint32_t number) {
    const Permit& permit = function.permits[number];
    std::uint32_t& slot = !permit.permits_method(operation.method)                   ? other_method
                          : operation.body_bytes.value_or(0) > permit.body_bytes_max ? too_small
                                                                                     : covering;
    slot = std::min(slot, number);
  };
  // Where not all permits could be asked, none is taken: an earlier one might have been the one.
  if (!function.paths.match(operation.path, facts.device, weigh)) {
    return {.reason = Reason::overloaded};
  }
  if (covering != kNobody) {
    const Permit& permit = function.permits[covering];
    return {.permit = &permit, .body_bytes_max = permit.body_bytes_max};
  }
  if (too_small != kNobody) {
    return {.reason = Reason::too_large,
            .permit = &function.permits[too_small],
            .difference = Difference::kBody};
  }
  if (other_method != kNobody) {
    return {.reason = Reason::method_not_permitted,
            .permit = &function.permits[other_method],
            .difference = Difference::kMethod};
  }
  return deny_with_nearest(facts, operation);
}

std::string describe(const Decision& decision, const Facts& facts, const HttpOperation& operation) {
  const Permit* permit = decision.permit;
  if (decision.allowed()) {
    return fmt::format("permit \"{}\" of function \"{}\" covers it", permit->name,
                       facts.device.function->name);
  }
  if (decision.difference == Difference::kNoPermit) {
    return fmt::format("function \"{}\" has no permits", facts.device.function->name);
  }
  if (permit != nullptr) {
    return fmt::format("nearest permit \"{}\" ({} {} on {}): {}", permit->name, methods_of(*permit),
                       permit->path, permit->service->name,
                       describe_difference(decision, facts, operation));
  }
  if (decision.reason == Reason::wrong_site) {
    return fmt::format("the inventory places the device at site \"{}\"", facts.device.site);
  }
  if (decision.reason == Reason::overloaded) {
    return fmt::format(
        "the path_regex of function \"{}\" ran out of memory, so nobody knows which "
        "permit covers it",
        facts.device.function->name);
  }
  if (facts.device.tier != nullptr) {
    return fmt::format("tier \"{}\": {}", facts.device.tier->name, what_happened(decision.reason));
  }
  return std::string(what_happened(decision.reason));
}

}  // namespace interlock::policy
