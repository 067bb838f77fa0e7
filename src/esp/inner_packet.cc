#include "esp/inner_packet.h"

namespace dormouse::esp {
namespace {

constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestinationOptions = 60;
constexpr int kMaxExtensions = 8;  // real packets have two or three; more is a way to waste our time

void read_ports(const std::uint8_t* packet, InnerPacket& out) {
  if (out.length < out.transport + 4U) return;
  const auto* t = packet + out.transport;
  if (out.protocol == kTcp || out.protocol == kUdp || out.protocol == kSctp) {
    out.source_port = load16(t);
    out.destination_port = load16(t + 2);
  } else if (out.protocol == kIcmp || out.protocol == kIcmp6) {
    out.source_port = out.destination_port = load16(t);
  } else {
    return;
  }
  out.has_ports = true;
}

bool parse_v4(ByteView p, InnerPacket& out) {
  if (p.size() < 20) return false;
  const std::size_t header = (p[0] & 15U) * 4U;
  out.length = load16(p.data() + 2);
  if (header < 20 || out.length < header || out.length > p.size()) return false;
  const auto fragment_word = load16(p.data() + 6);
  out.protocol = p[9];
  out.fragment = (fragment_word & 0x3fff) != 0;
  out.transport = static_cast<std::uint16_t>(header);
  out.source = {0, load32(p.data() + 12)};
  out.destination = {0, load32(p.data() + 16)};
  if ((fragment_word & 0x1fff) == 0) read_ports(p.data(), out);
  return true;
}

bool parse_v6(ByteView p, InnerPacket& out) {
  if (p.size() < 40) return false;
  out.length = 40U + load16(p.data() + 4);
  if (out.length > p.size()) return false;
  out.v6 = true;
  out.source = {load64(p.data() + 8), load64(p.data() + 16)};
  out.destination = {load64(p.data() + 24), load64(p.data() + 32)};
  std::uint8_t next = p[6];
  std::size_t at = 40;
  bool first = true;
  for (int depth = 0; depth < kMaxExtensions && first; ++depth) {
    const bool options = next == kHopByHop || next == kRouting || next == kDestinationOptions;
    if (!options && next != kFragment) break;
    if (out.length < at + 8) return false;
    if (next == kFragment) {
      out.fragment = true;
      first = (load16(p.data() + at + 2) & 0xfff8) == 0;
    }
    next = p[at];
    at += options ? (p[at + 1] + 1U) * 8U : 8U;
  }
  if (at > out.length) return false;
  out.protocol = next;
  out.transport = static_cast<std::uint16_t>(at);
  if (first) read_ports(p.data(), out);
  return true;
}

}  // namespace

IpAddress AddressBits::address(bool v6) const {
  if (!v6) return IpAddress::v4(static_cast<std::uint32_t>(low));
  std::array<std::uint8_t, 16> octets{};
  store64(octets.data(), high);
  store64(octets.data() + 8, low);
  return IpAddress::v6(octets);
}

bool parse_inner(ByteView packet, InnerPacket& out) {
  out = {};
  if (packet.empty()) return false;
  if (packet[0] >> 4 == 4) return parse_v4(packet, out);
  return packet[0] >> 4 == 6 && parse_v6(packet, out);
}

}  // namespace dormouse::esp
