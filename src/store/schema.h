// The tables of the state database, and how older ones become those of today.
#pragma once

#include <cstdint>
#include <span>

#include "store/sqlite.h"

namespace interlock::store {

// The file says by this number that it is ours (SQLite's application_id): "ILok".
constexpr std::int64_t kApplicationId = 0x494c6f6b;

// steps leads from nothing to the schema of today: the n-th makes version n + 1 of version n. A
// step that was ever released never changes. Every version has gateway.instance.
std::span<const char* const> steps();

// understood is kNewer where the database has taken more steps than these.
StoreStatus understood(const Database& database, std::span<const char* const> steps);

// migrate takes the database through the steps that it has not taken, each in one transaction;
// kNewer where it has taken more.
StoreStatus migrate(const Database& database, std::span<const char* const> steps);

}  // namespace interlock::store
