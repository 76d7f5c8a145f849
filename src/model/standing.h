// Where a device or an asset stands: how far its onboarding has come (Stage), whether it may act
// now (Posture) and, in quarantine, for which causes. These are facts; intent never sets them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace interlock {

enum class Stage : std::uint8_t {
  kPending,  // Known, and not yet admitted: only onboarding.
  kStaged,   // Admitted on trial, under the function that `onboarding` names.
  kActive,
  kRetired  // Gone for good.
};
constexpr std::size_t kNumStages = 4;

enum class Posture : std::uint8_t {
  kTrusted,
  kGrace,       // Something has run out that an offline budget still pays for.
  kUnattested,  // Its tier asks for evidence that is not there.
  kQuarantined  // For as long as one cause is held.
};
constexpr std::size_t kNumPostures = 4;

// Cause is why a device is in quarantine. Each has its own rule of release (src/lifecycle).
enum class Cause : std::uint8_t {
  kAttestationFailed,
  kSecureBootOff,
  kCloneSuspected,
  kViolations,
  kKeyCompromised,
  kDefaultSecret,
  kOperator
};
constexpr std::size_t kNumCauses = 7;
constexpr std::array<Cause, kNumCauses> kCauses = {
    Cause::kAttestationFailed, Cause::kSecureBootOff, Cause::kCloneSuspected, Cause::kViolations,
    Cause::kKeyCompromised,    Cause::kDefaultSecret, Cause::kOperator};

// The words of configuration, records, the database and the CLI: "staged", "quarantined",
// "attestation_failed". from_string knows no other spelling.
std::string_view to_string(Stage stage);
std::string_view to_string(Posture posture);
std::string_view to_string(Cause cause);
std::optional<Stage> stage_from_string(std::string_view text);
std::optional<Posture> posture_from_string(std::string_view text);
std::optional<Cause> cause_from_string(std::string_view text);

}  // namespace interlock
