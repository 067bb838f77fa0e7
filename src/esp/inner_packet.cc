#include "esp/inner_packet.h"

#include <algorithm>
#include <cstring>

namespace dormouse::esp {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17, kSctp = 132, kIcmp = 1, kIcmp6 = 58;

bool has_ports(std::uint8_t protocol) { return protocol == kTcp || protocol == kUdp || protocol == kSctp; }

void read_ports(ByteView packet, InnerPacket& out) {
  if (!out.first_fragment || packet.size() < out.transport_offset + 4U) return;
  const auto* t = packet.data() + out.transport_offset;
  if (has_ports(out.protocol)) {
    out.source_port = load16(t);
    out.destination_port = load16(t + 2);
  } else if (out.protocol == kIcmp || out.protocol == kIcmp6) {
    // RFC 4301 4.4.1.1: type in the upper, code in the lower octet, compared with the "port" range.
    out.source_port = out.destination_port = load16(t);
  }
}

bool parse_v4(ByteView p, InnerPacket& out) {
  if (p.size() < 20) return false;
  const std::size_t header = (p[0] & 15U) * 4U;
  out.length = load16(p.data() + 2);
  if (header < 20 || out.length < header || out.length > p.size()) return false;
  out.v6 = false;
  out.protocol = p[9];
  out.first_fragment = (load16(p.data() + 6) & 0x1fff) == 0;
  out.transport_offset = static_cast<std::uint16_t>(header);
  out.source = IpAddress::v4(load32(p.data() + 12));
  out.destination = IpAddress::v4(load32(p.data() + 16));
  read_ports(p.first(out.length), out);
  return true;
}

bool parse_v6(ByteView p, InnerPacket& out) {
  if (p.size() < 40) return false;
  out.length = 40U + load16(p.data() + 4);
  if (out.length > p.size()) return false;
  out.v6 = true;
  out.first_fragment = true;
  out.source = IpAddress::v6(p.subspan(8, 16));
  out.destination = IpAddress::v6(p.subspan(24, 16));
  std::uint8_t next = p[6];
  std::size_t at = 40;
  for (int depth = 0; depth < 8; ++depth) {  // hop-by-hop, routing, fragment, destination options
    if (next == 0 || next == 43 || next == 60) {
      if (out.length < at + 8) return false;
      next = p[at];
      at += (p[at + 1] + 1U) * 8U;
    } else if (next == 44) {
      if (out.length < at + 8) return false;
      out.first_fragment = (load16(p.data() + at + 2) & 0xfff8) == 0;
      next = p[at];
      at += 8;
    } else {
      break;
    }
  }
  if (at > out.length) return false;
  out.protocol = next;
  out.transport_offset = static_cast<std::uint16_t>(at);
  read_ports(p.first(out.length), out);
  return true;
}

bool port_fits(const InnerPacket& p, std::uint16_t port, const TrafficSelector& ts) {
  if (ts.first_port == 0 && ts.last_port == 65535) return true;
  return p.first_fragment && port >= ts.first_port && port <= ts.last_port;
}

bool side_fits(const InnerPacket& p, const IpAddress& address, std::uint16_t port, const TrafficSelectors& selectors) {
  return std::ranges::any_of(selectors, [&](const TrafficSelector& ts) {
    return (ts.protocol == 0 || ts.protocol == p.protocol) && ts.range.contains(address) && port_fits(p, port, ts);
  });
}

}  // namespace

bool parse_inner(ByteView packet, InnerPacket& out) {
  if (packet.empty()) return false;
  if (packet[0] >> 4 == 4) return parse_v4(packet, out);
  return packet[0] >> 4 == 6 && parse_v6(packet, out);
}

bool fits(const InnerPacket& p, const TrafficSelectors& sources, const TrafficSelectors& destinations) {
  return side_fits(p, p.source, p.source_port, sources) &&
         side_fits(p, p.destination, p.destination_port, destinations);
}

bool is_any(const TrafficSelectors& selectors) {
  return std::ranges::any_of(selectors,
                             [](const auto& ts) { return ts == TrafficSelector::any(ts.range.first.family()); });
}

std::uint64_t checksum_add(std::uint64_t sum, const std::uint8_t* p, std::size_t n) {
  // Sums of native 32-bit words are byte-order independent up to a final swap; the loads are unaligned on purpose.
  std::uint64_t a = 0;
  while (n >= 16) {
    std::uint32_t w[4];
    std::memcpy(w, p, 16);
    a += std::uint64_t{w[0]} + w[1];
    a += std::uint64_t{w[2]} + w[3];
    p += 16;
    n -= 16;
  }
  while (n >= 4) {
    std::uint32_t w = 0;
    std::memcpy(&w, p, 4);
    a += w;
    p += 4;
    n -= 4;
  }
  if (n > 0) {
    std::uint32_t w = 0;
    std::memcpy(&w, p, n);
    a += w;
  }
  return sum + (a >> 32) + (a & 0xffffffff);
}

std::uint16_t checksum_fold(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(sum);
}

std::uint64_t pseudo_header_sum(const std::uint8_t* ip, bool v6, std::uint8_t protocol,
                                std::uint32_t transport_length) {
  std::uint8_t tail[8]{};
  if (v6) {
    store32(tail, transport_length);
    tail[7] = protocol;
    return checksum_add(checksum_add(0, ip + 8, 32), tail, 8);
  }
  tail[1] = protocol;
  store16(tail + 2, static_cast<std::uint16_t>(transport_length));
  return checksum_add(checksum_add(0, ip + 12, 8), tail, 4);
}

void set_ipv4_checksum(std::uint8_t* ip) {
  ip[10] = ip[11] = 0;
  const auto sum = static_cast<std::uint16_t>(~checksum_fold(checksum_add(0, ip, (ip[0] & 15U) * 4U)));
  std::memcpy(ip + 10, &sum, 2);
}

}  // namespace dormouse::esp
