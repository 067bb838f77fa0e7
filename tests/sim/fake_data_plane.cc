#include "sim/fake_data_plane.h"

#include <algorithm>
#include <stdexcept>

#include "base/limits.h"

namespace dormouse::sim {

Outcome<int> FakeDataPlane::add_device(const esp::DeviceSpec& spec) {
  if (!by_name_.try_emplace(spec.name, spec.id).second) return failure("device " + spec.name + " exists");
  devices_[spec.id] = {spec.name, spec.mtu};
  return next_ifindex_++;
}

void FakeDataPlane::remove_device(DeviceId id) {
  const auto device = devices_.extract(id);
  if (device.empty()) throw std::logic_error("removed a device twice");
  by_name_.erase(device.mapped().name);
}

void FakeDataPlane::add_tunnel(TunnelId id, DeviceId device, const esp::OuterPath& path) {
  if (!devices_.contains(device)) throw std::logic_error("tunnel without device");
  if (!tunnels_.try_emplace(id, TunnelState{.device = device, .path = path}).second)
    throw std::logic_error("tunnel added twice");
  devices_.at(device).tunnels.insert(id);
}

void FakeDataPlane::remove_tunnel(TunnelId id) {
  const auto tunnel = tunnels_.extract(id);
  if (tunnel.empty()) throw std::logic_error("removed a tunnel twice");
  if (const auto device = devices_.find(tunnel.mapped().device); device != devices_.end())
    device->second.tunnels.erase(id);
  for (const auto child : tunnel.mapped().children) {
    by_spi_.erase(children_.at(child).spec.spi_in);
    children_.erase(child);
  }
}

void FakeDataPlane::set_path(TunnelId id, const esp::OuterPath& path) {
  auto& t = tunnels_.at(id);
  t.path = path;
  t.reported.reset();
}

Outcome<void> FakeDataPlane::add_child(esp::ChildSpec spec) {
  const auto tunnel = tunnels_.find(spec.tunnel);
  if (tunnel == tunnels_.end()) throw std::logic_error("child without tunnel");
  const auto id = spec.id;
  if (!by_spi_.try_emplace(spec.spi_in, id).second) return failure("SPI in use");
  tunnel->second.children.push_back(id);
  auto& c = children_[id];
  c.spec = std::move(spec);
  c.age = ++age_;
  return {};
}

void FakeDataPlane::activate_outbound(ChildId id) {
  if (const auto it = children_.find(id); it != children_.end()) it->second.spec.outbound_ready = true;
}

void FakeDataPlane::remove_child(ChildId id) {
  const auto child = children_.extract(id);
  if (child.empty()) return;
  by_spi_.erase(child.mapped().spec.spi_in);
  std::erase(tunnels_.at(child.mapped().spec.tunnel).children, id);
}

void FakeDataPlane::set_asleep(TunnelId id, bool asleep) {
  auto& t = tunnels_.at(id);
  t.asleep = asleep;
  t.woken = false;
  if (asleep) return;
  for (const auto payload : std::exchange(t.parked, {}))
    if (Child* c = outbound(t, nullptr)) {
      transmit(t, *c, payload);
      ++t.counters.parked_sent;
    }
  t.counters.parked = 0;
}

void FakeDataPlane::set_wake_mark(ChildId id, std::uint64_t seq) {
  if (const auto it = children_.find(id); it != children_.end()) it->second.wake_after = seq;
}

esp::TunnelCounters FakeDataPlane::counters(TunnelId id) {
  const auto it = tunnels_.find(id);
  return it == tunnels_.end() ? esp::TunnelCounters{} : it->second.counters;
}

esp::ChildCounters FakeDataPlane::child_counters(ChildId id) {
  const auto it = children_.find(id);
  if (it == children_.end()) return {};
  auto counters = it->second.counters;
  counters.seq_out = it->second.seq_out;
  counters.seq_in_highest = it->second.highest_in;
  return counters;
}

void FakeDataPlane::send_ike(const esp::OuterPath& path, std::span<const std::uint8_t> message) {
  send_ike_(path, Bytes(message.begin(), message.end()));
}

FakeDataPlane::Child* FakeDataPlane::outbound(const TunnelState& t, const IpAddress* destination) {
  Child* best = nullptr;
  for (const auto id : t.children) {
    Child& c = children_.at(id);
    if (!c.spec.outbound_ready) continue;
    const bool fits = !destination || std::ranges::any_of(c.spec.remote_ts, [&](const auto& ts) {
      return ts.range.contains(*destination);
    });
    if (fits && (!best || c.age > best->age)) best = &c;
  }
  return best;
}

void FakeDataPlane::transmit(TunnelState& t, Child& c, std::uint64_t payload) {
  ++c.counters.packets_out;
  ++t.counters.packets_out;
  t.counters.last_out = clock_();
  send_esp_(t.path, EspPacket{c.spec.spi_out, ++c.seq_out, to_bytes(c.spec.encr_out.reveal()), payload});
}

bool FakeDataPlane::send_inside(const std::string& device, const IpAddress& source, const IpAddress& destination,
                                std::uint64_t payload) {
  const auto named = by_name_.find(device);
  if (named == by_name_.end()) return false;
  for (const auto id : devices_.at(named->second).tunnels) {
    TunnelState& t = tunnels_.at(id);
    Child* c = outbound(t, &destination);
    if (t.asleep) {
      if (t.parked.size() == limits::kParkedPackets) {
        t.parked.pop_front();
        ++t.counters.dropped_asleep;
      }
      t.parked.push_back(payload);
      t.counters.parked = t.parked.size();
      return true;
    }
    if (!c) continue;
    transmit(t, *c, payload);
    return true;
  }
  events_.push_back(esp::OutboundWanted{named->second, source, destination});
  return false;
}

bool FakeDataPlane::fresh(Child& c, std::uint64_t seq) {
  if (seq + 1024 <= c.highest_in || !c.seen.insert(seq).second) return false;
  c.highest_in = std::max(c.highest_in, seq);
  while (!c.seen.empty() && *c.seen.begin() + 1024 <= c.highest_in) c.seen.erase(c.seen.begin());
  return true;
}

void FakeDataPlane::receive_esp(const EspPacket& packet, const Endpoint& local, const Endpoint& remote,
                                esp::Encap encap) {
  const auto it = by_spi_.find(packet.spi);
  if (it == by_spi_.end()) {
    ++unknown_spi;
    return;
  }
  Child& c = children_.at(it->second);
  if (!equal(c.spec.encr_in.reveal(), packet.key)) {
    ++bad_key;
    return;
  }
  const bool newest = packet.seq > c.highest_in;
  if (!fresh(c, packet.seq)) {
    ++replayed;
    return;
  }
  auto& t = tunnels_.at(c.spec.tunnel);
  ++c.counters.packets_in;
  ++t.counters.packets_in;
  t.counters.last_in = clock_();
  if (!std::exchange(c.used, true)) events_.push_back(esp::UsedChild{c.spec.id});
  const bool moved = remote != t.path.remote || local != t.path.local;
  if (moved && newest && t.reported != remote) {
    t.reported = remote;
    events_.push_back(esp::AuthenticatedFrom{c.spec.tunnel, c.spec.id, local, remote, encap});
  }
  if (t.asleep && packet.seq > c.wake_after && !std::exchange(t.woken, true))
    events_.push_back(esp::TrafficWhileAsleep{c.spec.tunnel});
  if (on_delivered)
    on_delivered(packet.payload);
  else
    delivered.push_back(packet.payload);
}

std::vector<std::string> FakeDataPlane::device_names() const {
  std::vector<std::string> out;
  for (const auto& [id, device] : devices_) out.push_back(device.name);
  return out;
}

}  // namespace dormouse::sim
