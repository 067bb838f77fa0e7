// The kernel's kind of traffic selector: two prefixes, a protocol, and ports by value and mask.
#pragma once
#include <compare>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/transform.h"

namespace dormouse::xfrm {

/// Ports whose bits under `mask` are those of `value`; mask 0: all.
struct PortMask {
  std::uint16_t value = 0, mask = 0;
  friend constexpr auto operator<=>(const PortMask&, const PortMask&) = default;
};

struct Selector {
  Prefix source{}, destination{};
  std::uint8_t protocol = 0;  ///< 0 = any
  PortMask source_port{}, destination_port{};
  [[nodiscard]] Family family() const { return source.address.family(); }
  /// The same packets on their way back.
  [[nodiscard]] Selector reversed() const { return {destination, source, protocol, destination_port, source_port}; }
  [[nodiscard]] static Selector everything(Family f) {
    const Prefix all{IpAddress::any(f), 0};
    return {all, all, 0, {}, {}};
  }
  friend constexpr auto operator<=>(const Selector&, const Selector&) = default;
};

/// The fewest value-and-mask pairs that cover exactly first..last.
[[nodiscard]] std::vector<PortMask> port_masks(std::uint16_t first, std::uint16_t last);

inline constexpr std::size_t kMaxSelectors = 1024;  // of one Child SA; each is three policies in the kernel

/// The selectors of a Child SA's packets from here to there: every local one with every remote one. Failure: more than
/// kMaxSelectors of them, or none at all.
[[nodiscard]] Outcome<std::vector<Selector>> selectors_of(const TrafficSelectors& local,
                                                          const TrafficSelectors& remote);

/// The kernel takes the policy with the lowest number: the narrower the selector, the lower.
[[nodiscard]] std::uint32_t priority_of(const Selector& s);
inline constexpr std::uint32_t kLastPriority = 10000;  ///< after every selector

}  // namespace dormouse::xfrm
