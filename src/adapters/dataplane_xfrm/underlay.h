// Keeps outer packets out of the tunnels. The SAs mark them, and a rule leads what is marked into a table that has one
// route for each peer: out of its phase 1's interface. So no route through a tunnel can swallow the tunnel's own
// packets, also not 0.0.0.0/0 or ::/0.
#pragma once
#include <map>

#include "adapters/netlink/channel.h"
#include "base/ip.h"

namespace dormouse::xfrm {

inline constexpr std::uint32_t kOuterMark = 0x444d;

class Underlay {
 public:
  /// Packets to `peer` go out of interface `under`.
  struct Way {
    int under = 0;
    IpAddress peer{};
    friend auto operator<=>(const Way&, const Way&) = default;
  };
  [[nodiscard]] static Outcome<Underlay> open();
  /// To be called again when the routes have changed. Several may hold the same.
  [[nodiscard]] Outcome<void> hold(const Way& way);
  void release(const Way& way);
  /// Packets of this way have at most `mtu` octets from now on and until one of its holders lets go, 0: as many as its
  /// interface takes. Of no effect on a way that nobody holds.
  void limit(const Way& way, std::uint32_t mtu);
  /// Removes the rules that a killed daemon left; its routes go as all of its routes do.
  void clear();

 private:
  explicit Underlay(netlink::Channel channel) : channel_(std::move(channel)) {}
  [[nodiscard]] Outcome<void> rule(Family family, bool add);
  [[nodiscard]] Outcome<void> route(const Way& way, bool add);
  [[nodiscard]] bool has(Family family) const;
  netlink::Channel channel_;
  struct Held {
    unsigned by = 0;
    std::uint32_t mtu = 0;
  };
  std::map<Way, Held> held_;
};

}  // namespace dormouse::xfrm
