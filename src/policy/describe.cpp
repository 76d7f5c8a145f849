#include "policy/describe.h"

#include <fmt/format.h>

#include "policy/problem.h"
#include "policy/units.h"
#include "wire/http1/media_type.h"

namespace interlock::policy {
namespace {

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

std::string describe_content_type(const Permit& permit, const HttpOperation& op) {
  const std::string wanted = fmt::format("{}", fmt::join(permit.content_types, " or "));
  if (op.content_type.empty()) {
    return fmt::format("the body comes without a Content-Type, the permit allows {}", wanted);
  }
  if (http1::media_type(op.content_type).empty()) {
    return fmt::format("the Content-Type {} is malformed, the permit allows {}",
                       quoted(op.content_type), wanted);
  }
  return fmt::format("the Content-Type is {}, the permit allows {}",
                     http1::media_type(op.content_type), wanted);
}

std::string describe_body(const Permit& permit, const HttpOperation& op) {
  if (!op.upgrade.empty()) return "a request that asks for another protocol has no body";
  return op.body_bytes ? fmt::format("the body has {} bytes, the permit allows {}", *op.body_bytes,
                                     permit.body_bytes_max)
                       : fmt::format("the body has more bytes than the {} the permit allows",
                                     permit.body_bytes_max);
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
    case Difference::kRegex:
      return "the path does not match the expression";
    case Difference::kUpgrade:
      return fmt::format("the request asks to go on in {}, the permit allows {}",
                         quoted(op.upgrade),
                         permit.upgrade.empty() ? "HTTP alone" : permit.upgrade);
    case Difference::kContentType:
      return describe_content_type(permit, op);
    case Difference::kBody:
      return describe_body(permit, op);
    case Difference::kRate:
      return decision.reason == Reason::rate_limited
                 ? fmt::format("its rate of {} is used up; there is budget again in {} ms",
                               rate_text(*permit.rate), decision.wait_ms)
                 : fmt::format("its rate of {} cannot be counted: too many budgets are in use",
                               rate_text(*permit.rate));
    case Difference::kNone:
    case Difference::kNoPermit:
      break;
  }
  return {};
}

}  // namespace

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
                       path_text(*permit), permit->service->name,
                       describe_difference(decision, facts, operation));
  }
  if (decision.reason == Reason::wrong_site) {
    return fmt::format("the inventory places the device at site \"{}\"", facts.device.site);
  }
  if (decision.reason == Reason::assurance_too_low) {
    return fmt::format("function \"{}\" asks for assurance {}, the device has {}",
                       facts.device.function->name, facts.device.function->min_assurance,
                       facts.assurance);
  }
  if (decision.reason == Reason::overloaded) {
    return fmt::format(
        "the path_regex of function \"{}\" ran out of memory, so nobody knows which permit covers "
        "it",
        facts.device.function->name);
  }
  if (facts.standing != nullptr && !facts.standing->causes.empty()) {
    std::vector<std::string_view> causes;
    for (const Cause cause : kCauses) {
      if (facts.standing->causes.has(cause)) causes.push_back(to_string(cause));
    }
    return fmt::format("the device is in quarantine ({})", fmt::join(causes, ", "));
  }
  if (facts.device.tier != nullptr) {
    return fmt::format("tier \"{}\": {}", facts.device.tier->name, what_happened(decision.reason));
  }
  return std::string(what_happened(decision.reason));
}

std::string path_text(const Permit& permit) {
  return permit.regex.empty() ? permit.path : fmt::format("path_regex {}", quoted(permit.regex));
}

std::string rate_text(const Rate& rate) {
  return fmt::format("{} per {}, burst {}", rate.limit, format_duration(rate.per), rate.burst);
}

}  // namespace interlock::policy
