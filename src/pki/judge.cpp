// The one judging function. It sees facts, a trust and the time, and nothing else.
#include <algorithm>

#include "pki/verify.h"

namespace interlock::pki {
namespace {

std::string utc(WallTime at) { return format_utc(at).substr(0, 19) + 'Z'; }

// Listed is a certificate that a list speaks of, and what the list of its issuer says.
struct Listed {
  const PathLink* link = nullptr;
  std::optional<Trust::Revocation> list;
};

// All certificates below the anchor, each looked up once.
std::vector<Listed> look_up(const ChainFacts& facts, const Trust& trust) {
  std::vector<Listed> listed;
  if (trust.no_revocation() || facts.path.empty()) return listed;
  listed.reserve(facts.path.size() - 1);
  for (const PathLink& link : std::span(facts.path).first(facts.path.size() - 1)) {
    listed.push_back({&link, trust.revocation(link.issuer, link.serial)});
  }
  return listed;
}

// Of all moments at which an answer may change, the next, as the last one of the old answer.
WallTime next_change(const ChainFacts& facts, std::span<const Listed> listed, WallTime now) {
  WallTime next = kDistantFuture;
  const auto consider = [&](WallTime at) {
    if (at >= now) next = std::min(next, at);
  };
  for (const PathLink& link : facts.path) {
    consider(link.not_before + Millis{-1});
    consider(link.not_after);
  }
  for (const Listed& each : listed) {
    if (each.list.has_value()) consider(each.list->fresh_until);
  }
  return next;
}

struct Finding {
  Reason reason = Reason::kNone;
  std::string detail;
};

// What no clock changes.
Finding judge_chain(const ChainFacts& facts, const Trust& trust) {
  if (facts.trust != trust.name()) {
    return {Reason::untrusted_chain, "the chain was verified for trust " + facts.trust};
  }
  if (facts.for_services != trust.for_services()) {
    return {Reason::untrusted_chain, "the chain was verified for another use of the trust"};
  }
  if (!facts.path_problems.empty()) {
    return {Reason::untrusted_chain, facts.path_problems.front()};
  }
  if (facts.path.empty() || !trust.is_anchor(facts.anchor)) {
    return {Reason::untrusted_chain, "the authority at its top is no longer in the trust"};
  }
  if (!facts.weakness.empty()) return {Reason::weak_key, facts.weakness};
  if (!facts.purpose_problem.empty()) {
    return {Reason::certificate_purpose, facts.purpose_problem};
  }
  if (facts.purpose_unstated && !trust.enrolment_only()) {
    return {Reason::certificate_purpose, facts.path.front().subject +
                                             " has no extended key usage, which is enough for "
                                             "enrolment only"};
  }
  return {};
}

Finding judge_revoked(std::span<const Listed> listed) {
  for (const auto& [link, list] : listed) {
    if (list.has_value() && list->revoked) {
      return {Reason::certificate_revoked, link->subject + " was revoked by " + link->issuer_name};
    }
  }
  return {};
}

Finding judge_validity(std::span<const PathLink> links, WallTime now) {
  for (const PathLink& link : links) {
    if (now < link.not_before) {
      return {Reason::certificate_not_yet_valid,
              link.subject + " is valid from " + utc(link.not_before)};
    }
  }
  for (const PathLink& link : links) {
    if (now > link.not_after) {
      return {Reason::certificate_expired, link.subject + " expired on " + utc(link.not_after)};
    }
  }
  return {};
}

Finding judge_freshness(std::span<const Listed> listed, WallTime now) {
  for (const auto& [link, list] : listed) {
    if (!list.has_value()) {
      return {Reason::revocation_stale, "there is no revocation list of " + link->issuer_name +
                                            ", which issued " + link->subject};
    }
    if (now > list->fresh_until) {
      return {Reason::revocation_stale, "the revocation list of " + link->issuer_name +
                                            " counted until " + utc(list->fresh_until)};
    }
  }
  return {};
}

}  // namespace

Verdict judge(const ChainFacts& facts, const Trust& trust, WallTime now) {
  const std::vector<Listed> listed = look_up(facts, trust);
  Finding found = judge_chain(facts, trust);
  if (found.reason == Reason::kNone) found = judge_revoked(listed);
  if (found.reason == Reason::kNone) found = judge_validity(facts.path, now);
  if (found.reason == Reason::kNone) found = judge_freshness(listed, now);
  return {found.reason, std::move(found.detail), next_change(facts, listed, now)};
}

Verdict verify(std::span<const Bytes> chain, const Trust& trust, WallTime now) {
  return judge(inspect(chain, trust, now), trust, now);
}

}  // namespace interlock::pki
