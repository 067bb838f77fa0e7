// "Packet too big", both ways: what we tell the sender of an inner packet (RFC 1191 4, RFC 4443 3.2), and what routers
// tell us of our outer packets.
#pragma once
#include <optional>

#include "esp/data_plane.h"
#include "esp/inner_packet.h"

namespace dormouse::esp {

/// Octets of the longest message write_too_big() makes: the smallest IPv6 MTU.
inline constexpr std::size_t kTooBigSize = 1280;
/// Whether an error may be told of this packet at all: not of errors, of later fragments, nor of what has no single
/// sender (RFC 1122 3.2.2, RFC 4443 2.4 e).
[[nodiscard]] bool may_be_answered(ByteView packet, const InnerPacket& p);
/// Makes the whole IP packet that tells the sender of `packet` to send at most `mtu` octets; it comes from where the
/// packet was going, the one address that is routed here for certain. `out` has kTooBigSize octets. Returns its size.
[[nodiscard]] std::size_t write_too_big(std::uint8_t* out, ByteView packet, std::uint32_t mtu);

/// What an ICMP error says of an ESP packet of ours.
struct TooBigReport {
  Endpoint local, remote;  ///< of our packet; ports 0 in plain ESP
  Encap encap = Encap::udp;
  EspSpi spi{};
  std::uint32_t seq = 0;   ///< low half of its number
  std::uint32_t size = 0;  ///< of our packet with all headers
  std::uint32_t mtu = 0;   ///< that passes there; 0 = not said
};
/// Reads an ICMP message from its type on. None: it is about something else, or does not quote enough of our packet to
/// tell it from a guess: SPI and sequence number are what only somebody on the path has seen.
[[nodiscard]] std::optional<TooBigReport> read_too_big(ByteView icmp, bool v6);
/// Whether the packet that came back is one that was sent lately on `path`, by the SA with that SPI, whose newest
/// number is `newest`.
[[nodiscard]] bool is_sent_lately(const TooBigReport& report, const OuterPath& path, std::uint64_t newest);

}  // namespace dormouse::esp
