#include "adapters/dataplane_tun/tables.h"

#include <algorithm>

namespace dormouse::dataplane {

Tunnel* Tables::find(TunnelId id) const {
  const auto it = tunnels.find(id.value());
  return it == tunnels.end() ? nullptr : it->second.get();
}

Child* Tables::find(ChildId id) const {
  const auto it = children.find(id.value());
  return it == children.end() ? nullptr : it->second.get();
}

void Tables::unplace(Tunnel& tunnel) {
  Device& d = tunnel.device;
  std::erase(d.wide, &tunnel);
  if (!tunnel.host) return;
  const auto [first, last] = d.by_host.equal_range(*tunnel.host);
  const auto it = std::find_if(first, last, [&](const auto& e) { return e.second == &tunnel; });
  if (it != last) d.by_host.erase(it);
  tunnel.host.reset();
}

void Tables::place(Tunnel& tunnel) {
  unplace(tunnel);
  for (const Child* c : tunnel.children) {
    const auto host = c->selectors.remote_host();
    if (!host || (tunnel.host && *tunnel.host != *host)) {
      tunnel.host.reset();
      break;
    }
    tunnel.host = host;
  }
  if (tunnel.host)
    tunnel.device.by_host.emplace(*tunnel.host, &tunnel);
  else
    tunnel.device.wide.insert(tunnel.device.wide.begin(), &tunnel);
}

void Tables::drop(Child& child) {
  // A successor may have taken the SPI's place.
  if (by_spi.find(child.in.spi) == &child) by_spi.erase(child.in.spi);
  std::erase(child.tunnel.children, &child);
  children.erase(child.id.value());
}

}  // namespace dormouse::dataplane
