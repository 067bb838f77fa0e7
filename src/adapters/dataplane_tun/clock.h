// The clock of the packet path: read once per batch.
#pragma once
#include <time.h>

#include "base/time.h"

namespace dormouse::dataplane {

[[nodiscard]] inline Instant boottime() {
  timespec t{};
  (void)clock_gettime(CLOCK_BOOTTIME, &t);
  return Instant::from_ns(std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec);
}

}  // namespace dormouse::dataplane
