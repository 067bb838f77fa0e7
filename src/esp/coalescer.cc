#include "esp/coalescer.h"

#include "esp/checksum.h"

namespace dormouse::esp {
namespace {

constexpr std::uint8_t kPsh = 8, kAck = 16;
constexpr std::size_t kTcpFlags = 13, kTcpChecksum = 16, kUdpChecksum = 6;

/// A joined packet is not checked again by the kernel, so each part must be right by itself.
bool intact(ByteView packet, const InnerPacket& p) {
  return transport_checksum_ok(packet.data(), p.v6, p.protocol, packet.subspan(p.transport, p.length - p.transport));
}

/// What must be equal in the IP headers of all parts, since there will be one for all.
bool ip_continues(const std::uint8_t* first, const std::uint8_t* next, bool v6, std::size_t index) {
  if (v6) return std::memcmp(first, next, 4) == 0 && first[7] == next[7];  // class and flow label; hop limit
  if (first[1] != next[1] || first[8] != next[8] || load16(first + 6) != load16(next + 6)) return false;
  const bool never_fragmented = (first[6] & 0x40) != 0;  // then the identification means nothing (RFC 6864)
  return never_fragmented || load16(next + 4) == static_cast<std::uint16_t>(load16(first + 4) + index);
}

}  // namespace

std::size_t Coalescer::joinable(ByteView packet, const InnerPacket& p) const {
  if (p.fragment || p.transport != (p.v6 ? 40 : 20)) return 0;
  const std::uint8_t* t = packet.data() + p.transport;
  const std::size_t behind_ip = p.length - p.transport;
  if (p.protocol == kUdp) {
    if (!join_udp_ || behind_ip <= 8 || load16(t + 4) != behind_ip || load16(t + kUdpChecksum) == 0) return 0;
    return p.transport + 8U;
  }
  if (!join_tcp_ || p.protocol != kTcp || behind_ip <= 20 || (t[kTcpFlags] & ~kPsh) != kAck) return 0;
  const std::size_t tcp = (t[12] >> 4) * 4U;
  return tcp >= 20 && tcp < behind_ip ? p.transport + tcp : 0;
}

bool Coalescer::add(ByteView packet, const InnerPacket& p) {
  const std::size_t headers = joinable(packet, p);
  if (p.has_ports && !p.fragment) {
    for (std::size_t i = used_; i-- > 0;) {  // the newest of a flow only: an older one has been overtaken
      Group& g = groups_[i];
      if (!g.same_flow(p)) continue;
      if (g.continued_by(packet, p, headers) && g.append(packet, p)) return true;
      break;
    }
  } else {
    for (std::size_t i = 0; i < used_; ++i) groups_[i].open = false;  // it may belong to any flow: nothing overtakes it
  }
  if (used_ == kGroups) return false;
  groups_[used_++].begin(packet, p, headers, headers != 0);
  return true;
}

void Coalescer::Group::begin(ByteView packet, const InnerPacket& p, std::size_t header_octets, bool growing) {
  flow = p;
  headers = header_octets;
  segment = p.length - header_octets;
  length = p.length;
  count = 1;
  push = growing && p.protocol == kTcp && (packet[p.transport + kTcpFlags] & kPsh) != 0;
  open = growing && !push;
  parts[1] = packet.first(p.length);
}

bool Coalescer::Group::same_flow(const InnerPacket& p) const {
  return flow.source_port == p.source_port && flow.destination_port == p.destination_port &&
         flow.protocol == p.protocol && flow.v6 == p.v6 && flow.source == p.source && flow.destination == p.destination;
}

bool Coalescer::Group::continued_by(ByteView packet, const InnerPacket& p, std::size_t header_octets) const {
  if (!open || header_octets == 0 || header_octets != headers || count == kSegments) return false;
  const std::size_t payload = p.length - headers;
  if (payload > segment || length + payload > kOctets) return false;
  const std::uint8_t* first = count == 1 ? parts[1].data() : head.data() + kOffloadHeaderSize;
  if (!ip_continues(first, packet.data(), p.v6, count)) return false;
  if (p.protocol == kUdp) return true;
  const std::uint8_t* a = first + p.transport;
  const std::uint8_t* b = packet.data() + p.transport;
  const auto expected = load32(a + 4) + static_cast<std::uint32_t>(length - headers);
  // Same acknowledgement, window, urgent pointer and options; the next sequence number.
  return load32(b + 4) == expected && a[12] == b[12] && std::memcmp(a + 8, b + 8, 4) == 0 &&
         std::memcmp(a + 14, b + 14, 2) == 0 && std::memcmp(a + 18, b + 18, headers - p.transport - 18) == 0;
}

bool Coalescer::Group::append(ByteView packet, const InnerPacket& p) {
  if (!intact(packet, p)) return false;
  if (count == 1) {
    if (!intact(parts[1], flow)) {
      open = false;
      return false;
    }
    std::memcpy(head.data() + kOffloadHeaderSize, parts[1].data(), headers);
    parts[1] = parts[1].subspan(headers);
  }
  const ByteView payload = packet.subspan(headers, p.length - headers);
  parts[++count] = payload;
  length += payload.size();
  push = p.protocol == kTcp && (packet[p.transport + kTcpFlags] & kPsh) != 0;
  open = payload.size() == segment && !push;
  return true;
}

std::span<const ByteView> Coalescer::Group::finish() {
  OffloadHeader offload;
  if (count == 1) {
    offload.write(head.data());
    parts[0] = ByteView(head).first(kOffloadHeaderSize);
    return std::span(parts).first(2);
  }
  std::uint8_t* ip = head.data() + kOffloadHeaderSize;
  std::uint8_t* t = ip + flow.transport;
  const bool tcp = flow.protocol == kTcp;
  const std::size_t behind_ip = length - flow.transport;
  if (flow.v6) {
    store16(ip + 4, static_cast<std::uint16_t>(length - 40));
  } else {
    store16(ip + 2, static_cast<std::uint16_t>(length));
    set_ipv4_checksum(ip);
  }
  if (!tcp) store16(t + 4, static_cast<std::uint16_t>(behind_ip));
  if (push) t[kTcpFlags] |= kPsh;
  offload.flags = kNeedsChecksum;
  offload.gso_type = !tcp ? kGsoUdp : flow.v6 ? kGsoTcp6 : kGsoTcp4;
  offload.header_length = static_cast<std::uint16_t>(headers);
  offload.gso_size = static_cast<std::uint16_t>(segment);
  offload.csum_start = flow.transport;
  offload.csum_offset = tcp ? kTcpChecksum : kUdpChecksum;
  offload.write(head.data());
  store_folded(t + offload.csum_offset,
               checksum_fold(pseudo_header_sum(ip, flow.v6, flow.protocol, static_cast<std::uint32_t>(behind_ip))));
  parts[0] = ByteView(head).first(kOffloadHeaderSize + headers);
  return std::span(parts).first(count + 1);
}

}  // namespace dormouse::esp
