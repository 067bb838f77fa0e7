// What is done with the IP headers around and inside a Child SA's packets, as far as the operator chooses.
#pragma once
#include <cstdint>
#include <optional>

namespace dormouse::esp {

/// The don't-fragment bit of outer IPv4 packets: each of the three that RFC 4301 8.1 asks for.
enum class OuterDf : std::uint8_t { clear, set, copy };

struct HeaderRules {
  OuterDf outer_df = OuterDf::clear;
  std::optional<std::uint8_t> dscp{};  ///< of outer packets, 0..63; none: that of the inner packet
  bool dscp_inwards = false;           ///< the inner packet gets the DSCP its outer packet arrived with
  bool honor_df = true;                ///< false: an inner packet that must not be fragmented is, all the same
  bool fragment_inner = false;         ///< a packet too large is cut before it is encapsulated, else after
  friend constexpr bool operator==(const HeaderRules&, const HeaderRules&) = default;
};

/// What an outer packet has of its inner one.
struct OuterMark {
  std::uint8_t traffic_class = 0;
  bool dont_fragment = false;
  friend constexpr bool operator==(const OuterMark&, const OuterMark&) = default;
};

}  // namespace dormouse::esp
