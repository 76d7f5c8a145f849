#include "model/scope.h"

#include <array>

namespace interlock {
namespace {

constexpr std::array<std::string_view, kNumPhases> kPhaseNames = {"full", "reads", "essential",
                                                                  "nothing"};
constexpr std::array<std::string_view, kNumBases> kBaseNames = {"none", "onboarding", "remediation",
                                                                "staged", "own"};
constexpr std::array<std::string_view, kNumEnrols> kEnrolNames = {"no", "other_proof", "yes"};

}  // namespace

std::string_view to_string(Phase phase) { return kPhaseNames[static_cast<std::size_t>(phase)]; }
std::string_view to_string(Base base) { return kBaseNames[static_cast<std::size_t>(base)]; }
std::string_view to_string(Enrol enrol) { return kEnrolNames[static_cast<std::size_t>(enrol)]; }

}  // namespace interlock
