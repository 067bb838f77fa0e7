#include "esp/fit.h"

#include <algorithm>

namespace dormouse::esp {

std::uint32_t inner_room(std::span<const Suite> suites, bool outer_v6, Encap encap, std::uint32_t outer_mtu) {
  std::uint32_t least = inner_room(PacketFormat{}, outer_v6, encap, outer_mtu);
  for (const auto& s : suites) least = std::min(least, inner_room(PacketFormat::of(s), outer_v6, encap, outer_mtu));
  return least;
}

}  // namespace dormouse::esp
