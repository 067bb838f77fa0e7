// Inner packets for the tests of this folder, and a checksum written as RFC 1071 says it.
#pragma once
#include "esp/inner_packet.h"

namespace dormouse::esp::testing {

/// Ones' complement sum of big-endian words; 0xffff over data that carries a right checksum.
[[nodiscard]] inline std::uint16_t plain_sum(ByteView v, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < v.size(); i += 2) {
    sum += static_cast<std::uint32_t>(v[i] << 8) + (i + 1 < v.size() ? v[i + 1] : 0U);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(sum);
}

/// The plain sum of pseudo header and transport of a whole packet without options or extensions.
[[nodiscard]] inline std::uint16_t plain_transport_sum(ByteView packet) {
  const bool v6 = packet[0] >> 4 == 6;
  const std::size_t header = v6 ? 40 : 20;
  const ByteView transport = packet.subspan(header);
  Bytes pseudo = to_bytes(v6 ? packet.subspan(8, 32) : packet.subspan(12, 8));
  Writer w(pseudo);
  w.u32(static_cast<std::uint32_t>(transport.size()));
  w.u32(v6 ? packet[6] : packet[9]);
  return plain_sum(transport, plain_sum(pseudo));
}

struct PacketSpec {
  bool v6 = false;
  std::uint8_t protocol = kTcp;
  std::uint8_t traffic_class = 0;
  std::uint16_t source_port = 1111, destination_port = 2222;
  std::uint16_t id = 0;
  bool dont_fragment = true;
  std::uint32_t seq = 1000, ack = 5;
  std::uint8_t tcp_flags = 0x10;  // ACK
  std::size_t payload = 100;
  std::uint8_t fill = 0x61;  ///< payload octets count up from here
  std::uint8_t last_address = 2;
};

/// A TCP (with a timestamp option) or UDP packet with all checksums right.
[[nodiscard]] inline Bytes packet_of(const PacketSpec& s) {
  Bytes transport;
  Writer w(transport);
  w.u16(s.source_port);
  w.u16(s.destination_port);
  const bool tcp = s.protocol == kTcp;
  if (tcp) {
    w.u32(s.seq);
    w.u32(s.ack);
    w.u8(8 << 4);
    w.u8(s.tcp_flags);
    w.u16(0x7fff);
    w.u32(0);
    w.bytes(Bytes{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2});
  } else {
    w.u16(static_cast<std::uint16_t>(8 + s.payload));
    w.u16(0);
  }
  for (std::size_t i = 0; i < s.payload; ++i) w.u8(static_cast<std::uint8_t>(s.fill + i));
  Bytes packet;
  Writer ip(packet);
  if (s.v6) {
    ip.u32(0x60000000U | std::uint32_t{s.traffic_class} << 20 | 0x12345U);
    ip.u16(static_cast<std::uint16_t>(transport.size()));
    ip.u8(s.protocol);
    ip.u8(64);
    ip.bytes(Bytes{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    ip.bytes(Bytes{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, s.last_address});
  } else {
    ip.u8(0x45);
    ip.u8(s.traffic_class);
    ip.u16(static_cast<std::uint16_t>(20 + transport.size()));
    ip.u16(s.id);
    ip.u16(s.dont_fragment ? 0x4000 : 0);
    ip.u8(64);
    ip.u8(s.protocol);
    ip.u16(0);
    ip.bytes(Bytes{10, 1, 0, 1, 10, 1, 0, s.last_address});
    ip.patch_u16(10, static_cast<std::uint16_t>(~plain_sum(packet)));
  }
  const std::size_t header = packet.size();
  packet.insert(packet.end(), transport.begin(), transport.end());
  const auto sum = static_cast<std::uint16_t>(~plain_transport_sum(packet));
  store16(packet.data() + header + (tcp ? 16 : 6), sum);
  return packet;
}

[[nodiscard]] inline InnerPacket parsed(ByteView packet) {
  InnerPacket info;
  if (!parse_inner(packet, info)) info.length = 0;
  return info;
}

/// Whether all checksums of a TCP or UDP packet without options or extensions are right.
[[nodiscard]] inline bool checksums_right(ByteView packet) {
  const bool ip_right = packet[0] >> 4 == 6 || plain_sum(packet.first(20)) == 0xffff;
  return ip_right && plain_transport_sum(packet) == 0xffff;
}

}  // namespace dormouse::esp::testing
