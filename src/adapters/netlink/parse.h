// From rtnetlink messages to values. Nothing is returned for messages that are of no interest or cannot be read.
#pragma once
#include <libmnl/libmnl.h>
#include <optional>
#include <vector>

#include "adapters/netlink/values.h"

namespace dormouse::netlink {

/// RTM_NEWLINK, RTM_DELLINK.
[[nodiscard]] std::optional<Link> parse_link(const nlmsghdr* m);
/// RTM_NEWADDR, RTM_DELADDR.
[[nodiscard]] std::optional<InterfaceAddress> parse_address(const nlmsghdr* m);
/// RTM_NEWROUTE, RTM_DELROUTE: unicast and blackhole routes outside the local table, one per next hop.
[[nodiscard]] std::vector<Route> parse_routes(const nlmsghdr* m);
/// The answer to RTM_GETROUTE for one destination.
[[nodiscard]] std::optional<Path> parse_path(const nlmsghdr* m);

}  // namespace dormouse::netlink
