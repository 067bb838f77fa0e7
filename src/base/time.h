// Two kinds of time that do not mix. Instant counts CLOCK_BOOTTIME, so it goes on while the machine sleeps; every
// deadline uses it. WallTime is the calendar, only for certificates, tickets and log lines. Neither is ever read here:
// callers hand it in.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>

namespace dormouse {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;  // NOLINT: units are wanted everywhere

class Instant {
 public:
  constexpr Instant() = default;
  [[nodiscard]] static constexpr Instant from_ns(std::int64_t ns) { return Instant(Duration(ns)); }
  [[nodiscard]] constexpr Duration since_boot() const { return t_; }
  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant a, Duration d) { return Instant(a.t_ + d); }
  friend constexpr Instant operator-(Instant a, Duration d) { return Instant(a.t_ - d); }
  friend constexpr Duration operator-(Instant a, Instant b) { return a.t_ - b.t_; }

 private:
  constexpr explicit Instant(Duration t) : t_(t) {}
  Duration t_{};
};

/// Seconds since the epoch.
struct WallTime {
  std::int64_t seconds = 0;
  friend constexpr auto operator<=>(WallTime, WallTime) = default;
};

/// Whole seconds of a duration, rounded down; for text and notifies.
[[nodiscard]] constexpr std::int64_t seconds_of(Duration d) {
  return std::chrono::duration_cast<std::chrono::seconds>(d).count();
}

/// The next moment something is due, and why: `reason` is a literal for logs and diagnose.
struct Deadline {
  Instant at;
  const char* reason;
};

}  // namespace dormouse
