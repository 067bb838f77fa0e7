#include "tunnel/routes.h"

#include <algorithm>

namespace dormouse::tunnel {

std::vector<Action> RouteTable::want(TunnelId tunnel, const Route& route, config::RouteOverlap overlap) {
  auto& line = claims_[route.dst];
  if (std::ranges::find(line, tunnel, &Claim::tunnel) != line.end()) return {};
  if (line.empty()) {
    line.push_back({tunnel, route});
    return {AddRoute{route}};
  }
  // "allow" would mean equal-cost routes to different people; one holder is what a dialup server can mean by it.
  if (overlap == config::RouteOverlap::use_old) {
    line.push_back({tunnel, route});
    return {};
  }
  const Route old = line.front().route;
  line.insert(line.begin(), {tunnel, route});
  if (old == route) return {};
  return {DelRoute{old}, AddRoute{route}};
}

std::vector<Action> RouteTable::release(TunnelId tunnel, const Prefix& dst) {
  const auto it = claims_.find(dst);
  if (it == claims_.end()) return {};
  auto& line = it->second;
  const auto claim = std::ranges::find(line, tunnel, &Claim::tunnel);
  if (claim == line.end()) return {};
  const bool held = claim == line.begin();
  const Route old = claim->route;
  line.erase(claim);
  std::vector<Action> out;
  if (held && (line.empty() || !(line.front().route == old))) {
    out.push_back(DelRoute{old});
    if (!line.empty()) out.push_back(AddRoute{line.front().route});
  }
  if (line.empty()) claims_.erase(it);
  return out;
}

std::vector<Route> RouteTable::installed() const {
  std::vector<Route> out;
  for (const auto& [dst, line] : claims_) out.push_back(line.front().route);
  return out;
}

bool RouteTable::holds(TunnelId tunnel, const Prefix& dst) const {
  const auto it = claims_.find(dst);
  return it != claims_.end() && it->second.front().tunnel == tunnel;
}

}  // namespace dormouse::tunnel
