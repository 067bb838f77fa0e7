// DSCP and ECN between inner and outer headers: RFC 4301 5.1.2 for the DSCP, RFC 6040 normal mode for ECN.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace dormouse::esp {

inline constexpr std::uint8_t kEcnMask = 3, kNotEct = 0, kEct1 = 1, kEct0 = 2, kCongested = 3;

/// TOS or traffic class of the IP packet at `ip`: 6 bits of DSCP, 2 of ECN.
[[nodiscard]] inline std::uint8_t traffic_class(const std::uint8_t* ip) {
  return ip[0] >> 4 == 4 ? ip[1] : static_cast<std::uint8_t>((ip[0] & 15) << 4 | ip[1] >> 4);
}

/// Brings what the path did to the outer header into the inner packet (RFC 6040 4.2). False: drop the packet, since
/// congestion was marked on one whose ends do not speak ECN.
[[nodiscard]] bool decapsulate_ecn(std::uint8_t* ip, std::uint8_t outer_class);

}  // namespace dormouse::esp
