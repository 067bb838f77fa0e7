// How large an inner packet may be so that its ESP packet fits the outer path, and what becomes of one that is larger.
#pragma once
#include <cstdint>

#include "esp/data_plane.h"
#include "esp/header_rules.h"
#include "esp/packet_format.h"

namespace dormouse::esp {

inline constexpr std::uint32_t kUsualMtu = 1500;  ///< Ethernet's, and the Internet's
inline constexpr std::uint32_t kSmallestIpv6Mtu = 1280;

/// What no path is believed to be narrower than: hosts take 576 octets over IPv4 (RFC 791 3.1), links 1280 over IPv6.
[[nodiscard]] constexpr std::uint32_t smallest_mtu(bool v6) { return v6 ? kSmallestIpv6Mtu : 576; }
/// Octets of an outer packet before the ESP header.
[[nodiscard]] constexpr std::uint32_t outer_headers(bool v6, Encap encap) {
  return (v6 ? 40U : 20U) + (encap == Encap::udp ? 8U : 0U);
}
/// The largest inner packet whose outer packet has at most `outer_mtu` octets; 0 if there is none.
[[nodiscard]] constexpr std::uint32_t inner_room(const PacketFormat& f, bool outer_v6, Encap encap,
                                                 std::uint32_t outer_mtu) {
  const std::uint32_t around = outer_headers(outer_v6, encap) + f.payload_offset() + f.icv;
  if (outer_mtu < around + f.block) return 0;
  return (outer_mtu - around) / f.block * f.block - 2;
}
/// The MTU of an interface whose packets are protected by any of `suites`, on a path of `outer_mtu`.
[[nodiscard]] std::uint32_t inner_room(std::span<const Suite> suites, bool outer_v6, Encap encap,
                                       std::uint32_t outer_mtu);

enum class Fit : std::uint8_t {
  whole,     ///< encapsulate; what does not fit the path then is fragmented outside
  fragment,  ///< cut, then encapsulate the pieces
  answer,    ///< drop, and tell its sender what would fit
};
/// What becomes of an inner packet larger than `room` (RFC 4301 8.2.1; for IPv6 on a path narrower than its smallest
/// MTU RFC 2473 7.1).
[[nodiscard]] constexpr Fit fit_of_large(bool v6, bool dont_fragment, std::uint32_t size, std::uint32_t room,
                                         const HeaderRules& rules) {
  constexpr std::uint32_t kLongestHeader = 60, kLeastPiece = 8;
  if (v6) return size > kSmallestIpv6Mtu ? Fit::answer : Fit::whole;
  if (dont_fragment && rules.honor_df) return Fit::answer;
  return rules.fragment_inner && room >= kLongestHeader + kLeastPiece ? Fit::fragment : Fit::whole;
}
/// The MTU to tell the sender.
[[nodiscard]] constexpr std::uint32_t mtu_to_tell(bool v6, std::uint32_t room) {
  return v6 && room < kSmallestIpv6Mtu ? kSmallestIpv6Mtu : room;
}

}  // namespace dormouse::esp
