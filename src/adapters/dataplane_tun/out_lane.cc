#include "adapters/dataplane_tun/out_lane.h"

#include <algorithm>
#include <array>

#include "adapters/dataplane_tun/clock.h"
#include "base/limits.h"
#include "esp/ecn.h"
#include "esp/fit.h"
#include "esp/fragmenter.h"
#include "esp/too_big.h"

namespace dormouse::dataplane {
namespace {

constexpr std::size_t kReadSize = 66 * 1024;  // an IP packet and its offload header
constexpr Duration kWantedEvery = 100ms;      // a login takes longer; more would only be noise
constexpr Duration kMeasureEvery = 1s;        // a path that changes back and forth is not to cost system calls per run

}  // namespace

OutLane::OutLane(Tables& tables, OuterSockets& sockets)
    : tables_(tables), sockets_(sockets), sender_(sockets), buffer_(kReadSize), large_(kReadSize) {}

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
    forward(*child, packets, info, packet);
  else if (!answered_asleep(*sleeper, packets, info))
    park(*sleeper, packets);
}

void OutLane::forward(Child& c, esp::Segmenter& packets, const esp::InnerPacket& info, MutableBytes first) {
  if (c.transport) [[unlikely]]
    return forward_headerless(c, packets, info, first);
  const auto mark = esp::outer_mark(first.data(), c.headers);
  // Of the packets of a super-packet the first is the largest.
  if (packets.next_size() <= c.room) return seal(c, packets, info.v6, mark);
  too_large(c, packets, info, mark, first);
}

void OutLane::forward_headerless(Child& c, esp::Segmenter& packets, const esp::InnerPacket& info, MutableBytes first) {
  if (!esp::fits_transport(first, info)) {
    c.out.errors.add(1);
    c.tunnel.out.errors.add(1);
    return;
  }
  const auto mark = esp::outer_mark(first.data(), c.headers);
  if (packets.next_size() <= c.room) return seal_any(c, packets, info.v6, mark, first);
  too_large(c, packets, info, mark, first);
}

void OutLane::seal_any(Child& c, esp::Segmenter& packets, bool v6, esp::OuterMark mark, ByteView first) {
  if (!c.transport) return seal(c, packets, v6, mark);
  esp::Headerless headerless(packets, first);
  seal(c, headerless, v6, mark);
}

void OutLane::too_large(Child& c, esp::Segmenter& packets, const esp::InnerPacket& info, esp::OuterMark mark,
                        ByteView first) {
  Tunnel& t = c.tunnel;
  if (t.out.mtu.forget_old(now_)) {
    refit(t);
    tables_.events.push(esp::PathMtuChanged{t.id, t.out.mtu.value()});
  }
  for (std::size_t size = packets.next_size(); size != 0; size = packets.next_size()) {
    if (size <= c.room) return seal_any(c, packets, info.v6, mark, first);
    const auto fit =
        esp::fit_of_large(info.v6, packets.never_fragmented(), static_cast<std::uint32_t>(size), c.room, c.headers);
    if (fit == esp::Fit::whole) return seal_any(c, packets, info.v6, {mark.traffic_class, false}, first);
    packets.write(large_.data());
    const auto whole = ByteView(large_).first(size);
    if (fit == esp::Fit::answer) return answer_too_large(t, whole, info, esp::mtu_to_tell(info.v6, c.room));
    esp::Fragmenter pieces(whole, c.room, ++fragment_id_);
    seal(c, pieces, info.v6, mark);
    t.out.fragmented.add(1);
  }
}

// The first packet of a super-packet is enough: its sender takes back the others by itself.
void OutLane::answer_too_large(Tunnel& t, ByteView packet, const esp::InnerPacket& info, std::uint32_t mtu) {
  t.out.too_big.add(1);
  if (!esp::may_be_answered(packet, info)) return;
  if (now_ - answers_counted_ >= 1s) {
    answers_counted_ = now_;
    answers_ = 0;
  }
  if (++answers_ > limits::kTooBigBurst) return;
  std::array<std::uint8_t, esp::kOffloadHeaderSize + esp::kTooBigSize> message{};
  const auto size = esp::write_too_big(message.data() + esp::kOffloadHeaderSize, packet, mtu);
  // What the interface does not take is lost, as an error may be.
  if (write(t.device.tun.fd.get(), message.data(), esp::kOffloadHeaderSize + size) < 0) return;
}

bool OutLane::answered_asleep(Tunnel& t, esp::Segmenter& packets, const esp::InnerPacket& info) {
  const auto it = std::ranges::find_if(t.children, [&](const Child* c) { return c->selectors.fits_outbound(info); });
  if (it == t.children.end() || packets.next_size() <= (*it)->room) return false;
  Child& c = **it;
  if (t.out.mtu.forget_old(now_)) refit(t);
  const auto size = packets.next_size();
  const auto fit =
      esp::fit_of_large(info.v6, packets.never_fragmented(), static_cast<std::uint32_t>(size), c.room, c.headers);
  if (size <= c.room || fit != esp::Fit::answer) return false;
  packets.write(large_.data());
  answer_too_large(t, ByteView(large_).first(size), info, esp::mtu_to_tell(info.v6, c.room));
  return true;
}

OutLane::Choice OutLane::choose(const Device& d, const esp::InnerPacket& info) {
  if (d.tunnels.size() == 1) return choose(*d.tunnels.front(), info, true);
  Choice found;
  const auto takes_it = [&](Tunnel& t) {
    found = choose(t, info, false);
    return found.child != nullptr || found.sleeper != nullptr;
  };
  if (!d.by_prefix.visit(info.destination, info.v6, takes_it))
    (void)std::ranges::any_of(d.wide, [&](Tunnel* t) { return takes_it(*t); });
  return found;
}

OutLane::Choice OutLane::choose(Tunnel& t, const esp::InnerPacket& info, bool alone) {
  if (!t.asleep) return {newest_ready(t, info), nullptr};
  // With a device to itself all packets are the sleeper's, also once its SAs have expired; else the selectors say whose
  // they are.
  const bool its = alone ||
                   std::ranges::any_of(t.children, [&](const Child* c) { return c->selectors.fits_outbound(info); }) ||
                   std::ranges::find(t.prefixes, Prefix::host(info.destination.address(info.v6))) != t.prefixes.end();
  return {nullptr, its ? &t : nullptr};
}

Child* OutLane::newest_ready(const Tunnel& t, const esp::InnerPacket& info) {
  for (Child* c : t.children)
    if (c->ready && c->selectors.fits_outbound(info)) return c;
  return nullptr;
}

template <class Packets>
void OutLane::seal(Child& c, Packets& packets, bool v6, esp::OuterMark mark) {
  while (packets.next_size() != 0) {
    if (run_child_ != &c) flush();
    run_child_ = &c;
    run_.take(c.out, packets, v6, mark);
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
  const auto result = sender_.send(t, run_);
  if (result != Sender::Result::lost) {
    t.out.packets.add(run_.count());
    t.out.octets.add(run_.inner_octets());
    t.out.last.set(static_cast<std::uint64_t>(now_.since_boot().count()));
  } else {
    c.out.errors.add(run_.count());
    t.out.errors.add(run_.count());
  }
  const auto segment = run_.segment();
  run_.clear();
  if (result == Sender::Result::sent_in_pieces) measure(t, segment);
}

void OutLane::measure(Tunnel& t, std::size_t refused) {
  if (t.out.refused != Instant() && now_ - t.out.refused < kMeasureEvery) return;
  t.out.refused = now_;
  const auto before = t.out.mtu.value();
  t.out.mtu.set_first_hop(sockets_.first_hop(t.path));
  // Over IPv4 the kernel refuses by the interface alone, over IPv6 also by what it learned of the path.
  const bool v6 = !t.path.remote.address.is_v4();
  const auto outer = static_cast<std::uint32_t>(refused) + esp::outer_headers(v6, t.path.encap);
  if (const auto known = v6 ? mtu_known_to_kernel(t.path) : 0; known != 0) (void)t.out.mtu.believe(known, outer, now_);
  if (t.out.mtu.value() == before) return;
  refit(t);
  tables_.events.push(esp::PathMtuChanged{t.id, t.out.mtu.value()});
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
      forward(*c, one, info, packet);
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
