// What can be told of a packet without keys: the ESP header (RFC 4303 2), and on UDP 4500 (RFC 3948 2) whether a
// datagram is ESP, IKE behind the non-ESP marker, or a NAT keepalive.
//
//   ESP  | SPI (4 octets) | sequence number (4 octets) | IV, ciphertext, ICV |
//   IKE  | 0 (4 octets)   | IKE message                                      |
//   NAT  | 0xff           |
#pragma once
#include "base/bytes.h"
#include "base/ids.h"

namespace dormouse::wire {

inline constexpr std::size_t kEspHeaderSize = 8;
inline constexpr std::size_t kNonEspMarkerSize = 4;
/// The one datagram that says nothing and keeps a NAT's mapping alive (RFC 3948 2.3).
inline constexpr std::uint8_t kNatKeepalive = 0xff;

/// The eight clear octets of an ESP packet.
struct EspHeader {
  EspSpi spi;
  std::uint32_t sequence = 0;  ///< the low 32 bits; the rest of an extended number is never sent
};

/// Reads the header of an ESP packet. truncated below eight octets; malformed for the reserved SPIs 0 to 255.
[[nodiscard]] inline Result<EspHeader> parse_esp_header(ByteView packet) {
  if (packet.size() < kEspHeaderSize) return fail(ErrorCode::truncated, "ESP header");
  const auto spi = load32(packet.data());
  if (spi < 256) return fail(ErrorCode::malformed, "ESP SPI", 0, spi);
  return EspHeader{EspSpi(spi), load32(packet.data() + 4)};
}

/// Writes the eight octets to the front of `packet`, which must have room for them.
inline void store_esp_header(const EspHeader& header, MutableBytes packet) {
  store32(packet.data(), header.spi.value());
  store32(packet.data() + 4, header.sequence);
}

enum class NatTraversalKind : std::uint8_t {
  esp,        ///< an ESP packet, from its SPI on
  ike,        ///< four zero octets, then an IKE message
  keepalive,  ///< to be dropped without a trace
  noise,      ///< too short for any of these
};

/// Tells what a datagram on UDP 4500 holds. Looks at the first four octets and the length alone.
[[nodiscard]] constexpr NatTraversalKind classify_udp_4500(ByteView datagram) {
  if (datagram.size() == 1 && datagram[0] == kNatKeepalive) return NatTraversalKind::keepalive;
  if (datagram.size() < kNonEspMarkerSize) return NatTraversalKind::noise;
  if (load32(datagram.data()) == 0) return NatTraversalKind::ike;
  return datagram.size() < kEspHeaderSize ? NatTraversalKind::noise : NatTraversalKind::esp;
}

/// The IKE message behind the non-ESP marker. `datagram` must be of kind `ike`.
[[nodiscard]] constexpr ByteView strip_non_esp_marker(ByteView datagram) { return datagram.subspan(kNonEspMarkerSize); }

/// Appends the non-ESP marker, for an IKE message that leaves by UDP 4500.
inline void write_non_esp_marker(Bytes& out) { Writer(out).zeros(kNonEspMarkerSize); }

}  // namespace dormouse::wire
