// A rule holds in both directions, so that whatever was taken can be had again.
#include "store/rules.h"

#include <algorithm>
#include <limits>

#include "base/limits.h"

namespace interlock::store {
namespace {

bool is_time(WallTime time) { return time >= kEarliest && time <= kLatest; }
bool is_time(const std::optional<WallTime>& time) { return !time || is_time(*time); }
bool is_name(std::string_view text) { return text.size() <= limits::kFactNameBytesMax; }
bool is_sentence(std::string_view text) { return text.size() <= limits::kFactSentenceBytesMax; }

const char* wrong_with(const HeldCause& cause) {
  if (!is_time(cause.since) || !is_time(cause.until)) return "a cause has an impossible time";
  if (!is_name(cause.by)) return "the operator's name of a cause is too long";
  return is_sentence(cause.evidence) ? nullptr : "the evidence of a cause is too long";
}

const char* wrong_with(const Grant& grant, std::uint64_t next_grant) {
  if (grant.id == 0 || grant.id >= next_grant) return "a grant's number was never given out";
  if (!is_time(grant.since) || !is_time(grant.until)) return "a grant has an impossible time";
  if (!is_name(grant.function)) return "the function's name of a grant is too long";
  if (!is_name(grant.by)) return "the operator's name of a grant is too long";
  return is_sentence(grant.reason) ? nullptr : "the reason of a grant is too long";
}

const char* wrong_with(const Attested& attested) {
  if (!is_time(attested.at) || !is_time(attested.until)) return "an appraisal has impossible times";
  if (attested.assurance < 0 || attested.assurance > 3) return "an assurance is out of range";
  return is_name(attested.firmware) ? nullptr : "the name of a firmware is too long";
}

// not_rising tells whether `value` of one is not above that of the one before it.
template <class T, class Value>
bool not_rising(const std::vector<T>& list, Value T::*value) {
  return std::adjacent_find(list.begin(), list.end(), [value](const T& a, const T& b) {
           return a.*value >= b.*value;
         }) != list.end();
}

}  // namespace

const char* wrong_with(const port::Marks& marks) {
  if (!is_time(marks.clock_floor)) return "the floor of the clock is no time of our calendar";
  if (marks.next_grant == 0 || marks.next_grant > std::numeric_limits<std::int64_t>::max()) {
    return "the next grant's number is out of range";
  }
  return nullptr;
}

const char* wrong_with(const SubjectFacts& facts, std::uint64_t next_grant) {
  if (facts.subject.id.empty()) return "it has no name";
  if (!is_name(facts.subject.id)) return "its name is too long";
  if (!is_name(facts.replaced_by)) return "its successor's name is too long";
  if (!is_time(facts.stage_since) || !is_time(facts.soak_since) || !is_time(facts.grace.since)) {
    return "it has an impossible time";
  }
  if (not_rising(facts.causes, &HeldCause::cause)) return "its causes are not in their order";
  if (not_rising(facts.grants, &Grant::id)) return "its grants are not in the order of their ids";
  if (facts.grants.size() > limits::kGrantsPerSubjectMax) return "it has too many grants";
  for (const HeldCause& cause : facts.causes) {
    if (const char* wrong = wrong_with(cause)) return wrong;
  }
  for (const Grant& grant : facts.grants) {
    if (const char* wrong = wrong_with(grant, next_grant)) return wrong;
  }
  return facts.attested ? wrong_with(*facts.attested) : nullptr;
}

const char* wrong_with(const Action& action) {
  if (!is_time(action.time)) return "its time is impossible";
  if (!is_name(action.by) || !is_name(action.verb) || !is_name(action.subject.id)) {
    return "a name in it is too long";
  }
  return is_sentence(action.reason) && is_sentence(action.detail) ? nullptr
                                                                  : "a sentence in it is too long";
}

}  // namespace interlock::store
