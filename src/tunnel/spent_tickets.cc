#include "tunnel/spent_tickets.h"

namespace dormouse::tunnel {

void SpentTickets::remove(const Id& id) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  by_expiry_.erase({it->second.expires, id});
  by_issue_.erase({it->second.issued, id});
  entries_.erase(it);
}

std::optional<Instant> SpentTickets::expiry(const Id& id) const {
  const auto it = entries_.find(id);
  return it == entries_.end() ? std::nullopt : std::optional(it->second.expires);
}

bool SpentTickets::add(const Id& id, Instant issued, Instant expires, Instant now) {
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) remove(Id(by_expiry_.begin()->second));
  if (const auto known = entries_.find(id); known != entries_.end()) {
    if (known->second.expires >= expires) return false;
    remove(id);
  }
  entries_.emplace(id, Entry{issued, expires});
  by_expiry_.emplace(expires, id);
  by_issue_.emplace(issued, id);
  if (entries_.size() > capacity_) {
    raise_floor(by_issue_.begin()->first);
    remove(Id(by_issue_.begin()->second));
  }
  return true;
}

}  // namespace dormouse::tunnel
