#include "adapters/dataplane_tun/error_lane.h"

#include "adapters/dataplane_tun/clock.h"
#include "adapters/dataplane_tun/reports.h"

namespace dormouse::dataplane {
void ErrorLane::receive(Family family) {
  receive_reports(sockets_, family, [this](const esp::TooBigReport& r) { believe(r, boottime()); });
}

void ErrorLane::believe(const esp::TooBigReport& report, Instant now) {
  const auto [first, last] = tables_.by_spi_out.equal_range(report.spi.value());
  for (auto it = first; it != last; ++it) {
    const Child& c = *it->second;
    if (!esp::is_sent_lately(report, c.tunnel.path, c.out.seq)) continue;
    Tunnel& t = c.tunnel;
    if (!t.out.mtu.believe(report.mtu, report.size, now)) return;
    refit(t);
    return tables_.events.push(esp::PathMtuChanged{t.id, t.out.mtu.value()});
  }
}

}  // namespace dormouse::dataplane
