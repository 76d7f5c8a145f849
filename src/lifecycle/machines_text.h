// The tables of the machines as text for people: MACHINES.md.
#pragma once

#include <string>

namespace interlock::lifecycle {

// stages_text returns the transitions of the stages, the rules of the causes and what is in force
// in every situation, each line at most 100 characters. Made from the tables and from scope_of, so
// that it cannot say anything else than what happens.
std::string stages_text();

}  // namespace interlock::lifecycle
