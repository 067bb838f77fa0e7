// The kernel's clocks as Instants.
#pragma once
#include <cstdint>
#include <ctime>

#include "base/time.h"

namespace dormouse::loop {

[[nodiscard]] inline Instant read_clock(clockid_t clock) {
  timespec t{};
  (void)clock_gettime(clock, &t);  // fails for no clock that exists
  return Instant::from_ns(std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec);
}

/// CLOCK_BOOTTIME: it counts while the machine sleeps.
[[nodiscard]] inline Instant boot_time() { return read_clock(CLOCK_BOOTTIME); }

}  // namespace dormouse::loop
