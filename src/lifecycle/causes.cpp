#include "lifecycle/causes.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

namespace interlock::lifecycle {
namespace {

tl::unexpected<Error> refuse(const char* sentence) {
  return fail(Errc::kState, Origin::kOwn, sentence);
}

auto find(std::vector<HeldCause>& causes, Cause cause) {
  return std::find_if(causes.begin(), causes.end(),
                      [&](const HeldCause& held) { return held.cause == cause; });
}

// Cuts where a character of UTF-8 begins.
void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0U) == 0x80U) {
    --bytes_max;
  }
  text.resize(bytes_max);
}

void merge(HeldCause& old, HeldCause&& held) {
  held.since = std::min(held.since, old.since);
  held.until = held.until && old.until ? std::max(held.until, old.until) : std::nullopt;
  old = std::move(held);
}

// Drops the cause as of `at`, the moment at which it ended.
void drop(SubjectFacts& facts, Cause cause, WallTime at) {
  facts.causes.erase(find(facts.causes, cause));
  facts.soak_since = std::max(facts.soak_since, at);
}

const char* wrong_right(Release asked) {
  switch (asked) {
    case Release::kEvidence:
      return "This cause is released by good attestation evidence alone: repair the device and let "
             "it attest again.";
    case Release::kSecurityRole:
      return "This cause is released by a person with the security role alone.";
    case Release::kNewKey:
      return "This cause is never released: replace the device, or let it enrol a new key with its "
             "vendor identity or a one-time code.";
  }
  return "";
}

}  // namespace

Step quarantine(const SubjectFacts& facts, HeldCause held) {
  const bool may_end = rule_of(held.cause).release == Release::kSecurityRole;
  if (held.until && (!may_end || *held.until <= held.since)) held.until.reset();
  cut(held.evidence, limits::kFactSentenceBytesMax);
  Step out{facts, ""};
  auto& causes = out.facts.causes;
  const Cause cause = held.cause;
  auto at = find(causes, cause);
  if (at != causes.end()) {
    merge(*at, std::move(held));
  } else {
    const auto later = std::find_if(causes.begin(), causes.end(),
                                    [&](const HeldCause& other) { return other.cause > cause; });
    at = causes.insert(later, std::move(held));
  }
  if (out.facts == facts) return out;
  out.changed =
      fmt::format("In quarantine for {} since {}, {}.", to_string(cause), format_utc(at->since),
                  at->until ? "until " + format_utc(*at->until) : "until it is released");
  return out;
}

Result<Step> release(const SubjectFacts& facts, Cause cause, const Releaser& by, WallTime now) {
  Step out{facts, ""};
  const auto held = find(out.facts.causes, cause);
  if (held == out.facts.causes.end()) {
    return refuse("The device is not in quarantine for this cause.");
  }
  const Release asked = rule_of(cause).release;
  if (by.right != asked) return refuse(wrong_right(asked));
  if (asked != Release::kSecurityRole && by.proved_at <= held->since) {
    return refuse("The proof is not newer than the cause: let the device bring a fresh one.");
  }
  drop(out.facts, cause, now);
  out.changed =
      fmt::format("No longer in quarantine for {}: {}.", to_string(cause),
                  asked == Release::kSecurityRole ? "a person with the security role released it"
                                                  : release_text(asked));
  return out;
}

Step attested(const SubjectFacts& facts, const Attested& good, WallTime now) {
  Step out{facts, ""};
  if (good.until <= now || (facts.attested && facts.attested->at > good.at)) return out;
  out.facts.attested = good;
  if (out.facts.attested != facts.attested) {
    out.changed = fmt::format("Attested until {}.", format_utc(good.until));
  }
  for (const HeldCause& held : facts.causes) {
    auto released = release(out.facts, held.cause, {Release::kEvidence, good.at}, now);
    if (!released) continue;
    out.facts = std::move(released->facts);
    out.changed += (out.changed.empty() ? "" : " ") + released->changed;
  }
  return out;
}

Step expire(const SubjectFacts& facts, WallTime now) {
  Step out{facts, ""};
  for (const HeldCause& held : facts.causes) {
    if (!held.until || *held.until > now) continue;
    drop(out.facts, held.cause, *held.until);
    out.changed += fmt::format("{}The quarantine for {} has ended.", out.changed.empty() ? "" : " ",
                               to_string(held.cause));
  }
  for (const Grant& grant : facts.grants) {
    if (grant.until > now) continue;
    std::erase_if(out.facts.grants, [&](const Grant& other) { return other.id == grant.id; });
    out.changed +=
        fmt::format("{}The grant of {} has ended.", out.changed.empty() ? "" : " ", grant.function);
  }
  return out;
}

}  // namespace interlock::lifecycle
