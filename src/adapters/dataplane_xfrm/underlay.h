// Keeps outer IPv6 packets out of the tunnels. An xfrm interface names the interface its outer packets leave through
// (Links::bind). With IPv4 the kernel then looks at routes out of that one alone; with IPv6 it takes it for a wish once
// a source address is given, and a default route through the tunnel would swallow the tunnel's own packets. So each
// peer's address gets a route in a table that only packets see which are to leave through that interface.
#pragma once
#include <map>

#include "adapters/netlink/channel.h"
#include "base/ip.h"

namespace dormouse::xfrm {

class Underlay {
 public:
  /// Where packets to `peer` go out of interface `under`.
  struct Way {
    int under = 0;
    IpAddress peer{};
    friend auto operator<=>(const Way&, const Way&) = default;
  };
  [[nodiscard]] static Outcome<Underlay> open();
  /// To be called again when the routes have changed. Several may hold the same.
  [[nodiscard]] Outcome<void> hold(const Way& way);
  void release(const Way& way);
  /// Removes the rules that a killed daemon left; its routes go as all of its routes do.
  void clear();

 private:
  explicit Underlay(netlink::Channel channel) : channel_(std::move(channel)) {}
  [[nodiscard]] Outcome<void> rule(int under, bool add);
  [[nodiscard]] Outcome<void> route(const Way& way, bool add);
  netlink::Channel channel_;
  std::map<Way, unsigned> holders_;
};

}  // namespace dormouse::xfrm
