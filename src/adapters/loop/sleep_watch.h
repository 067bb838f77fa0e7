// Notices at once that the machine has slept: CLOCK_BOOTTIME went on while CLOCK_MONOTONIC stood still.
#pragma once
#include <functional>

#include "adapters/loop/loop.h"

namespace dormouse::loop {

/// The two clocks compared. Pure.
class SleepMeter {
 public:
  /// `monotonic` counts from boot too, without the time slept.
  SleepMeter(Instant boot, Instant monotonic) : ahead_(boot - monotonic) {}
  /// How long the machine has slept since the last call; zero below kLeast, which is kept for the next call.
  [[nodiscard]] Duration slept(Instant boot, Instant monotonic);
  static constexpr Duration kLeast = 1s;  ///< a shorter pause is no sleep that a peer would notice

 private:
  Duration ahead_;
};

/// Calls `woke` with the time slept, right after the machine is back. Failure: no descriptor for it.
[[nodiscard]] Outcome<Source> watch_sleep(Loop& loop, std::function<void(Duration slept)> woke);

}  // namespace dormouse::loop
