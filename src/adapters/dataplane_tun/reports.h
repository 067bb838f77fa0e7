// What routers say of our outer packets, read from the ICMP sockets.
#pragma once
#include <functional>

#include "adapters/dataplane_tun/outer_sockets.h"
#include "esp/too_big.h"

namespace dormouse::dataplane {

/// Hands over every "too big" that waits, up to a bound; packets have their turn then. Whether it is true is the
/// caller's to say.
void receive_reports(const OuterSockets& sockets, Family family,
                     const std::function<void(const esp::TooBigReport&)>& each);

}  // namespace dormouse::dataplane
