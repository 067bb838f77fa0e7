// The tables, and how an older file becomes one of today: one step for each version, never edited once released.
#pragma once
#include "adapters/store/sqlite.h"

namespace dormouse::store {

/// The version this program writes; kept in the file as user_version.
inline constexpr int kSchemaVersion = 3;

/// Checks the file and brings it to kSchemaVersion, all or nothing. A file of a newer version is a failure and is left
/// as it is.
[[nodiscard]] Outcome<void> migrate(Database& db);

/// The version a file has; 0 for a new one.
[[nodiscard]] int version_of(Database& db);

/// The steps from version `from` (0 = nothing) to `to`, for tests of older files.
[[nodiscard]] Outcome<void> migrate_to(Database& db, int to);

}  // namespace dormouse::store
