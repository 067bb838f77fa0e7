#include "adapters/dataplane_xfrm/tables.h"

#include <algorithm>

namespace dormouse::xfrm {
namespace {

template <class Map, class Key>
auto* in(const Map& map, const Key& key) {
  const auto it = map.find(key);
  return it == map.end() ? nullptr : it->second.get();
}

}  // namespace

Device* Tables::find(DeviceId id) const { return in(devices, id); }
Tunnel* Tables::find(TunnelId id) const { return in(tunnels, id.value()); }
Child* Tables::find(ChildId id) const { return in(children, id.value()); }

std::pair<Child*, Half*> Tables::find(const SaId& id) const {
  const auto [first, last] = by_spi.equal_range(id.spi.value());
  for (auto it = first; it != last; ++it)
    for (Half* half : {&it->second->in, &it->second->out})
      if (half->id == id) return {it->second, half};
  return {};
}

void Tables::forget(Child& child) {
  for (const auto spi : {child.spec.spi_in, child.spec.spi_out}) {
    const auto [first, last] = by_spi.equal_range(spi.value());
    for (auto it = first; it != last; ++it)
      if (it->second == &child) {
        by_spi.erase(it);
        break;
      }
  }
  std::erase(child.tunnel->children, &child);
  children.erase(child.spec.id.value());
}

Child* carrier_of(const Tunnel& tunnel, const esp::InnerPacket& packet) {
  if (tunnel.asleep) return nullptr;
  for (Child* c : tunnel.children)
    if (c->ready && c->out.there && c->fits.fits_outbound(packet)) return c;
  return nullptr;
}

Fate fate_of(const Device& device, const esp::InnerPacket& packet) {
  const auto to = packet.destination.address(packet.v6);
  for (Tunnel* t : device.tunnels) {
    if (!t->asleep) {
      if (carrier_of(*t, packet) != nullptr) return {nullptr, t};
      continue;
    }
    // With a device to itself all packets are the sleeper's, also once its SAs have expired; else the selectors say
    // whose they are.
    if (device.tunnels.size() == 1 || t->host == to ||
        std::ranges::any_of(t->children, [&](const Child* c) { return c->fits.fits_outbound(packet); }))
      return {t, nullptr};
  }
  return {};
}

}  // namespace dormouse::xfrm
