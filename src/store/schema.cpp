// Times are milliseconds since 1970 in UTC, words those of model/standing.h. The tables refuse what
// SQL can tell is wrong, whoever writes; times and lengths are checked by rows.cpp, on their way in
// and on their way out.
#include "store/schema.h"

#include <array>

#include <fmt/format.h>

namespace interlock::store {
namespace {

constexpr const char* kVersion1 = R"(
-- What is known of the gateway itself.
CREATE TABLE gateway (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  instance TEXT NOT NULL CHECK (length(instance) = 32),
  epoch INTEGER NOT NULL CHECK (epoch >= 0),
  next_grant INTEGER NOT NULL CHECK (next_grant >= 1),
  clock_floor INTEGER
) STRICT;
INSERT INTO gateway VALUES (1, lower(hex(randomblob(16))), 0, 1, NULL);

CREATE TABLE subject (
  kind TEXT NOT NULL CHECK (kind IN ('device', 'asset')),
  id TEXT NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('pending', 'staged', 'active', 'retired')),
  stage_since INTEGER NOT NULL,
  frozen INTEGER NOT NULL CHECK (frozen IN (0, 1)),
  soak_since INTEGER NOT NULL,
  grace_since INTEGER,
  grace_uses INTEGER NOT NULL CHECK (grace_uses BETWEEN 0 AND 4294967295),
  attested_at INTEGER,
  attested_until INTEGER,
  assurance INTEGER CHECK (assurance BETWEEN 0 AND 3),
  firmware TEXT,
  replaced_by TEXT NOT NULL,
  PRIMARY KEY (kind, id),
  CHECK ((attested_at IS NULL) = (attested_until IS NULL)
     AND (attested_at IS NULL) = (assurance IS NULL)
     AND (attested_at IS NULL) = (firmware IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE cause (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  cause TEXT NOT NULL CHECK (cause IN ('attestation_failed', 'secure_boot_off', 'clone_suspected',
    'violations', 'key_compromised', 'default_secret', 'operator')),
  since INTEGER NOT NULL,
  until INTEGER,
  evidence TEXT NOT NULL,
  held_by TEXT NOT NULL,
  PRIMARY KEY (kind, id, cause),
  FOREIGN KEY (kind, id) REFERENCES subject ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE granted (
  grant_id INTEGER PRIMARY KEY CHECK (grant_id >= 1),
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  function TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  reason TEXT NOT NULL,
  granted_by TEXT NOT NULL,
  FOREIGN KEY (kind, id) REFERENCES subject ON DELETE CASCADE
) STRICT;
CREATE INDEX granted_to ON granted (kind, id);

-- About subjects that may have no facts: no foreign key.
CREATE TABLE action (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  operator TEXT NOT NULL,
  uid INTEGER NOT NULL CHECK (uid BETWEEN 0 AND 4294967295),
  verb TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('device', 'asset')),
  id TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX action_about ON action (kind, id);
)";

constexpr std::array kSteps = {kVersion1};

}  // namespace

std::span<const char* const> steps() { return kSteps; }

StoreStatus understood(const Database& database, std::span<const char* const> steps) {
  IL_TRY_ASSIGN(const std::int64_t found, database.integer("PRAGMA user_version"));
  if (found < 0 || static_cast<std::uint64_t>(found) > steps.size()) {
    return tl::make_unexpected(database.error(
        StoreFault::kNewer,
        fmt::format("a newer version of this program wrote it (its schema is {}, this program "
                    "knows {})",
                    found, steps.size())));
  }
  return Ok{};
}

StoreStatus migrate(const Database& database, std::span<const char* const> steps) {
  IL_TRY(understood(database, steps));
  IL_TRY_ASSIGN(const std::int64_t found, database.integer("PRAGMA user_version"));
  for (auto version = static_cast<std::size_t>(found); version < steps.size(); ++version) {
    Transaction transaction(database);
    IL_TRY(transaction.begin());
    IL_TRY(database.run(steps[version]));
    IL_TRY(database.run(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}",
                                    version + 1, kApplicationId)));
    IL_TRY(transaction.commit());
  }
  return Ok{};
}

}  // namespace interlock::store
