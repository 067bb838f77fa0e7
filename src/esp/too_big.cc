#include "esp/too_big.h"

#include <algorithm>

#include "base/limits.h"
#include "esp/checksum.h"
#include "esp/ipv6_fragmenter.h"

namespace dormouse::esp {
namespace {

constexpr std::uint8_t kUnreachable = 3, kFragmentationNeeded = 4, kPacketTooBig = 2;
constexpr std::size_t kIcmpHeader = 8;
constexpr std::size_t kMostOfIpv4 = 576;  // RFC 1812 4.3.2.3

bool is_error(const InnerPacket& p) {
  const auto type = p.source_port >> 8;
  if (p.protocol == kIcmp6) return type < 128;
  return p.protocol == kIcmp && (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

bool is_one_host(const std::uint8_t* a, bool v6) {
  if (v6) return a[0] != 0xff && (load64(a) != 0 || load64(a + 8) != 0);
  return a[0] < 224 && a[0] != 0;
}

void write_ipv4(std::uint8_t* out, ByteView packet, std::size_t size) {
  std::fill_n(out, 20, std::uint8_t{0});
  out[0] = 0x45;
  out[1] = 0xc0;  // internetwork control, as routers send errors (RFC 1812 4.3.2.5)
  store16(out + 2, static_cast<std::uint16_t>(size));
  store16(out + 6, 0x4000);
  out[8] = 64;
  out[9] = kIcmp;
  std::copy_n(packet.data() + 16, 4, out + 12);
  std::copy_n(packet.data() + 12, 4, out + 16);
  set_ipv4_checksum(out);
}

void write_ipv6(std::uint8_t* out, ByteView packet, std::size_t size) {
  store32(out, 0x60000000);
  store16(out + 4, static_cast<std::uint16_t>(size - 40));
  out[6] = kIcmp6;
  out[7] = 64;
  std::copy_n(packet.data() + 24, 16, out + 8);
  std::copy_n(packet.data() + 8, 16, out + 24);
}

struct Quoted {
  TooBigReport report;
  std::uint8_t protocol = 0;
  ByteView payload;
};

std::optional<Quoted> quoted_v4(ByteView q) {
  if (q.size() < 20 || q[0] >> 4 != 4) return std::nullopt;
  const std::size_t header = (q[0] & 15U) * 4U;
  const auto fragment = load16(q.data() + 6);
  // What may be fragmented is never too big, and of ours only whole packets must not be.
  if (header < 20 || q.size() < header || (fragment & 0x7fff) != 0x4000) return std::nullopt;
  Quoted out;
  out.report.local.address = IpAddress::v4(q.subspan(12, 4));
  out.report.remote.address = IpAddress::v4(q.subspan(16, 4));
  out.report.size = load16(q.data() + 2);
  out.protocol = q[9];
  out.payload = q.subspan(header);
  return out;
}

std::optional<Quoted> quoted_v6(ByteView q) {
  if (q.size() < 40 || q[0] >> 4 != 6) return std::nullopt;
  Quoted out;
  out.report.local.address = IpAddress::v6(q.subspan(8, 16));
  out.report.remote.address = IpAddress::v6(q.subspan(24, 16));
  out.report.size = 40U + load16(q.data() + 4);
  out.protocol = q[6];
  out.payload = q.subspan(40);
  if (out.protocol != Ipv6Fragmenter::kProtocol) return out;
  // A packet that was cut already, to a size that is still too large. Later fragments do not say whose they are.
  constexpr std::size_t kFragmentHeader = 8;
  if (out.payload.size() < kFragmentHeader || (load16(out.payload.data() + 2) & 0xfff8) != 0) return std::nullopt;
  out.protocol = out.payload[0];
  out.payload = out.payload.subspan(kFragmentHeader);
  return out;
}

}  // namespace

bool may_be_answered(ByteView packet, const InnerPacket& p) {
  const std::uint8_t* ip = packet.data();
  if (!is_one_host(ip + (p.v6 ? 8 : 12), p.v6) || !is_one_host(ip + (p.v6 ? 24 : 16), p.v6)) return false;
  if (p.fragment && !p.has_ports) return false;
  return !is_error(p);
}

std::size_t write_too_big(std::uint8_t* out, ByteView packet, std::uint32_t mtu) {
  const bool v6 = packet[0] >> 4 == 6;
  const std::size_t ip = v6 ? 40 : 20;
  const std::size_t most = v6 ? kTooBigSize : kMostOfIpv4;
  const std::size_t quoted = std::min(packet.size(), most - ip - kIcmpHeader);
  const std::size_t size = ip + kIcmpHeader + quoted;
  std::uint8_t* icmp = out + ip;
  icmp[0] = v6 ? kPacketTooBig : kUnreachable;
  icmp[1] = v6 ? std::uint8_t{0} : kFragmentationNeeded;
  store16(icmp + 2, 0);
  store32(icmp + 4, v6 ? mtu : std::min<std::uint32_t>(mtu, 65535));
  std::copy_n(packet.data(), quoted, icmp + kIcmpHeader);
  const auto length = static_cast<std::uint32_t>(kIcmpHeader + quoted);
  std::uint64_t sum = 0;
  if (v6) {
    write_ipv6(out, packet, size);
    sum = pseudo_header_sum(out, true, kIcmp6, length);
  } else {
    write_ipv4(out, packet, size);
  }
  store_folded(icmp + 2, static_cast<std::uint16_t>(~checksum_fold(checksum_add(sum, icmp, length))));
  return size;
}

std::optional<TooBigReport> read_too_big(ByteView icmp, bool v6) {
  constexpr std::uint8_t kUdpProtocol = 17, kEspProtocol = 50;
  if (icmp.size() < kIcmpHeader) return std::nullopt;
  const bool about_size = v6 ? icmp[0] == kPacketTooBig : icmp[0] == kUnreachable && icmp[1] == kFragmentationNeeded;
  if (!about_size) return std::nullopt;
  auto quoted = v6 ? quoted_v6(icmp.subspan(kIcmpHeader)) : quoted_v4(icmp.subspan(kIcmpHeader));
  if (!quoted) return std::nullopt;
  auto& r = quoted->report;
  ByteView esp = quoted->payload;
  if (quoted->protocol == kUdpProtocol) {
    if (esp.size() < 8) return std::nullopt;
    r.local.port = load16(esp.data());
    r.remote.port = load16(esp.data() + 2);
    esp = esp.subspan(8);
  } else if (quoted->protocol == kEspProtocol) {
    r.encap = Encap::none;
  } else {
    return std::nullopt;
  }
  if (esp.size() < 8) return std::nullopt;
  r.spi = EspSpi(load32(esp.data()));
  r.seq = load32(esp.data() + 4);
  r.mtu = v6 ? load32(icmp.data() + 4) : load16(icmp.data() + 6);
  return r;
}

bool is_sent_lately(const TooBigReport& r, const OuterPath& path, std::uint64_t newest) {
  const bool same_peer = r.encap == path.encap && r.remote.address == path.remote.address &&
                         (path.local.address.is_unspecified() || r.local.address == path.local.address);
  const bool ports = r.encap != Encap::udp || r.remote.port == path.remote.port;
  const auto behind = static_cast<std::uint32_t>(newest) - r.seq;
  return same_peer && ports && behind < limits::kReportedPackets && behind < newest;
}

}  // namespace dormouse::esp
