#include "adapters/store/schema.h"

#include <array>

namespace dormouse::store {
namespace {

// All times are nanoseconds of the calendar (CLOCK_REALTIME); `clock_offset` is calendar less CLOCK_BOOTTIME when the
// row was written, and `boot` says of which boot that was, so that a restart without a reboot does not depend on the
// calendar at all.
constexpr std::array<const char*, kSchemaVersion> kSteps{
    R"sql(
CREATE TABLE session (
  phase1 TEXT NOT NULL, idx INTEGER NOT NULL,
  auth_method INTEGER NOT NULL,
  peer_type INTEGER NOT NULL, peer BLOB NOT NULL, local_type INTEGER NOT NULL, local BLOB NOT NULL,
  local_address TEXT NOT NULL, local_port INTEGER NOT NULL, remote_address TEXT NOT NULL, remote_port INTEGER NOT NULL,
  nat INTEGER NOT NULL,
  routes TEXT NOT NULL, reported_up TEXT NOT NULL,
  created INTEGER NOT NULL, logged_in INTEGER NOT NULL,
  asleep INTEGER NOT NULL, asleep_since INTEGER NOT NULL, asleep_until INTEGER NOT NULL,
  reauth_deadline INTEGER,
  saved INTEGER NOT NULL, clock_offset INTEGER NOT NULL, boot TEXT NOT NULL,
  PRIMARY KEY (phase1, idx)) WITHOUT ROWID;
CREATE TABLE heartbeat (one INTEGER PRIMARY KEY CHECK (one = 1), saved INTEGER NOT NULL);
)sql",
    R"sql(
ALTER TABLE session ADD COLUMN sleeps INTEGER NOT NULL DEFAULT 0;
CREATE TABLE blob (
  area TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, expires INTEGER,
  saved INTEGER NOT NULL, clock_offset INTEGER NOT NULL, boot TEXT NOT NULL,
  PRIMARY KEY (area, key)) WITHOUT ROWID;
)sql",
    R"sql(
ALTER TABLE session ADD COLUMN lease TEXT NOT NULL DEFAULT '';
)sql",
};

}  // namespace

int version_of(Database& db) {
  auto q = db.prepare("PRAGMA user_version");
  return q.step() ? static_cast<int>(q.integer(0)) : -1;
}

Outcome<void> migrate_to(Database& db, int to) {
  for (int from = version_of(db); from < to; ++from) {
    if (from < 0) return failure(db.problem());
    const std::string step = "BEGIN IMMEDIATE;" + std::string(kSteps[static_cast<std::size_t>(from)]) +
                             "PRAGMA user_version=" + std::to_string(from + 1) + ";COMMIT;";
    if (const auto done = db.execute(step.c_str()); !done) {
      (void)db.execute("ROLLBACK");
      return done;
    }
  }
  return {};
}

Outcome<void> migrate(Database& db) {
  const int version = version_of(db);
  if (version < 0) return failure(db.problem());
  if (version > kSchemaVersion)
    return failure("it was made by a newer Dormouse (schema " + std::to_string(version) + ", this one knows " +
                   std::to_string(kSchemaVersion) + ")");
  return migrate_to(db, kSchemaVersion);
}

}  // namespace dormouse::store
