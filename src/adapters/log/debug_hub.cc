#include "adapters/log/debug_hub.h"

#include <algorithm>
#include <vector>

namespace dormouse::log {
namespace {

bool is_hex_dump(LogId id) {
  return id == LogId::packet_in || id == LogId::packet_out || id == LogId::packet_enc || id == LogId::packet_dec;
}

bool level_takes(int level, LogId id) {
  if (level == 0) return false;
  return level < 0 || level >= 255 || !is_hex_dump(id);
}

/// NAME itself, or NAME_ and a number.
bool is_of(std::string_view gateway, std::string_view name) {
  if (!gateway.starts_with(name)) return false;
  gateway.remove_prefix(name.size());
  if (gateway.empty()) return true;
  if (gateway[0] != '_' || gateway.size() == 1) return false;
  return std::ranges::all_of(gateway.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

bool wanted(const Subscription& wish, const LogEvent& e) {
  return level_takes(wish.level, e.id) && (wish.gateway.empty() || is_of(e.scope.gateway, wish.gateway));
}

}  // namespace

SubscriberId DebugHub::subscribe(Subscription subscription, Push push) {
  const SubscriberId id(next_++);
  subscribers_.emplace(id, Subscriber{std::move(subscription), std::move(push)});
  return id;
}

bool DebugHub::change(SubscriberId id, Subscription subscription) {
  const auto it = subscribers_.find(id);
  if (it == subscribers_.end()) return false;
  it->second.wish = std::move(subscription);
  return true;
}

void DebugHub::unsubscribe(SubscriberId id) { subscribers_.erase(id); }

bool DebugHub::wants(LogId id) const {
  return in_trail(id) &&
         std::ranges::any_of(subscribers_, [id](const auto& s) { return level_takes(s.second.wish.level, id); });
}

void DebugHub::write(const LogEvent& e, Stamp at) {
  const auto line = debug_line(e);
  const auto stamped = text_of(at) + " " + line;
  // A push may end its own subscription, or another's, on its way: ids are looked up anew.
  std::vector<SubscriberId> takers;
  for (const auto& [id, s] : subscribers_)
    if (wanted(s.wish, e)) takers.push_back(id);
  for (const auto id : takers) {
    const auto it = subscribers_.find(id);
    if (it == subscribers_.end()) continue;
    const auto push = it->second.push;
    if (!push(it->second.wish.timestamps ? stamped : line)) subscribers_.erase(id);
  }
}

}  // namespace dormouse::log
