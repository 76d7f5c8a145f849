#include "model/standing.h"

namespace interlock {
namespace {

constexpr std::array<std::string_view, kNumStages> kStageNames = {"pending", "staged", "active",
                                                                  "retired"};
constexpr std::array<std::string_view, kNumPostures> kPostureNames = {"trusted", "grace",
                                                                      "unattested", "quarantined"};
constexpr std::array<std::string_view, kNumCauses> kCauseNames = {
    "attestation_failed", "secure_boot_off", "clone_suspected", "violations",
    "key_compromised",    "default_secret",  "operator"};

template <class T, std::size_t N>
std::optional<T> find(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<T>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Stage stage) { return kStageNames[static_cast<std::size_t>(stage)]; }
std::string_view to_string(Posture posture) {
  return kPostureNames[static_cast<std::size_t>(posture)];
}
std::string_view to_string(Cause cause) { return kCauseNames[static_cast<std::size_t>(cause)]; }

std::optional<Stage> stage_from_string(std::string_view text) {
  return find<Stage>(kStageNames, text);
}
std::optional<Posture> posture_from_string(std::string_view text) {
  return find<Posture>(kPostureNames, text);
}
std::optional<Cause> cause_from_string(std::string_view text) {
  return find<Cause>(kCauseNames, text);
}

}  // namespace interlock
