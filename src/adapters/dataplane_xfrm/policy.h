// What the kernel does with packets of an xfrm interface (an xfrm policy).
#pragma once
#include "adapters/dataplane_xfrm/sa.h"
#include "adapters/dataplane_xfrm/selector.h"

namespace dormouse::xfrm {

enum class Direction : std::uint8_t { in = XFRM_POLICY_IN, out = XFRM_POLICY_OUT, forward = XFRM_POLICY_FWD };

/// A policy is named by its direction, its selector and the interface's number.
struct PolicyKey {
  Direction direction{};
  Selector selector{};
  friend auto operator<=>(const PolicyKey&, const PolicyKey&) = default;
};

/// Which SA a packet is to go through, or must have come through. Outwards all of it is given; inwards the source is
/// unspecified and the SPI 0, and any SA of that reqid will do.
struct Template {
  IpAddress source{}, destination{};
  EspSpi spi{};
  std::uint32_t reqid = 0;
  friend bool operator==(const Template&, const Template&) = default;
};

struct PolicySpec {
  PolicyKey key{};
  std::uint32_t if_id = 0;
  std::uint32_t priority = 0;
  Template through{};
};

}  // namespace dormouse::xfrm
