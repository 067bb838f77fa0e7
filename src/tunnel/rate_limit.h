// How often something may be done for strangers: a bucket for each of many groups of source addresses, so that one who
// asks too much takes little from others, and one bucket over all.
#pragma once
#include <array>
#include <functional>

#include "base/ip.h"
#include "base/time.h"

namespace dormouse::tunnel {

/// So many at once, then one for each interval.
class Bucket {
 public:
  Bucket() = default;  ///< never gives
  Bucket(unsigned burst, Duration interval) : burst_(burst), interval_(interval) {}
  [[nodiscard]] bool take(Instant now) {
    // `full_at_` is when it would be full again; each one taken moves that by an interval.
    if (full_at_ < now) full_at_ = now;
    if (full_at_ + interval_ - now > interval_ * burst_) return false;
    full_at_ = full_at_ + interval_;
    return true;
  }

 private:
  std::int64_t burst_ = 0;
  Duration interval_ = 1s;
  Instant full_at_ = Instant::from_ns(INT64_MIN / 2);
};

class RateLimit {
 public:
  /// `salt` is random, so that nobody can choose an address that shares another's bucket.
  RateLimit(std::uint64_t salt, Bucket each, Bucket all) : salt_(salt), all_(all) { each_.fill(each); }
  [[nodiscard]] bool take(const IpAddress& from, Instant now) {
    return each_[group_of(from)].take(now) && all_.take(now);
  }

 private:
  [[nodiscard]] std::size_t group_of(const IpAddress& from) const {
    // An IPv6 sender has a whole /64 to choose from.
    std::uint64_t x = std::hash<IpAddress>{}(from.masked(from.is_v4() ? 32 : 64)) ^ salt_;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return static_cast<std::size_t>((x ^ x >> 31) % kGroups);
  }
  static constexpr std::size_t kGroups = 256;
  std::uint64_t salt_;
  std::array<Bucket, kGroups> each_;
  Bucket all_;
};

}  // namespace dormouse::tunnel
