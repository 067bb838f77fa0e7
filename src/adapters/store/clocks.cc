#include "adapters/store/clocks.h"

#include <algorithm>
#include <fstream>
#include <time.h>

namespace dormouse::store {
namespace {

std::int64_t nanoseconds(clockid_t id) {
  timespec t{};
  (void)clock_gettime(id, &t);  // fails for no clock that exists
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

Clocks system_clocks() {
  Clocks out;
  out.read = [] { return ClockReading{nanoseconds(CLOCK_REALTIME), Instant::from_ns(nanoseconds(CLOCK_BOOTTIME))}; };
  std::ifstream("/proc/sys/kernel/random/boot_id") >> out.boot_id;
  return out;
}

TimeReader::TimeReader(const Clocks& clocks, std::int64_t newest_saved) : boot_id_(clocks.boot_id) {
  const auto now = clocks.read();
  offset_ = std::max(now.wall_ns, newest_saved) - now.boot.since_boot().count();
}

Instant TimeReader::instant(std::int64_t wall_ns, const Written& row) const {
  const bool same_boot = !boot_id_.empty() && row.boot == boot_id_;
  return Instant::from_ns(wall_ns - (same_boot ? row.offset : offset_));
}

}  // namespace dormouse::store
