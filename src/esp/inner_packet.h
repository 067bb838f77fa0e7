// What the packet path must know of an inner packet, read once.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "base/ip.h"

namespace dormouse::esp {

inline constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58, kSctp = 132;

/// An address as two numbers, so that a range check is two comparisons. IPv4 lies in the low 32 bits.
struct AddressBits {
  std::uint64_t high = 0, low = 0;
  [[nodiscard]] static AddressBits of(const IpAddress& a) {
    return a.is_v4() ? AddressBits{0, a.v4_value()}
                     : AddressBits{load64(a.bytes().data()), load64(a.bytes().data() + 8)};
  }
  [[nodiscard]] IpAddress address(bool v6) const;
  friend constexpr auto operator<=>(const AddressBits&, const AddressBits&) = default;
};

struct InnerPacket {
  bool v6 = false;
  bool fragment = false;          ///< any fragment, also the first
  bool has_ports = false;         ///< the two ports below were there to be read
  std::uint8_t protocol = 0;      ///< of the transport header; in IPv6 after the extension headers
  std::uint16_t source_port = 0;  ///< ICMP: type and code as RFC 4301 4.4.1.1 puts them into a port
  std::uint16_t destination_port = 0;
  std::uint16_t transport = 0;  ///< offset of the transport header
  std::uint32_t length = 0;     ///< by the IP header
  AddressBits source, destination;
};

/// False if `packet` is not a whole IP packet. Its own length may be shorter than `packet`: TFC padding (RFC 4303 2.7).
[[nodiscard]] bool parse_inner(ByteView packet, InnerPacket& out);

}  // namespace dormouse::esp
