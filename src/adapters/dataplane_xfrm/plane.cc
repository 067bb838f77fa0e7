#include "adapters/dataplane_xfrm/plane.h"

#include <algorithm>
#include <sys/epoll.h>

#include "adapters/dataplane_tun/clock.h"
#include "adapters/dataplane_xfrm/probe.h"
#include "adapters/dataplane_xfrm/xfrm_data_plane.h"

namespace dormouse::xfrm {
namespace {

using dataplane::boottime;

std::uint32_t if_id_of(DeviceId id) { return kFirstIfId + id.value() % (kLastIfId - kFirstIfId); }

/// Whether the SAs have to be made anew for it.
bool same_ends(const esp::OuterPath& a, const esp::OuterPath& b) {
  return a.local.address == b.local.address && a.remote.address == b.remote.address && a.encap == b.encap &&
         (a.ifindex > 0) == (b.ifindex > 0) && (a.encap == esp::Encap::none || a.remote.port == b.remote.port);
}

}  // namespace

Plane::Plane(std::unique_ptr<crypto::EspProvider> engine, Doors doors, std::uint16_t port)
    : engine_(std::move(engine)), d_(std::move(doors)), sas_(d_.kernel, port) {}

Plane::~Plane() {
  while (!tables_.devices.empty()) Plane::remove_device(tables_.devices.begin()->first);
}

// --- devices

Outcome<int> Plane::add_device(const esp::DeviceSpec& spec) {
  remove_device(spec.id);
  const auto if_id = if_id_of(spec.id);
  TRY_ASSIGN(const int ifindex, d_.links.add(spec.name, if_id, spec.mtu));
  auto device = std::unique_ptr<Device>(
      new Device{.id = spec.id, .if_id = if_id, .ifindex = ifindex, .policies = Policies(if_id)});
  if (auto done = dig(*device); !done) {
    device->policies.clear(d_.kernel);
    d_.holes.fill(d_.kernel, spec.id);
    d_.links.remove(ifindex);
    return std::unexpected(done.error());
  }
  tables_.devices[spec.id] = std::move(device);
  return ifindex;
}

void Plane::remove_device(DeviceId id) {
  Device* d = tables_.find(id);
  if (d == nullptr) return;
  while (!d->tunnels.empty()) remove_tunnel(d->tunnels.back()->id);
  d->policies.clear(d_.kernel);
  d_.holes.fill(d_.kernel, id);
  d_.links.remove(d->ifindex);
  tables_.devices.erase(id);
}

void Plane::set_mtu(DeviceId id, unsigned mtu) {
  const Device* d = tables_.find(id);
  if (d != nullptr) (void)d_.links.set_mtu(d->ifindex, mtu);  // refused: it keeps the one it has
}

Outcome<void> Plane::dig(Device& device) {
  TRY_ASSIGN(const auto through, d_.holes.dig(d_.kernel, device.id, device.if_id));
  return device.policies.set_last(d_.kernel, through);
}

// --- tunnels

void Plane::add_tunnel(TunnelId id, DeviceId device, const esp::OuterPath& path) {
  Device* d = tables_.find(device);
  if (d == nullptr) return;
  auto& t = tables_.tunnels[id.value()];
  t = std::make_unique<Tunnel>();
  t->id = id;
  t->device = d;
  t->path = path;
  t->mtu = esp::PathMtu(!path.remote.address.is_v4(), d_.outer.first_hop(path));
  d->tunnels.insert(d->tunnels.begin(), t.get());
  hold_way(*t);
}

void Plane::hold_way(Tunnel& t) {
  const auto before = std::exchange(t.way, std::nullopt);
  if (t.path.ifindex > 0) {
    t.way = Underlay::Way{t.path.ifindex, t.path.remote.address};
    (void)d_.underlay.hold(*t.way);  // no way there now: the next path will have one
  }
  if (before) d_.underlay.release(*before);
  if (t.mtu.narrower_beyond()) limit_way(t);  // else what another knows of the same way stays
}

void Plane::limit_way(const Tunnel& t) {
  if (t.way) d_.underlay.limit(*t.way, t.mtu.narrower_beyond() ? t.mtu.value() : 0);
}

void Plane::release_way(Tunnel& t) {
  if (t.way) d_.underlay.release(*t.way);
  t.way.reset();
}

void Plane::remove_tunnel(TunnelId id) {
  Tunnel* t = tables_.find(id);
  if (t == nullptr) return;
  Device& d = *t->device;
  (void)d.policies.claim(d_.kernel, id, {});
  while (!t->children.empty()) {
    Child& c = *t->children.back();
    sas_.remove(c, boottime());
    tables_.forget(c);
  }
  drop_parked(*t);
  release_way(*t);
  std::erase(d.tunnels, t);
  tables_.tunnels.erase(id.value());
}

void Plane::set_path(TunnelId id, const esp::OuterPath& path) {
  Tunnel* t = tables_.find(id);
  if (t == nullptr) return;
  t->move_told.reset();
  const bool same_way = t->path.remote.address == path.remote.address && t->path.ifindex == path.ifindex;
  const bool same = same_ends(std::exchange(t->path, path), path);
  const auto first_hop = d_.outer.first_hop(path);
  if (!same_way) t->mtu = esp::PathMtu(!path.remote.address.is_v4(), first_hop);  // it says nothing of another
  t->mtu.set_first_hop(first_hop);
  hold_way(*t);
  if (!same) make_anew(*t, t->children);
}

// Traffic meanwhile falls into the hole and is sent when it is read there, after this.
void Plane::make_anew(Tunnel& t, std::span<Child* const> children) {
  (void)t.device->policies.claim(d_.kernel, t.id, {});
  for (Child* c : children)
    if (!sas_.move(*c)) events_.push_back(esp::LifetimeReached{c->spec.id, true});
  claim_or_tell(t);
}

Outcome<void> Plane::claim(Tunnel& t) {
  Policies::Claims wanted;
  const auto any = IpAddress::any(t.path.local.address.family());
  for (const Child* c : t.children) {  // newest first, and the first one stays
    for (const auto& s : c->selectors) {
      const Template from_peer{any, any, EspSpi{}, t.id.value()};
      wanted.emplace(PolicyKey{Direction::in, s.reversed()}, from_peer);
      wanted.emplace(PolicyKey{Direction::forward, s.reversed()}, from_peer);
      if (c->ready && c->out.there && !t.asleep)
        wanted.emplace(PolicyKey{Direction::out, s},
                       Template{t.path.local.address, t.path.remote.address, c->spec.spi_out, t.id.value()});
    }
  }
  t.moved = boottime();
  return t.device->policies.claim(d_.kernel, t.id, wanted);
}

/// A Child SA without its policies carries nothing: it ends, and IKE makes another.
void Plane::claim_or_tell(Tunnel& t) {
  if (claim(t)) return;
  for (const Child* c : t.children) events_.push_back(esp::LifetimeReached{c->spec.id, true});
}

// --- Child SAs

Outcome<void> Plane::add_child(esp::ChildSpec spec) {
  Tunnel* t = tables_.find(spec.tunnel);
  if (t == nullptr) return failure("no such tunnel");
  remove_child(spec.id);
  auto child = std::make_unique<Child>();
  TRY_ASSIGN(child->selectors, selectors_of(spec.local_ts, spec.remote_ts));
  child->fits = esp::SelectorSet(spec.local_ts, spec.remote_ts);
  child->tunnel = t;
  child->ready = spec.outbound_ready;
  child->spec = std::move(spec);
  TRY(sas_.install(*child, boottime()));
  Child& c = *child;
  tables_.by_spi.emplace(c.spec.spi_in.value(), &c);
  tables_.by_spi.emplace(c.spec.spi_out.value(), &c);
  tables_.children[c.spec.id.value()] = std::move(child);
  t->children.insert(t->children.begin(), &c);
  const auto remote = c.fits.remote_prefixes();
  if (remote.size() == 1 && remote[0].length == remote[0].address.bits()) t->host = remote[0].address;
  if (auto done = claim(*t); !done) {
    remove_child(c.spec.id);
    return done;
  }
  send_parked(*t);
  return {};
}

void Plane::activate_outbound(ChildId id) {
  Child* c = tables_.find(id);
  if (c == nullptr) return;
  c->ready = true;
  claim_or_tell(*c->tunnel);
  send_parked(*c->tunnel);
}

void Plane::remove_child(ChildId id) {
  Child* c = tables_.find(id);
  if (c == nullptr) return;
  Tunnel& t = *c->tunnel;
  c->ready = false;
  std::erase(t.children, c);
  claim_or_tell(t);  // first, so that nothing is sent to an SA that is gone
  sas_.remove(*c, boottime());
  tables_.forget(*c);
}

void Plane::set_headers(ChildId id, const esp::HeaderRules& rules) {
  Child* c = tables_.find(id);
  if (c == nullptr) return;
  const auto before = std::exchange(c->spec.headers, rules);
  if (header_flags(before) != header_flags(rules)) make_anew(*c->tunnel, std::span(&c, 1));
}

void Plane::set_asleep(TunnelId id, bool asleep) {
  Tunnel* t = tables_.find(id);
  if (t == nullptr) return;
  t->asleep = asleep;
  t->wake_told = false;
  claim_or_tell(*t);
  for (const Child* c : t->children) sas_.listen(*c);
  send_parked(*t);
}

void Plane::set_wake_mark(ChildId id, std::uint64_t seq) {
  if (Child* c = tables_.find(id)) c->wake_after = seq;
}

void Plane::send_parked(Tunnel& t) {
  if (t.asleep || t.parked.empty() || std::ranges::none_of(t.children, &Child::ready)) return;
  while (!t.parked.empty()) {
    const Bytes packet = t.parked.take(tables_.parked_octets);
    esp::InnerPacket info;
    if (esp::parse_inner(packet, info) && carrier_of(t, info) != nullptr && d_.injector.send(t.device->ifindex, packet))
      ++t.parked_sent;
    else
      ++t.dropped_asleep;
  }
}

void Plane::drop_parked(Tunnel& t) {
  while (!t.parked.empty()) (void)t.parked.take(tables_.parked_octets);
}

// --- counters and datagrams

esp::TunnelCounters Plane::counters(TunnelId id) {
  const Tunnel* t = tables_.find(id);
  if (t == nullptr) return {};
  for (Child* c : t->children) sas_.read(*c, boottime());
  auto out = counters_of(*t);
  out.path_mtu = t->mtu.value();
  return out;
}

esp::ChildCounters Plane::child_counters(ChildId id) {
  Child* c = tables_.find(id);
  if (c == nullptr) return {};
  sas_.read(*c, boottime());
  return counters_of(*c);
}

void Plane::send_ike(const esp::OuterPath& path, std::span<const std::uint8_t> message) {
  Bytes marked(4);  // the non-ESP marker (RFC 3948 2.2)
  marked.insert(marked.end(), message.begin(), message.end());
  d_.outer.send(path, std::move(marked));
}

// --- made

Outcome<std::unique_ptr<esp::DataPlane>> make_xfrm_data_plane(std::unique_ptr<crypto::EspProvider> engine,
                                                              XfrmDataPlaneOptions options) {
  clear_leftovers();
  TRY(probe());
  TRY_ASSIGN(auto kernel, Kernel::open());
  TRY_ASSIGN(auto links, Links::open());
  TRY_ASSIGN(auto underlay, Underlay::open());
  TRY_ASSIGN(auto notices, Notices::open());
  TRY_ASSIGN(auto outer, Outer::open(options.udp_port));
  TRY_ASSIGN(auto holes, Holes::open(*engine));
  TRY_ASSIGN(auto injector, Injector::open());
  TRY_ASSIGN(auto forget, Alarm::open());
  Doors doors{.kernel = std::move(kernel),
              .links = std::move(links),
              .underlay = std::move(underlay),
              .notices = std::move(notices),
              .outer = std::move(outer),
              .holes = std::move(holes),
              .injector = std::move(injector),
              .forget = std::move(forget),
              .watch = dataplane::Fd(epoll_create1(EPOLL_CLOEXEC))};
  if (!doors.watch.ok()) return failure("epoll");
  const auto [udp4, udp6] = doors.outer.fds();
  const auto [errors4, errors6] = doors.outer.report_fds();
  for (const int fd : {doors.notices.fd(), udp4, udp6, errors4, errors6, doors.holes.fd(), doors.forget.fd()}) {
    epoll_event e{};
    e.events = EPOLLIN;
    if (fd >= 0 && epoll_ctl(doors.watch.get(), EPOLL_CTL_ADD, fd, &e) != 0) return failure("epoll");
  }
  return std::make_unique<Plane>(std::move(engine), std::move(doors), options.udp_port);
}

}  // namespace dormouse::xfrm
