// Do the laws of trust hold for histories that nobody thought of? A seeded generator draws events,
// rules and hours from few values, so that they often meet; a failure prints its seed.
#include <algorithm>
#include <random>

#include <boost/test/unit_test.hpp>

#include "lifecycle/grants.h"
#include "lifecycle_support.h"

using namespace interlock;
using namespace interlock::lifecycle;

namespace {

constexpr unsigned kRounds = 400;
constexpr int kEvents = 60;

// What an event asked for, as far as the laws need it.
struct Happened {
  std::optional<StageEvent> stage;
  bool quarantined = false;
  std::optional<std::pair<Cause, Releaser>> released;
  std::optional<WallTime> attested_at;
};

class History {
 public:
  explicit History(unsigned seed) : engine_(seed) {
    facts = in_stage(static_cast<Stage>(below(3)));
    intent.attestation = below(2) == 0;
    intent.evidence_age_max = some_hours();
    if (below(3) != 0) {
      intent.grace = GraceRules{.grace = some_hours(), .reads_for = some_hours()};
      if (below(2) == 0) intent.grace->uses = static_cast<std::uint32_t>(below(3));
    }
    intent.stages = {.trial = below(3) != 0,
                     .soak = some_hours(),
                     .violations = static_cast<std::uint32_t>(below(4)),
                     .automatic = below(2) == 0};
    renew();
  }

  std::size_t below(std::size_t n) { return engine_() % n; }
  Millis some_hours() { return hours(static_cast<std::int64_t>(below(30))); }
  void renew() {
    const auto end = [&] { return below(2) == 0 ? std::nullopt : std::optional(soon()); };
    credential = {.leaf_ends = end(), .crl_ends = end(), .paid = below(2) == 0};
  }
  void pass_time() {
    now = now + Millis{some_hours().ms / 3 + static_cast<std::int64_t>(below(2))};
  }
  WallTime soon() { return now + some_hours(); }
  Cause cause() { return kCauses[below(kNumCauses)]; }

  Happened next() {
    switch (below(8)) {
      case 0:
      case 1:
        return change_stage();
      case 2:
      case 3:
        return be_quarantined();
      case 4:
        return be_released();
      case 5:
        return attest();
      case 6:
        return be_granted();
      default:
        facts = expire(facts, now).facts;
        return {};
    }
  }
  [[nodiscard]] Standing standing() const { return standing_at(now); }
  [[nodiscard]] Standing standing_at(WallTime when) const {
    return standing_of(&facts, intent, credential, when);
  }

  SubjectFacts facts;
  DeviceIntent intent;
  Credential credential;
  WallTime now = at(0);

 private:
  void take(Result<Step> out) {
    if (out) facts = std::move(out->facts);
  }
  Happened change_stage() {
    // Retirement ends a history: it is drawn less often than the rest.
    std::size_t drawn = below(kNumStageEvents);
    if (below(4) != 0) drawn = below(static_cast<std::size_t>(StageEvent::kRetired));
    const auto event = static_cast<StageEvent>(drawn);
    take(step(facts,
              {.event = event,
               .violations = static_cast<std::uint32_t>(below(4)),
               .successor = "press-08"},
              intent.stages, now));
    return {.stage = event};
  }
  Happened be_quarantined() {
    HeldCause more{.cause = cause(), .since = now, .evidence = std::to_string(below(3))};
    if (below(2) == 0) more.until = soon();
    facts = quarantine(facts, more).facts;
    return {.quarantined = true};
  }
  Happened be_released() {
    const Releaser by{static_cast<Release>(below(kNumReleases)), now + Millis{-some_hours().ms}};
    const Cause what = cause();
    take(release(facts, what, by, now));
    return {.released = std::pair(what, by)};
  }
  Happened attest() {
    const WallTime when = now + Millis{-some_hours().ms};
    facts = attested(facts, {.at = when, .until = soon()}, now).facts;
    return {.attested_at = when};
  }
  Happened be_granted() {
    take(grant(facts, {.id = ++grants_, .function = "g", .since = soon(), .until = soon()}, now));
    return {};
  }

  std::mt19937 engine_;
  std::uint64_t grants_ = 0;
};

bool within(Base a, Base b) {
  if (a == b || a == Base::kNone) return true;
  if (a == Base::kOnboarding) return true;  // Every other base has the gateway's own services too.
  return a == Base::kRemediation && (b == Base::kOwn || b == Base::kStaged);
}

// Whether nothing is in force under `a` that is not under `b`.
bool no_better(const Standing& a, const Standing& b) {
  const bool writes = a.scope.base >= Base::kStaged && !a.scope.reads_only;
  return within(a.scope.base, b.scope.base) && !(writes && b.scope.reads_only) &&
         (!a.scope.essential || b.scope.essential) && a.scope.enrol <= b.scope.enrol &&
         (a.granted.empty() || a.granted == b.granted) && a.phase >= b.phase;
}

const HeldCause* find(const SubjectFacts& facts, Cause cause) {
  const auto held = std::find_if(facts.causes.begin(), facts.causes.end(),
                                 [&](const HeldCause& other) { return other.cause == cause; });
  return held == facts.causes.end() ? nullptr : &*held;
}

// Whether the event was one that may end this cause.
bool may_leave(const HeldCause& held, const Happened& event, WallTime now) {
  switch (held.cause) {
    case Cause::kAttestationFailed:
    case Cause::kSecureBootOff:
      if (event.attested_at) return *event.attested_at > held.since;
      return event.released && event.released->first == held.cause &&
             event.released->second.right == Release::kEvidence &&
             event.released->second.proved_at > held.since;
    case Cause::kKeyCompromised:
      return event.released && event.released->first == held.cause &&
             event.released->second.right == Release::kNewKey &&
             event.released->second.proved_at > held.since;
    case Cause::kCloneSuspected:
    case Cause::kViolations:
    case Cause::kDefaultSecret:
    case Cause::kOperator:
      if (held.until && *held.until <= now) return true;
      return event.released && event.released->first == held.cause &&
             event.released->second.right == Release::kSecurityRole;
  }
  return false;
}

void check_laws(const SubjectFacts& before, const Standing& stood, const Happened& event,
                const History& history, unsigned seed) {
  const SubjectFacts& after = history.facts;
  BOOST_REQUIRE_MESSAGE(before.stage != Stage::kRetired || after.stage == Stage::kRetired,
                        "retired is final --seed=" << seed);
  for (const HeldCause& held : before.causes) {
    BOOST_REQUIRE_MESSAGE(find(after, held.cause) != nullptr || may_leave(held, event, history.now),
                          to_string(held.cause) << " left --seed=" << seed);
  }
  BOOST_REQUIRE(
      std::is_sorted(after.causes.begin(), after.causes.end(),
                     [](const HeldCause& a, const HeldCause& b) { return a.cause < b.cause; }));
  const bool worse = event.quarantined || event.stage == StageEvent::kViolation ||
                     event.stage == StageEvent::kRetired || event.stage == StageEvent::kReplaced;
  if (worse) {
    BOOST_REQUIRE_MESSAGE(no_better(history.standing(), stood), "worse is better --seed=" << seed);
  }
}

// With one of its causes less, a device stands no worse.
void check_subset(History& history, unsigned seed) {
  if (history.facts.causes.empty()) return;
  SubjectFacts fewer = history.facts;
  fewer.causes.erase(fewer.causes.begin() +
                     static_cast<std::ptrdiff_t>(history.below(fewer.causes.size())));
  const Standing with_fewer = standing_of(&fewer, history.intent, history.credential, history.now);
  BOOST_REQUIRE_MESSAGE(no_better(history.standing(), with_fewer), "--seed=" << seed);
  BOOST_REQUIRE_MESSAGE(history.standing().posture >= with_fewer.posture, "--seed=" << seed);
}

void check_changes_at(History& history, unsigned seed) {
  const Standing now = history.standing();
  BOOST_REQUIRE_MESSAGE(!now.changes_at || *now.changes_at > history.now, "--seed=" << seed);
  const WallTime end = now.changes_at.value_or(history.now + hours(2'000));
  const std::int64_t length = (end - history.now).ms;
  for (int i = 0; i < 4; ++i) {
    const auto ahead = static_cast<std::int64_t>(history.below(static_cast<std::size_t>(length)));
    BOOST_REQUIRE_MESSAGE(history.standing_at(history.now + Millis{ahead}) == now,
                          "changed before it said --seed=" << seed);
  }
  BOOST_REQUIRE_MESSAGE(history.standing_at(WallTime{end.ms - 1}) == now, "--seed=" << seed);
  if (!now.changes_at) return;
  Standing then = history.standing_at(end);
  then.changes_at = now.changes_at;
  const auto soaked =
      step(history.facts, {.event = StageEvent::kSoaked}, history.intent.stages, end);
  BOOST_REQUIRE_MESSAGE(then != now || (soaked && !soaked->changed.empty()),
                        "nothing changed when it said --seed=" << seed);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle_property)

BOOST_AUTO_TEST_CASE(no_history_breaks_a_law) {
  for (unsigned seed = 1; seed <= kRounds; ++seed) {
    History history(seed);
    for (int i = 0; i < kEvents; ++i) {
      if (history.below(3) == 0) history.pass_time();
      if (history.below(8) == 0) history.renew();
      const SubjectFacts before = history.facts;
      const Standing stood = standing_of(&before, history.intent, history.credential, history.now);
      const Happened event = history.next();
      check_laws(before, stood, event, history, seed);
      check_subset(history, seed);
      check_changes_at(history, seed);
    }
  }
}

BOOST_AUTO_TEST_CASE(grace_only_worsens_until_everything_is_renewed) {
  for (unsigned seed = 1; seed <= kRounds; ++seed) {
    History history(seed);
    if (!history.intent.grace) continue;
    const bool paid = history.below(2) == 0;
    GraceSpent spent;
    RunsOut runs_out;
    Phase worst = Phase::kFull;
    for (int i = 0; i < kEvents; ++i) {
      history.pass_time();
      std::optional<WallTime>* ends[] = {&runs_out.evidence, &runs_out.leaf, &runs_out.crl};
      // Whoever renews one thing has settled before what had run out.
      spent = settle(spent, runs_out, history.now);
      *ends[history.below(3)] = history.soon();
      spent = settle(spent, runs_out, history.now);
      if (spent == GraceSpent{}) worst = Phase::kFull;
      const auto used = spend_use(spent, *history.intent.grace);
      if (used && spent.since) spent = *used;
      const Phase phase = grace_of(spent, runs_out, history.intent.grace, paid, history.now).phase;
      BOOST_REQUIRE_MESSAGE(phase >= worst, "--seed=" << seed);
      worst = phase;
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_worse_in_any_way_is_never_better_in_scope) {
  const auto scope = [](const Plight& plight) {
    Standing out;
    out.scope = scope_of(plight);
    return out;
  };
  for (unsigned bits = 0; bits < 1U << 12U; ++bits) {
    const auto has = [&](unsigned bit) { return (bits >> bit & 1U) != 0; };
    Plight plight{.stage = static_cast<Stage>(bits & 3U),
                  .unattested = has(2),
                  .leaf_ended = has(3),
                  .crl_ended = has(4)};
    for (unsigned i = 0; i < kNumCauses; ++i) {
      if (has(5 + i)) plight.causes.add(kCauses[i]);
    }
    for (std::size_t phase = 0; phase + 1 < kNumPhases; ++phase) {
      plight.phase = static_cast<Phase>(phase);
      const Standing base = scope(plight);
      Plight worse = plight;
      worse.phase = static_cast<Phase>(phase + 1);
      BOOST_REQUIRE(no_better(scope(worse), base));
      worse.unattested = worse.leaf_ended = worse.crl_ended = true;
      BOOST_REQUIRE(no_better(scope(worse), base));
      worse = plight;
      worse.stage = Stage::kRetired;
      BOOST_REQUIRE(no_better(scope(worse), base));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
