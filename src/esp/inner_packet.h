// What the packet path must know of an inner packet, read once, and the checksums it may have to make.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "base/transform.h"

namespace dormouse::esp {

struct InnerPacket {
  bool v6 = false;
  std::uint8_t protocol = 0;   ///< of the transport header (IPv6: after the extension headers that are skipped)
  bool first_fragment = true;  ///< ports are there
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint16_t transport_offset = 0;
  std::uint32_t length = 0;  ///< by the IP header
  IpAddress source, destination;
};

/// False if `packet` is not a whole IP packet (its own length may be shorter than `packet`: TFC padding, RFC 4303 2.7).
[[nodiscard]] bool parse_inner(ByteView packet, InnerPacket& out);

/// Whether the packet, seen from the side whose addresses are `sources`, fits the selectors.
[[nodiscard]] bool fits(const InnerPacket& p, const TrafficSelectors& sources, const TrafficSelectors& destinations);

/// True for selectors that everything of their family fits: the packet path then looks no further.
[[nodiscard]] bool is_any(const TrafficSelectors& selectors);

/// One's-complement sum, not folded.
[[nodiscard]] std::uint64_t checksum_add(std::uint64_t sum, const std::uint8_t* p, std::size_t n);
[[nodiscard]] std::uint16_t checksum_fold(std::uint64_t sum);
/// Sum of the pseudo header of a TCP or UDP packet.
[[nodiscard]] std::uint64_t pseudo_header_sum(const std::uint8_t* ip, bool v6, std::uint8_t protocol,
                                              std::uint32_t transport_length);
/// Writes the IPv4 header checksum.
void set_ipv4_checksum(std::uint8_t* ip);

}  // namespace dormouse::esp
