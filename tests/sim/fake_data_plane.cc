#include "sim/fake_data_plane.h"

#include <algorithm>
#include <stdexcept>

#include "base/limits.h"

namespace dormouse::sim {

Outcome<int> FakeDataPlane::add_device(const esp::DeviceSpec& spec) {
  for (const auto& [id, name] : devices_)
    if (name == spec.name) return failure("device " + spec.name + " exists");
  devices_[spec.id] = spec.name;
  return next_ifindex_++;
}

void FakeDataPlane::remove_device(DeviceId id) {
  if (devices_.erase(id) == 0) throw std::logic_error("removed a device twice");
}

void FakeDataPlane::add_tunnel(TunnelId id, DeviceId device, const esp::OuterPath& path) {
  if (!devices_.contains(device)) throw std::logic_error("tunnel without device");
  if (!tunnels_.try_emplace(id, TunnelState{.device = device, .path = path}).second)
    throw std::logic_error("tunnel added twice");
}

void FakeDataPlane::remove_tunnel(TunnelId id) {
  std::erase_if(children_, [&](const auto& e) { return e.second.spec.tunnel == id; });
  if (tunnels_.erase(id) == 0) throw std::logic_error("removed a tunnel twice");
}

void FakeDataPlane::set_path(TunnelId id, const esp::OuterPath& path) {
  auto& t = tunnels_.at(id);
  t.path = path;
  t.reported.reset();
}

Outcome<void> FakeDataPlane::add_child(esp::ChildSpec spec) {
  if (!tunnels_.contains(spec.tunnel)) throw std::logic_error("child without tunnel");
  for (const auto& [id, c] : children_)
    if (c.spec.spi_in == spec.spi_in) return failure("SPI in use");
  const auto id = spec.id;
  auto& c = children_[id];
  c.spec = std::move(spec);
  c.age = ++age_;
  return {};
}

void FakeDataPlane::activate_outbound(ChildId id) {
  if (const auto it = children_.find(id); it != children_.end()) it->second.spec.outbound_ready = true;
}

void FakeDataPlane::remove_child(ChildId id) { children_.erase(id); }

void FakeDataPlane::set_asleep(TunnelId id, bool asleep) {
  auto& t = tunnels_.at(id);
  t.asleep = asleep;
  t.woken = false;
  if (asleep) return;
  for (const auto payload : std::exchange(t.parked, {}))
    if (Child* c = outbound(id, nullptr)) {
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

FakeDataPlane::Child* FakeDataPlane::outbound(TunnelId tunnel, const IpAddress* destination) {
  Child* best = nullptr;
  for (auto& [id, c] : children_) {
    if (c.spec.tunnel != tunnel || !c.spec.outbound_ready) continue;
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
  for (auto& [id, t] : tunnels_) {
    if (devices_.at(t.device) != device) continue;
    Child* c = outbound(id, &destination);
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
  for (const auto& [id, name] : devices_)
    if (name == device) events_.push_back(esp::OutboundWanted{id, source, destination});
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
  const auto it = std::ranges::find_if(children_, [&](const auto& e) { return e.second.spec.spi_in == packet.spi; });
  if (it == children_.end()) {
    ++unknown_spi;
    return;
  }
  Child& c = it->second;
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
  delivered.push_back(packet.payload);
}

std::vector<std::string> FakeDataPlane::device_names() const {
  std::vector<std::string> out;
  for (const auto& [id, name] : devices_) out.push_back(name);
  return out;
}

}  // namespace dormouse::sim
