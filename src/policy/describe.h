// Decisions in words, for people who did not write the policy.
#pragma once

#include <string>

#include "policy/decide.h"

namespace interlock::policy {

// describe says a decision in one plain sentence: the permit that covers the operation, or the
// nearest one and the single thing that differs. `facts` and `operation` are those it was made on.
std::string describe(const Decision& decision, const Facts& facts, const HttpOperation& operation);

// path_text returns the permit's path, or `path_regex "/v1/[a-z]+"`.
std::string path_text(const Permit& permit);

// rate_text returns "2 per 1s, burst 10".
std::string rate_text(const Rate& rate);

}  // namespace interlock::policy
