#include "adapters/dataplane_tun/error_lane.h"

#include "adapters/dataplane_tun/clock.h"
#include "base/limits.h"

namespace dormouse::dataplane {
namespace {

/// Whether the packet that came back is one this Child SA has sent lately, by the path it sends on now.
bool is_of(const Child& c, const esp::TooBigReport& r) {
  const auto& path = c.tunnel.path;
  const bool same_peer = r.encap == path.encap && r.remote.address == path.remote.address &&
                         (path.local.address.is_unspecified() || r.local.address == path.local.address);
  const bool ports = r.encap != esp::Encap::udp || r.remote.port == path.remote.port;
  const auto behind = static_cast<std::uint32_t>(c.out.seq) - r.seq;
  return same_peer && ports && behind < limits::kReportedPackets && behind < c.out.seq;
}

}  // namespace

void ErrorLane::receive(Family family) {
  std::array<std::uint8_t, kSize> buffer;
  for (std::size_t i = 0; i < kMost; ++i) {
    const auto n = recv(sockets_.errors(family), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n <= 0) return;
    ByteView message = ByteView(buffer).first(static_cast<std::size_t>(n));
    const bool v6 = family == Family::v6;
    if (!v6) {  // a raw IPv4 socket hands over the IP header too
      const std::size_t header = (message[0] & 15U) * 4U;
      if (header < 20 || message.size() < header) continue;
      message = message.subspan(header);
    }
    if (const auto report = esp::read_too_big(message, v6)) believe(*report, boottime());
  }
}

void ErrorLane::believe(const esp::TooBigReport& report, Instant now) {
  const auto [first, last] = tables_.by_spi_out.equal_range(report.spi.value());
  for (auto it = first; it != last; ++it) {
    if (!is_of(*it->second, report)) continue;
    Tunnel& t = it->second->tunnel;
    if (!t.out.mtu.believe(report.mtu, report.size, now)) return;
    refit(t);
    return tables_.events.push(esp::PathMtuChanged{t.id, t.out.mtu.value()});
  }
}

}  // namespace dormouse::dataplane
