#include "adapters/dataplane_tun/tables.h"

#include <algorithm>
#include <set>

#include "base/limits.h"

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
  for (const auto& p : tunnel.prefixes) d.by_prefix.erase(p, &tunnel);
  tunnel.prefixes.clear();
}

void Tables::place(Tunnel& tunnel) {
  unplace(tunnel);
  std::set<Prefix> all;
  for (const Child* c : tunnel.children)
    for (const auto& p : c->selectors.remote_prefixes()) all.insert(p);
  if (all.empty() || all.size() > limits::kIndexedPrefixes) {
    tunnel.device.wide.insert(tunnel.device.wide.begin(), &tunnel);
    return;
  }
  tunnel.prefixes.assign(all.begin(), all.end());
  for (const auto& p : tunnel.prefixes) tunnel.device.by_prefix.insert(p, &tunnel);
}

void Tables::add(std::unique_ptr<Child> child) {
  Tunnel& t = child->tunnel;
  t.children.insert(t.children.begin(), child.get());
  by_spi.insert(child->in.spi, child.get());
  by_spi_out.emplace(child->out.spi.value(), child.get());
  auto& place = children[child->id.value()];
  place = std::move(child);
  refit(t);
}

void Tables::drop(Child& child) {
  const auto [first, last] = by_spi_out.equal_range(child.out.spi.value());
  const auto it = std::find_if(first, last, [&](const auto& e) { return e.second == &child; });
  if (it != last) by_spi_out.erase(it);
  // A successor may have taken the SPI's place.
  if (by_spi.find(child.in.spi) == &child) by_spi.erase(child.in.spi);
  std::erase(child.tunnel.children, &child);
  children.erase(child.id.value());
}

void refit(Tunnel& t) {
  const auto mtu = t.out.mtu.value();
  const bool v6 = !t.path.remote.address.is_v4();
  for (Child* c : t.children) {
    c->room = esp::inner_room(c->out.format, v6, t.path.encap, mtu);
    if (c->transport && c->room != 0) c->room += esp::ip_header(v6);
  }
  t.out.path_mtu.set(mtu);
}

}  // namespace dormouse::dataplane
