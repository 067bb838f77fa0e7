#include "sim/fleet_net.h"

namespace dormouse::sim {
namespace {

constexpr Duration kMuch = 50ms;  // ways that race may come out in any order

}  // namespace

void Net::leave(Link& link) {
  forget_mapping(link);
  if (const auto at = open_.find(link.place.address); at != open_.end() && at->second == &link) open_.erase(at);
}

void Net::move(Link& link, const Place& to) {
  leave(link);
  link.place = to;
  if (!to.nat) open_[to.address] = &link;
}

void Net::forget_mapping(Link& link) {
  if (!link.place.nat) return;
  for (const auto& [ours, theirs] : link.mapped) mapped_.erase({*link.place.nat, theirs});
  link.mapped.clear();
}

std::optional<Endpoint> Net::seen_as(Link& link, const Endpoint& local) {
  if (local.address != link.place.address) return std::nullopt;  // an address it no longer has
  if (!link.place.nat) return local;
  const auto [at, fresh] = link.mapped.try_emplace(local.port, 0);
  while (fresh) {
    if (++next_port_ < 1024) next_port_ = 1024;
    at->second = next_port_;
    if (mapped_.try_emplace({*link.place.nat, at->second}, &link, local.port).second) break;
  }
  return Endpoint{*link.place.nat, at->second};
}

std::pair<Link*, Endpoint> Net::behind(const Endpoint& seen) {
  if (const auto at = mapped_.find(seen); at != mapped_.end())
    return {at->second.first, {at->second.first->place.address, at->second.second}};
  const auto at = open_.find(seen.address);
  return {at == open_.end() ? nullptr : at->second, seen};
}

void Net::carry(Link& link, const std::function<void()>& arrive) {
  const auto& p = link.place;
  const int copies = p.duplicate != 0 && rng_.below(1000) < p.duplicate ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    ++datagrams;
    if (p.loss != 0 && rng_.below(1000) < p.loss) {
      ++lost;
      link.trouble = queue_.now();
      continue;
    }
    const auto more = p.jitter.count() == 0 ? 0 : rng_.below(static_cast<std::uint64_t>(p.jitter.count()));
    if (more > static_cast<std::uint64_t>(Duration(kMuch).count())) link.trouble = queue_.now();
    queue_.after(p.delay + Duration(static_cast<std::int64_t>(more)), arrive);
  }
}

void Net::up_ike(Link& from, const Endpoint& local, const Endpoint& remote, Bytes message) {
  const auto seen = from.cut || !from.listening ? std::nullopt : seen_as(from, local);
  if (!seen) return;
  carry(from, [this, &from, seen = *seen, remote, message = std::move(message)] {
    gateway_ike(from, remote, seen, message);
  });
}

void Net::up_esp(Link& from, const esp::OuterPath& path, const EspPacket& packet) {
  if (from.cut || !from.listening || (from.place.nat && path.encap == esp::Encap::none)) return;
  const auto seen = seen_as(from, path.local);
  if (!seen) return;
  carry(from, [this, &from, seen = *seen, path, packet] { gateway_esp(from, packet, path.remote, seen, path.encap); });
}

void Net::down_ike(const Endpoint& local, const Endpoint& remote, const Bytes& message) {
  Link* to = behind(remote).first;
  if (!to || to->cut || !to->listening) return;
  carry(*to, [this, local, remote, message] {
    const auto [link, inside] = behind(remote);
    if (link && !link->cut && link->listening) link->ike(inside, local, message);
  });
}

void Net::down_esp(const esp::OuterPath& path, const EspPacket& packet) {
  Link* to = behind(path.remote).first;
  if (!to || to->cut || !to->listening || (to->place.nat && path.encap == esp::Encap::none)) return;
  carry(*to, [this, path, packet] {
    const auto [link, inside] = behind(path.remote);
    if (link && !link->cut && link->listening) link->esp(packet, inside, path.local, path.encap);
  });
}

}  // namespace dormouse::sim
