// The two kernel SAs of each Child SA: made, moved, counted, removed.
#pragma once
#include "adapters/dataplane_xfrm/tables.h"

namespace dormouse::xfrm {

class ChildSas {
 public:
  /// `port` is ours for UDP.
  ChildSas(Kernel& kernel, std::uint16_t port) : kernel_(kernel), port_(port) {}
  /// Makes both, on the path of its tunnel. Failure: neither is there.
  [[nodiscard]] Outcome<void> install(Child& child, Instant now);
  /// Makes both anew on the path of its tunnel, going on with numbers, windows and counters as they are. False: one was
  /// not there any more.
  [[nodiscard]] bool move(Child& child);
  /// Brings its counters up to `now`.
  void read(Child& child, Instant now);
  /// Removes both; what they counted goes to the tunnel.
  void remove(Child& child, Instant now);
  /// Whether its kernel SA says that packets come in: as long as somebody wants to know.
  void listen(const Child& child);

 private:
  [[nodiscard]] Outcome<SaSpec> spec_of(const Child& child, bool inbound) const;
  [[nodiscard]] Outcome<void> make(Child& child, Half& half, const SaStatus* before);
  void read(Half& half, Instant now);
  Kernel& kernel_;
  std::uint16_t port_;
};

/// Of a tunnel, with the Child SAs it has and had.
[[nodiscard]] esp::TunnelCounters counters_of(const Tunnel& tunnel);
[[nodiscard]] esp::ChildCounters counters_of(const Child& child);

}  // namespace dormouse::xfrm
