// Which tickets and sessions count no more: spent ones, and revoked ones, until they would have expired anyway. In
// bounded memory: when it is full, the oldest is forgotten and everything issued before it is refused instead.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "base/time.h"

namespace dormouse::tunnel {

class SpentTickets {
 public:
  using Id = std::array<std::uint8_t, 16>;

  explicit SpentTickets(std::size_t capacity) : capacity_(capacity) {}

  /// False if it was known. `issued`: no ticket that it concerns is younger.
  bool add(const Id& id, Instant issued, Instant expires, Instant now);
  [[nodiscard]] bool contains(const Id& id) const { return entries_.contains(id); }
  [[nodiscard]] std::optional<Instant> expiry(const Id& id) const;
  /// All tickets issued until then are refused; a floor that was kept may be put back.
  [[nodiscard]] std::optional<Instant> floor() const { return floor_; }
  void raise_floor(Instant to) { floor_ = floor_ ? std::max(*floor_, to) : to; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Instant issued, expires;
  };
  std::size_t capacity_;
  std::map<Id, Entry> entries_;
  std::set<std::pair<Instant, Id>> by_expiry_, by_issue_;
  std::optional<Instant> floor_;
  void remove(const Id& id);
};

}  // namespace dormouse::tunnel
