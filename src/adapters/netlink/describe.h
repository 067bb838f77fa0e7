// Objects as failures name them.
#pragma once
#include <string>

#include "adapters/netlink/values.h"

namespace dormouse::netlink {

/// The interface's present name, or "interface 7" if it is gone.
[[nodiscard]] std::string interface_name(unsigned ifindex);
/// "10.0.0.0/8 via 192.0.2.1 dev toServer metric 15", "blackhole 10.0.0.0/8".
[[nodiscard]] std::string describe(const Route& r);
/// "10.0.0.1/24 dev port9", "10.0.0.1 peer 10.0.0.2/32 dev toServer".
[[nodiscard]] std::string describe(const InterfaceAddress& a);

}  // namespace dormouse::netlink
