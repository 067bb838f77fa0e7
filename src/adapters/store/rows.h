// Records to rows and back. A row that does not make sense is skipped, with a sentence, never half believed.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "adapters/store/clocks.h"
#include "adapters/store/sqlite.h"
#include "tunnel/session_store.h"

namespace dormouse::store {

/// Writes rows with statements that are prepared once. Use it within a transaction; false: the database refused, see
/// Database::problem().
class RowWriter {
 public:
  /// `db` must outlive it and have today's tables.
  RowWriter(const Database& db, std::string boot_id);
  [[nodiscard]] bool write(const tunnel::SaveSession& change, const ClockReading& now);
  [[nodiscard]] bool write(const tunnel::DropSession& change);
  [[nodiscard]] bool write(const tunnel::SaveBlob& change, const ClockReading& now);
  [[nodiscard]] bool write(const tunnel::DropBlob& change);
  /// Notes that the daemon lived at `now`, and forgets what expired by then. If the calendar was set since the last
  /// time, rows are told in the new one: a reboot would read them by it.
  [[nodiscard]] bool heartbeat(const ClockReading& now);

 private:
  [[nodiscard]] bool follow_calendar(const ClockReading& now);
  std::string boot_id_;
  std::optional<std::int64_t> offset_{};  ///< ClockReading::offset() at the last heartbeat
  Statement save_session_, drop_session_, save_blob_, drop_blob_, heartbeat_, expire_, follow_session_, follow_blob_;
};

struct ReadResult {
  tunnel::StoredState state{};
  std::vector<std::string> skipped{};       ///< a sentence for each row that makes no sense
  std::vector<tunnel::DropBlob> expired{};  ///< left out of `state`
};
[[nodiscard]] Outcome<ReadResult> read_all(const Database& db, const Clocks& clocks);

}  // namespace dormouse::store
