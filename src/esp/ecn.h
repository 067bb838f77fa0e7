// DSCP and ECN between inner and outer headers: RFC 4301 5.1.2 for the DSCP, RFC 6040 normal mode for ECN.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "esp/header_rules.h"

namespace dormouse::esp {

inline constexpr std::uint8_t kEcnMask = 3, kNotEct = 0, kEct1 = 1, kEct0 = 2, kCongested = 3;

/// TOS or traffic class of the IP packet at `ip`: 6 bits of DSCP, 2 of ECN.
[[nodiscard]] inline std::uint8_t traffic_class(const std::uint8_t* ip) {
  return ip[0] >> 4 == 4 ? ip[1] : static_cast<std::uint8_t>((ip[0] & 15) << 4 | ip[1] >> 4);
}

/// Brings what the path did to the outer header into the inner packet (RFC 6040 4.2). False: drop the packet, since
/// congestion was marked on one whose ends do not speak ECN.
[[nodiscard]] bool decapsulate_ecn(std::uint8_t* ip, std::uint8_t outer_class);

/// The outer packet's mark for the inner packet at `ip`: ECN is copied (RFC 6040 4.1), the rest as the rules say. To an
/// inner IPv6 packet, which nobody may fragment, a copied don't-fragment bit is set.
[[nodiscard]] inline OuterMark outer_mark(const std::uint8_t* ip, const HeaderRules& rules) {
  const bool v4 = ip[0] >> 4 == 4;
  OuterMark m{traffic_class(ip), rules.outer_df == OuterDf::set};
  if (rules.dscp) m.traffic_class = static_cast<std::uint8_t>(*rules.dscp << 2 | (m.traffic_class & kEcnMask));
  if (rules.outer_df == OuterDf::copy) m.dont_fragment = !v4 || (ip[6] & 0x40) != 0;
  return m;
}

/// Gives the inner packet the DSCP of its outer one; ECN stays.
void set_dscp(std::uint8_t* ip, std::uint8_t outer_class);

}  // namespace dormouse::esp
