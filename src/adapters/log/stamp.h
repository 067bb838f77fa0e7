// The calendar moment of a log line, fine enough for debug lines.
#pragma once
#include <compare>
#include <cstdint>
#include <string>

namespace dormouse::log {

/// Microseconds since the epoch.
struct Stamp {
  std::int64_t us = 0;
  friend constexpr auto operator<=>(Stamp, Stamp) = default;
};

[[nodiscard]] Stamp stamp_now();
/// "2025-07-08 13:04:39.713739", local time.
[[nodiscard]] std::string text_of(Stamp s);
/// "2025-07-08", "13:04:39" and "+0200", local time.
[[nodiscard]] std::string date_of(Stamp s);
[[nodiscard]] std::string time_of(Stamp s);
[[nodiscard]] std::string zone_of(Stamp s);

}  // namespace dormouse::log
