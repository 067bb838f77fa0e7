// A fixed table of optional deadlines, one per enumerator: no timer objects, no callbacks, no cancellation races.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/time.h"

namespace dormouse {

/// `Enum` must count from 0 and end with the enumerator `count_`.
template <class Enum>
class TimerTable {
 public:
  static constexpr std::size_t kSize = static_cast<std::size_t>(Enum::count_);
  void set(Enum t, Instant at) { at_[index(t)] = at; }
  void stop(Enum t) { at_[index(t)].reset(); }
  void stop_all() { at_.fill(std::nullopt); }
  [[nodiscard]] std::optional<Instant> at(Enum t) const { return at_[index(t)]; }
  [[nodiscard]] bool running(Enum t) const { return at_[index(t)].has_value(); }

  /// The earliest running timer, if any.
  [[nodiscard]] std::optional<std::pair<Enum, Instant>> next() const {
    std::optional<std::pair<Enum, Instant>> best;
    for (std::size_t i = 0; i < kSize; ++i)
      if (at_[i] && (!best || *at_[i] < best->second)) best = {static_cast<Enum>(i), *at_[i]};
    return best;
  }
  /// Stops and returns the earliest timer that is due at `now`, if any. Call until it returns nothing.
  [[nodiscard]] std::optional<Enum> take_due(Instant now) {
    const auto n = next();
    if (!n || n->second > now) return std::nullopt;
    stop(n->first);
    return n->first;
  }

 private:
  static constexpr std::size_t index(Enum t) { return static_cast<std::size_t>(t); }
  std::array<std::optional<Instant>, kSize> at_{};
};

}  // namespace dormouse
