// What facts must be to be kept. Each function says in some words what is wrong, or nullptr.
#pragma once

#include <cstdint>

#include "model/facts.h"
#include "port/state_store.h"

namespace interlock::store {

// Times lie between these: the years 0000 to 9999.
constexpr WallTime kEarliest{-62167219200000};
constexpr WallTime kLatest{kDistantFuture.ms + 999};

const char* wrong_with(const port::Marks& marks);
// `next_grant` is above the id of every grant that was given out.
const char* wrong_with(const SubjectFacts& facts, std::uint64_t next_grant);
const char* wrong_with(const Action& action);

}  // namespace interlock::store
