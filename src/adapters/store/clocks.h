// The two clocks a record on disk stands between: the calendar, which a reboot keeps but an administrator can set, and
// the time since boot, which nobody can set but a reboot ends.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"

namespace dormouse::store {

/// Both clocks at one moment.
struct ClockReading {
  std::int64_t wall_ns = 0;  ///< CLOCK_REALTIME
  Instant boot{};            ///< CLOCK_BOOTTIME
  [[nodiscard]] std::int64_t offset() const { return wall_ns - boot.since_boot().count(); }
};

struct Clocks {
  std::function<ClockReading()> read;
  std::string boot_id;  ///< differs from boot to boot
};

/// The machine's own.
[[nodiscard]] Clocks system_clocks();

/// What was written beside a row's times.
struct Written {
  std::int64_t saved = 0;   ///< calendar time of the write
  std::int64_t offset = 0;  ///< ClockReading::offset() then
  std::string boot;
};

/// Turns calendar times of rows into Instants of now.
class TimeReader {
 public:
  /// `newest_saved`: the latest calendar time found in the file. A calendar that shows less than that was set back, or
  /// lost its battery; then time is taken to have stood still since the last write, so no window grows by it.
  TimeReader(const Clocks& clocks, std::int64_t newest_saved);
  [[nodiscard]] Instant instant(std::int64_t wall_ns, const Written& row) const;
  /// What stands for ClockReading::offset() in rows of other boots. A row that is given it, and this boot, keeps for
  /// the rest of the boot the Instants it was read with, whatever becomes of the calendar.
  [[nodiscard]] std::int64_t offset() const { return offset_; }

 private:
  std::string boot_id_;
  std::int64_t offset_;
};

}  // namespace dormouse::store
