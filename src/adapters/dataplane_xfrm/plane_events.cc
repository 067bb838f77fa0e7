// What the kernel says, and the packets that nobody may carry now.
#include <algorithm>

#include "adapters/dataplane_tun/clock.h"
#include "adapters/dataplane_xfrm/plane.h"

namespace dormouse::xfrm {
namespace {

using dataplane::boottime;

constexpr Duration kWantedEvery = 100ms;          // a login takes longer; more would only be noise
constexpr Duration kSettling = 1s;                // after a change, packets that fell into the hole before it are sent
constexpr std::chrono::seconds kForgetEvery{30};  // looked for; what is too old is so by limits::kPathMtuAge

}  // namespace

std::vector<esp::PathEvent> Plane::poll() {
  for (const auto& notice : d_.notices.take()) std::visit([&](const auto& n) { on(n); }, notice);
  d_.outer.receive([&](esp::IkeDatagram d) { events_.emplace_back(std::move(d)); });
  d_.outer.receive_reports([&](const esp::TooBigReport& r) { on(r); });
  if (d_.forget.rang()) forget_sizes();
  d_.holes.drain([&](DeviceId device, MutableBytes packet) { fallen(device, packet); });
  return std::exchange(events_, {});
}

void Plane::tell_lifetime(Child& child, Half& half, esp::Lifetime reached) {
  if (reached <= half.told) return;
  half.told = reached;
  events_.emplace_back(esp::LifetimeReached{child.spec.id, reached == esp::Lifetime::hard_reached});
}

void Plane::on(const Expired& e) {
  const auto [child, half] = tables_.find(e.id);
  if (child == nullptr || !half->there) return;
  half->last.usage = e.status.usage;
  if (e.hard) {  // the kernel has removed it
    half->there = false;
    claim_or_tell(*child->tunnel);
  }
  tell_lifetime(*child, *half, e.hard ? esp::Lifetime::hard_reached : esp::Lifetime::soft_reached);
}

void Plane::on(const Received& e) {
  const auto [child, half] = tables_.find(e.id);
  if (child == nullptr || half != &child->in) return;
  Tunnel& t = *child->tunnel;
  if (!std::exchange(child->used, true)) events_.emplace_back(esp::UsedChild{child->spec.id});
  if (t.asleep && e.highest > child->wake_after && !std::exchange(t.wake_told, true))
    events_.emplace_back(esp::TrafficWhileAsleep{t.id});
  if (!t.asleep || t.wake_told) sas_.listen(*child);
}

void Plane::on(const Mapped& e) {
  const auto [child, half] = tables_.find(e.id);
  if (child == nullptr || half != &child->in) return;
  Tunnel& t = *child->tunnel;
  if (e.remote == t.path.remote || t.move_told == e.remote) return;
  t.move_told = e.remote;
  events_.emplace_back(esp::AuthenticatedFrom{t.id, child->spec.id, t.path.local, e.remote, esp::Encap::udp});
}

/// What was lost is found again: which SAs were used, and which are over.
void Plane::on(const NoticesLost&) {
  for (const auto& [id, child] : tables_.children) {
    const auto before = child->in.last.usage.packets;
    sas_.read(*child, boottime());
    if (child->in.last.usage.packets > (child->used ? before : 0))
      on(Received{child->in.id, child->in.last.replay.received()});
    for (Half* half : {&child->in, &child->out}) {
      if (!half->there) continue;
      const auto reached = esp::lifetime_of(half->last.usage.bytes, {child->spec.soft_bytes, child->spec.hard_bytes});
      if (!d_.kernel.read_sa(half->id))
        tell_lifetime(*child, *half, esp::Lifetime::hard_reached);
      else
        tell_lifetime(*child, *half, reached);
    }
  }
}

void Plane::on(const esp::TooBigReport& e) {
  const auto [first, last] = tables_.by_spi.equal_range(e.spi.value());
  for (auto it = first; it != last; ++it) {
    Child& c = *it->second;
    Tunnel& t = *c.tunnel;
    if (c.spec.spi_out != e.spi || !c.out.there) continue;
    sas_.read(c, boottime());
    if (!esp::is_sent_lately(e, t.path, c.out.last.replay.sent())) continue;
    if (!t.mtu.believe(e.mtu, e.size, boottime())) {
      if (t.mtu.narrower_beyond()) limit_way(t);  // a tunnel with the same way may have lifted it
      return;
    }
    d_.forget.set(kForgetEvery);
    return resized(t);
  }
}

void Plane::forget_sizes() {
  bool more = false;
  for (const auto& [id, tunnel] : tables_.tunnels) {
    if (tunnel->mtu.forget_old(boottime())) resized(*tunnel);
    more = more || tunnel->mtu.narrower_beyond();
  }
  if (more) d_.forget.set(kForgetEvery);
}

void Plane::resized(Tunnel& t) {
  limit_way(t);
  events_.emplace_back(esp::PathMtuChanged{t.id, t.mtu.value()});
}

void Plane::fallen(DeviceId id, MutableBytes packet) {
  Device* d = tables_.find(id);
  esp::InnerPacket info;
  if (d == nullptr || !esp::parse_inner(packet, info)) return;
  packet = packet.first(info.length);
  const auto fate = fate_of(*d, info);
  if (fate.sleeper != nullptr) {
    Tunnel& t = *fate.sleeper;
    t.dropped_asleep += t.parked.add(packet, tables_.parked_octets);
  } else if (fate.awake == nullptr) {
    tell_wanted(*d, info);
  } else if (boottime() - fate.awake->moved > kSettling || !d_.injector.send(d->ifindex, packet)) {
    ++fate.awake->gone.errors_out;  // the kernel reads the selectors otherwise: once more would be for ever
  }
}

void Plane::tell_wanted(Device& d, const esp::InnerPacket& packet) {
  const auto now = boottime();
  if (d.wanted_told != Instant() && now - d.wanted_told < kWantedEvery) return;
  d.wanted_told = now;
  events_.emplace_back(
      esp::OutboundWanted{d.id, packet.source.address(packet.v6), packet.destination.address(packet.v6)});
}

}  // namespace dormouse::xfrm
