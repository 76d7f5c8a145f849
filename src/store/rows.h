// Facts as rows and back. What breaks a rule goes neither in (kRefused) nor out (kDamaged).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "store/sqlite.h"

namespace interlock::store {

// Each write happens in the transaction that is open.
StoreStatus write_marks(const Database& database, const port::Marks& marks);
// `next_grant` is above the id of every grant that was given out.
StoreStatus write_subjects(const Database& database, const std::vector<SubjectFacts>& subjects,
                           std::uint64_t next_grant);
// write_actions appends, and forgets the oldest (limits::kActionsKeptMax).
StoreStatus write_actions(const Database& database, const std::vector<Action>& actions);

StoreResult<port::Marks> read_marks(const Database& database);
// In the order of (word of the kind, id).
StoreResult<std::vector<SubjectFacts>> read_subjects(const Database& database,
                                                     std::uint64_t next_grant);
// The latest first.
StoreResult<std::vector<Action>> read_actions(const Database& database, std::size_t count,
                                              const std::optional<Subject>& about);

}  // namespace interlock::store
