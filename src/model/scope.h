// What facts make of a device at one moment: its standing, and in it the scope that is in force.
// Computed by lifecycle/standing_of.h, read by the decision and by everything that shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "interlock/reason.h"
#include "model/standing.h"

namespace interlock {

// CauseSet is a set of causes, as bits.
class CauseSet {
 public:
  constexpr CauseSet() = default;
  constexpr CauseSet(std::initializer_list<Cause> causes) {
    for (const Cause cause : causes) add(cause);
  }
  constexpr void add(Cause cause) { bits_ = static_cast<std::uint8_t>(bits_ | bit(cause)); }
  [[nodiscard]] constexpr bool has(Cause cause) const { return (bits_ & bit(cause)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr std::uint8_t bits() const { return bits_; }
  constexpr bool operator==(const CauseSet&) const = default;

 private:
  static constexpr unsigned bit(Cause cause) { return 1U << static_cast<unsigned>(cause); }
  std::uint8_t bits_ = 0;
};

// Phase is how far an offline budget is spent, from best to worst.
enum class Phase : std::uint8_t {
  kFull,       // Nothing has run out.
  kReads,      // Permits that write do not hold.
  kEssential,  // Essential permits alone hold.
  kNothing
};
constexpr std::size_t kNumPhases = 4;

// Base is whose permits are in force.
enum class Base : std::uint8_t {
  kNone,
  kOnboarding,   // The gateway's own services: attestation, and enrolment as far as Enrol says.
  kRemediation,  // The same, and what the function of `quarantine` lists.
  kStaged,       // The function that `onboarding` names for `staged`.
  kOwn           // The device's own function.
};
constexpr std::size_t kNumBases = 5;

// Enrol is how a device may ask for a certificate, from worst to best.
enum class Enrol : std::uint8_t {
  kNo,
  kOtherProof,  // By a vendor identity or a one-time code; not by the certificate that it has.
  kYes
};
constexpr std::size_t kNumEnrols = 3;

// Scope is what is in force for a device.
struct Scope {
  Base base = Base::kNone;
  // Of a function (kStaged, kOwn, a grant's), permits that write do not hold.
  bool reads_only = false;
  // Whatever the base is, the essential permits of the function of its stage hold: its own in
  // `active`, that of onboarding in `staged`.
  bool essential = false;
  Enrol enrol = Enrol::kNo;
  bool operator==(const Scope&) const = default;
};

// Standing is where one device stands, with one of its credentials, from the moment it was asked
// for until `changes_at`.
struct Standing {
  Stage stage = Stage::kPending;
  Posture posture = Posture::kUnattested;
  Phase phase = Phase::kNothing;
  CauseSet causes;  // That are held now.
  Scope scope;
  // What to refuse with where the scope does not cover an operation; kNone: the function alone
  // says (`no_permit` and its like).
  Reason reason = Reason::state_unavailable;
  // Function of the grant in force, beside the base's; empty: none. Part of the facts that were
  // given, and lives as long as they do.
  std::string_view granted;
  // The first moment, later than now, at which time alone changes this, or may end a soak. Nothing:
  // never.
  std::optional<WallTime> changes_at;
  bool operator==(const Standing&) const = default;

  // holds_nothing: not one operation is in force, nor any of the gateway's own services.
  [[nodiscard]] bool holds_nothing() const {
    return scope.base == Base::kNone && !scope.essential && scope.enrol == Enrol::kNo;
  }

  // tells_reason: who may be a clone, or somebody with a factory's secret, learns no reason.
  [[nodiscard]] bool tells_reason() const {
    return !causes.has(Cause::kCloneSuspected) && !causes.has(Cause::kDefaultSecret);
  }
};

// Words for people and records: "reads", "remediation", "other_proof".
std::string_view to_string(Phase phase);
std::string_view to_string(Base base);
std::string_view to_string(Enrol enrol);

}  // namespace interlock
