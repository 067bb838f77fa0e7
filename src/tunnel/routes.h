// Desired routes of dialup tunnels. Several tunnels may want the same prefix (every client of the seed asks for
// 0.0.0.0/0); one of them holds it, by route-overlap, and the next in line gets it when the holder goes.
#pragma once
#include <map>
#include <vector>

#include "config/model/model.h"
#include "tunnel/actions.h"

namespace dormouse::tunnel {

class RouteTable {
 public:
  /// `tunnel` wants `route`. Returns what changes in the kernel, in order. Wanting again what it already wants changes
  /// nothing.
  [[nodiscard]] std::vector<Action> want(TunnelId tunnel, const Route& route, config::RouteOverlap overlap);
  /// `tunnel` no longer wants `dst`.
  [[nodiscard]] std::vector<Action> release(TunnelId tunnel, const Prefix& dst);
  /// Routes in the kernel now, for tests and reconciliation.
  [[nodiscard]] std::vector<Route> installed() const;
  [[nodiscard]] bool holds(TunnelId tunnel, const Prefix& dst) const;

 private:
  struct Claim {
    TunnelId tunnel;
    Route route;
  };
  std::map<Prefix, std::vector<Claim>> claims_;  // the first holds the route
};

}  // namespace dormouse::tunnel
