#include "esp/transport_mode.h"

#include "esp/checksum.h"

namespace dormouse::esp {
namespace {

constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kHopLimit = 64;

/// What belongs before ESP (RFC 4303 3.1.1), or makes a fragment of the packet.
bool stands_before_esp(std::uint8_t next) { return next == kHopByHop || next == kRouting || next == kFragment; }

void write_header4(std::uint8_t* ip, const TransportHosts& hosts, std::uint8_t next, std::uint8_t traffic_class,
                   std::size_t size) {
  constexpr std::uint16_t kDontFragment = 0x4000;
  ip[0] = 0x45;
  ip[1] = traffic_class;
  store16(ip + 2, static_cast<std::uint16_t>(size));
  store16(ip + 4, 0);  // a packet that is not to be fragmented needs no identification (RFC 6864 4.1)
  store16(ip + 6, kDontFragment);
  ip[8] = kHopLimit;
  ip[9] = next;
  store32(ip + 12, hosts.remote.v4_value());
  store32(ip + 16, hosts.local.v4_value());
  set_ipv4_checksum(ip);
}

void write_header6(std::uint8_t* ip, const TransportHosts& hosts, std::uint8_t next, std::uint8_t traffic_class,
                   std::size_t payload) {
  store32(ip, 0x60000000U | std::uint32_t{traffic_class} << 20);
  store16(ip + 4, static_cast<std::uint16_t>(payload));
  ip[6] = next;
  ip[7] = kHopLimit;
  std::memcpy(ip + 8, hosts.remote.bytes().data(), 16);
  std::memcpy(ip + 24, hosts.local.bytes().data(), 16);
}

}  // namespace

bool fits_transport(ByteView packet, const InnerPacket& p) {
  if (p.fragment || p.length != packet.size() || p.length <= ip_header(p.v6)) return false;
  return p.v6 ? !stands_before_esp(packet[6]) : packet[0] == 0x45;
}

std::size_t write_whole(std::uint8_t* out, const TransportHosts& hosts, std::uint8_t next, std::uint8_t traffic_class,
                        ByteView payload) {
  const bool v6 = !hosts.local.is_v4();
  const std::size_t size = ip_header(v6) + payload.size();
  if (payload.empty() || (v6 ? payload.size() : size) > 0xffff || stands_before_esp(next)) return 0;
  if (v6)
    write_header6(out, hosts, next, traffic_class, payload.size());
  else
    write_header4(out, hosts, next, traffic_class, size);
  std::memcpy(out + ip_header(v6), payload.data(), payload.size());
  return size;
}

}  // namespace dormouse::esp
