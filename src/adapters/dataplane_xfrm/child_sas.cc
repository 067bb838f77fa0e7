#include "adapters/dataplane_xfrm/child_sas.h"

#include <algorithm>
#include <time.h>

namespace dormouse::xfrm {
namespace {

// Without extended numbers a successor is wanted at three quarters of 2^32 packets, and none is sent beyond.
constexpr std::uint64_t kSoftPackets = 0xc0000000, kHardPackets = 0xfffffff0;

/// The kernel dates the last packet in whole seconds since 1970: it was not before the instant returned.
Instant instant_of(std::uint64_t second, Instant now) {
  timespec wall{};
  (void)clock_gettime(CLOCK_REALTIME, &wall);
  const auto age = Duration(std::chrono::seconds(wall.tv_sec) - std::chrono::seconds(second)) +
                   std::chrono::nanoseconds(wall.tv_nsec);
  return std::min(now, now - age);
}

void add(esp::TunnelCounters& t, const Child& c) {
  t.packets_in += c.in.last.usage.packets;
  t.bytes_in += c.in.last.usage.bytes;
  t.packets_out += c.out.last.usage.packets;
  t.bytes_out += c.out.last.usage.bytes;
  t.errors_in += c.in.last.auth_failed;
  t.last_in = std::max(t.last_in, c.in.active);
  t.last_out = std::max(t.last_out, c.out.active);
}

}  // namespace

Outcome<SaSpec> ChildSas::spec_of(const Child& child, bool inbound) const {
  const auto& c = child.spec;
  const auto& path = child.tunnel->path;
  SaSpec s;
  TRY_ASSIGN(s.algorithms, algorithms_of(c.suite));
  const auto& from = inbound ? path.remote : path.local;
  const auto& to = inbound ? path.local : path.remote;
  s.source = from.address;
  s.id = {to.address, inbound ? c.spi_in : c.spi_out};
  s.udp = path.encap == esp::Encap::udp;
  s.source_port = inbound ? path.remote.port : port_;
  s.destination_port = inbound ? port_ : path.remote.port;
  s.reqid = child.tunnel->id.value();
  s.if_id = child.tunnel->device->if_id;
  s.encr = (inbound ? c.encr_in : c.encr_out).reveal();
  s.integ = (inbound ? c.integ_in : c.integ_out).reveal();
  s.esn = c.suite.esn == EsnId::yes;
  // A window of 0 would be silent about what it receives: the widest comes closest to none.
  const auto window = c.replay_window == 0 ? ReplayState::kWidest : c.replay_window;
  s.replay = ReplayState::fresh(inbound ? window : 1);
  s.headers = header_flags(c.headers);
  s.soft_bytes = c.soft_bytes;
  s.hard_bytes = c.hard_bytes;
  if (!inbound && !s.esn) {
    s.soft_packets = kSoftPackets;
    s.hard_packets = kHardPackets;
  }
  s.tell_packets = inbound;
  if (!inbound && path.ifindex > 0) s.mark = kOuterMark;
  return s;
}

Outcome<void> ChildSas::make(Child& child, Half& half, const SaStatus* before) {
  TRY_ASSIGN(auto spec, spec_of(child, &half == &child.in));
  if (spec.source.is_unspecified() || spec.id.destination.is_unspecified())
    return failure("kernel SA: its outer address is not known");
  if (before != nullptr) {
    spec.replay = before->replay;
    spec.usage = before->usage;
  }
  TRY(kernel_.add_sa(spec));
  half.id = spec.id;
  half.there = true;
  return {};
}

Outcome<void> ChildSas::install(Child& child, Instant now) {
  child.in.read_at = child.out.read_at = now;
  TRY(make(child, child.in, nullptr));
  if (auto done = make(child, child.out, nullptr); !done) {
    kernel_.delete_sa(child.in.id);
    child.in.there = false;
    return done;
  }
  return {};
}

bool ChildSas::move(Child& child) {
  bool whole = true;
  for (Half* half : {&child.out, &child.in}) {
    const auto before = half->there ? kernel_.take_sa(half->id) : std::nullopt;
    half->there = false;
    whole = before && make(child, *half, &*before) && whole;
  }
  listen(child);
  return whole;
}

void ChildSas::read(Half& half, Instant now) {
  if (!half.there) return;
  auto status = kernel_.read_sa(half.id);
  if (!status) return;  // it expired: what was told then stands
  if (status->usage.packets != half.last.usage.packets)
    half.active = std::max(half.read_at, instant_of(status->last_used, now));
  half.last = std::move(*status);
  half.read_at = now;
}

void ChildSas::read(Child& child, Instant now) {
  read(child.in, now);
  read(child.out, now);
}

void ChildSas::remove(Child& child, Instant now) {
  read(child, now);
  for (Half* half : {&child.in, &child.out}) {
    if (half->there) kernel_.delete_sa(half->id);
    half->there = false;
  }
  add(child.tunnel->gone, child);
}

void ChildSas::listen(const Child& child) {
  if (!child.in.there) return;
  const Tunnel& t = *child.tunnel;
  kernel_.tell_packets(child.in.id, !child.used || (t.asleep && !t.wake_told));
}

esp::TunnelCounters counters_of(const Tunnel& tunnel) {
  esp::TunnelCounters out = tunnel.gone;
  for (const Child* c : tunnel.children) add(out, *c);
  out.parked = tunnel.parked.size();
  out.parked_sent = tunnel.parked_sent;
  out.dropped_asleep = tunnel.dropped_asleep;
  return out;
}

esp::ChildCounters counters_of(const Child& child) {
  const auto& in = child.in.last;
  const auto& out = child.out.last;
  return {.packets_in = in.usage.packets,
          .bytes_in = in.usage.bytes,
          .packets_out = out.usage.packets,
          .bytes_out = out.usage.bytes,
          .replayed = in.replayed,
          .auth_failed = in.auth_failed,
          .seq_out = out.replay.sent(),
          .seq_in_highest = in.replay.received()};
}

}  // namespace dormouse::xfrm
