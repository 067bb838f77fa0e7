#include "adapters/dataplane_tun/out_lane.h"

#include <algorithm>

#include "adapters/dataplane_tun/clock.h"
#include "base/limits.h"
#include "esp/ecn.h"

namespace dormouse::dataplane {
namespace {

constexpr std::size_t kReadSize = 66 * 1024;  // an IP packet and its offload header
constexpr Duration kWantedEvery = 100ms;      // a login takes longer; more would only be noise

}  // namespace

OutLane::OutLane(Tables& tables, OuterSockets& sockets) : tables_(tables), sender_(sockets), buffer_(kReadSize) {}

std::size_t OutLane::drain(DeviceId id) {
  const auto it = tables_.devices.find(id);
  if (it == tables_.devices.end()) return 0;
  Device& d = *it->second;
  now_ = boottime();
  std::size_t reads = 0;
  while (reads < kReads) {
    const auto n = read(d.tun.fd.get(), buffer_.data(), buffer_.size());
    if (n <= static_cast<ssize_t>(esp::kOffloadHeaderSize)) break;
    ++reads;
    const auto whole = std::span(buffer_).first(static_cast<std::size_t>(n));
    packet(d, whole.subspan(esp::kOffloadHeaderSize), esp::OffloadHeader::read(whole.data()));
  }
  flush();
  return reads;
}

void OutLane::packet(Device& d, MutableBytes packet, const esp::OffloadHeader& offload) {
  esp::InnerPacket info;
  if (!esp::parse_inner(packet, info)) return;
  const auto [child, sleeper] = choose(d, info);
  if (child == nullptr && sleeper == nullptr) return tell_wanted(d, info);
  esp::Segmenter packets(packet, offload);
  if (!packets.ok()) return;
  if (child != nullptr)
    seal(*child, packets, info.v6, esp::traffic_class(packet.data()));
  else
    park(*sleeper, packets);
}

OutLane::Choice OutLane::choose(const Device& d, const esp::InnerPacket& info) {
  if (d.tunnels.size() == 1) return choose(*d.tunnels.front(), info, true);
  const auto [first, last] = d.by_host.equal_range(info.destination.address(info.v6));
  for (auto it = first; it != last; ++it)
    if (const auto found = choose(*it->second, info, false); found.child != nullptr || found.sleeper != nullptr)
      return found;
  for (Tunnel* t : d.wide)
    if (const auto found = choose(*t, info, false); found.child != nullptr || found.sleeper != nullptr) return found;
  return {};
}

OutLane::Choice OutLane::choose(Tunnel& t, const esp::InnerPacket& info, bool alone) {
  if (!t.asleep) return {newest_ready(t, info), nullptr};
  // With a device to itself all packets are the sleeper's, also once its SAs have expired; else the selectors say whose
  // they are.
  const bool its = alone ||
                   std::ranges::any_of(t.children, [&](const Child* c) { return c->selectors.fits_outbound(info); }) ||
                   (t.host && *t.host == info.destination.address(info.v6));
  return {nullptr, its ? &t : nullptr};
}

Child* OutLane::newest_ready(const Tunnel& t, const esp::InnerPacket& info) {
  for (Child* c : t.children)
    if (c->ready && c->selectors.fits_outbound(info)) return c;
  return nullptr;
}

void OutLane::seal(Child& c, esp::Segmenter& packets, bool v6, std::uint8_t traffic_class) {
  while (packets.next_size() != 0) {
    if (run_child_ != &c) flush();
    run_child_ = &c;
    run_.take(c.out, packets, v6, traffic_class);
    if (packets.next_size() == 0) break;
    if (c.out.exhausted()) {
      c.out.errors.add(1);
      c.tunnel.out.errors.add(1);
      break;
    }
    flush();
  }
  if (c.out.told != esp::Lifetime::hard_reached) tell_lifetime(c);
}

void OutLane::flush() {
  if (run_.empty()) return;
  Child& c = *run_child_;
  Tunnel& t = c.tunnel;
  run_.seal();
  if (sender_.send(t, run_)) {
    t.out.packets.add(run_.count());
    t.out.octets.add(run_.inner_octets());
    t.out.last.set(static_cast<std::uint64_t>(now_.since_boot().count()));
  } else {
    c.out.errors.add(run_.count());
    t.out.errors.add(run_.count());
  }
  run_.clear();
}

void OutLane::tell_lifetime(Child& c) {
  const auto reached = c.out.lifetime();
  if (reached <= c.out.told) return;
  c.out.told = reached;
  tables_.events.push(esp::LifetimeReached{c.id, reached == esp::Lifetime::hard_reached});
}

void OutLane::tell_wanted(Device& d, const esp::InnerPacket& info) {
  if (d.wanted_told != Instant() && now_ - d.wanted_told < kWantedEvery) return;
  d.wanted_told = now_;
  tables_.events.push(esp::OutboundWanted{d.tun.id, info.source.address(info.v6), info.destination.address(info.v6)});
}

// Sleep is not the fast path: parked packets own their octets.
void OutLane::park(Tunnel& t, esp::Segmenter& packets) {
  for (std::size_t size = packets.next_size(); size != 0; size = packets.next_size()) {
    Bytes packet(size);
    packets.write(packet.data());
    t.out.parked.push_back(std::move(packet));
    t.out.parked_octets += size;
    tables_.parked_octets += size;
    while (t.out.parked.size() > limits::kParkedPackets || t.out.parked_octets > limits::kParkedBytes ||
           tables_.parked_octets > limits::kParkedBytesTotal) {
      drop_oldest(t);
      t.out.dropped_asleep.add(1);
      if (t.out.parked.empty()) break;
    }
  }
  t.out.parked_now.set(t.out.parked.size());
}

void OutLane::drop_oldest(Tunnel& t) {
  const std::size_t size = t.out.parked.front().size();
  t.out.parked_octets -= size;
  tables_.parked_octets -= size;
  t.out.parked.pop_front();
}

void OutLane::send_parked(Tunnel& t) {
  if (t.asleep || t.out.parked.empty() || std::ranges::none_of(t.children, &Child::ready)) return;
  now_ = boottime();
  while (!t.out.parked.empty()) {
    Bytes& packet = t.out.parked.front();
    esp::InnerPacket info;
    Child* c = esp::parse_inner(packet, info) ? newest_ready(t, info) : nullptr;
    if (c != nullptr) {
      esp::Segmenter one(packet, {});
      seal(*c, one, info.v6, esp::traffic_class(packet.data()));
      t.out.parked_sent.add(1);
    } else {
      t.out.dropped_asleep.add(1);
    }
    drop_oldest(t);
  }
  flush();
  t.out.parked_now.set(0);
}

void OutLane::drop_parked(Tunnel& t) {
  while (!t.out.parked.empty()) drop_oldest(t);
}

}  // namespace dormouse::dataplane
