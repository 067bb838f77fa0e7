#include "adapters/dataplane_tun/tun_data_plane.h"

#include "adapters/dataplane_tun/crew.h"

namespace dormouse::dataplane {
namespace {

// Members end in the opposite order: the threads first, then what they work on.
class TunDataPlane final : public esp::DataPlane {
 public:
  TunDataPlane(std::unique_ptr<crypto::EspProvider> engine, OuterSockets sockets, std::uint16_t port)
      : engine_(std::move(engine)),
        sockets_(std::move(sockets)),
        out_(tables_, sockets_),
        in_(tables_, sockets_, port),
        errors_(tables_, sockets_),
        crew_(tables_, sockets_, out_, in_, errors_) {}

  bool carries_transport() const override { return true; }

  Outcome<int> add_device(const esp::DeviceSpec& spec) override {
    TRY_ASSIGN(auto tun, open_tun(spec));
    auto device = std::make_unique<Device>();
    device->tun = std::move(tun);
    const Change change(tables_);
    auto& d = tables_.devices[spec.id];
    d = std::move(device);
    crew_.serve(d->tun);
    return d->tun.ifindex;
  }

  void remove_device(DeviceId id) override {
    const auto it = tables_.devices.find(id);
    if (it == tables_.devices.end()) return;
    while (!it->second->tunnels.empty()) remove_tunnel(it->second->tunnels.back()->id);
    std::unique_ptr<Device> gone;  // closed after the gates have opened: the kernel takes its time over it
    const Change change(tables_);
    gone = std::move(it->second);
    tables_.devices.erase(it);
  }

  void set_mtu(DeviceId id, unsigned mtu) override {
    const auto it = tables_.devices.find(id);
    if (it != tables_.devices.end()) set_tun_mtu(it->second->tun, mtu);
  }

  void add_tunnel(TunnelId id, DeviceId device, const esp::OuterPath& path) override {
    const auto d = tables_.devices.find(device);
    if (d == tables_.devices.end()) return;
    auto tunnel = std::make_unique<Tunnel>(id, *d->second, path);
    tunnel->out.mtu = esp::PathMtu(!path.remote.address.is_v4(), sockets_.first_hop(path));
    refit(*tunnel);
    const Change change(tables_);
    d->second->tunnels.insert(d->second->tunnels.begin(), tunnel.get());
    tables_.place(*tunnel);
    tables_.tunnels[id.value()] = std::move(tunnel);
  }

  void remove_tunnel(TunnelId id) override {
    Tunnel* t = tables_.find(id);
    if (t == nullptr) return;
    const Change change(tables_);
    while (!t->children.empty()) tables_.drop(*t->children.back());
    out_.drop_parked(*t);
    tables_.unplace(*t);
    std::erase(t->device.tunnels, t);
    tables_.tunnels.erase(id.value());
  }

  void set_path(TunnelId id, const esp::OuterPath& path) override {
    Tunnel* t = tables_.find(id);
    if (t == nullptr) return;
    const bool same_way = t->path.remote.address == path.remote.address && t->path.ifindex == path.ifindex;
    const auto first_hop = sockets_.first_hop(path);
    const Change change(tables_);
    t->path = path;
    t->addressing = Addressing(path);
    // What was learned of one path says nothing of another; behind a NAT that changed its port it is still the same
    // one.
    if (!same_way) t->out.mtu = esp::PathMtu(!path.remote.address.is_v4(), first_hop);
    t->out.mtu.set_first_hop(first_hop);
    refit(*t);
    t->in.move_told.reset();
  }

  Outcome<void> add_child(esp::ChildSpec spec) override {
    Tunnel* t = tables_.find(spec.tunnel);
    if (t == nullptr) return failure("no such tunnel");
    if (spec.transport && (spec.local_ts.empty() || spec.remote_ts.empty())) return failure("no hosts");
    auto out = engine_->cipher(spec.suite, spec.encr_out.reveal(), spec.integ_out.reveal(), false);
    auto in = engine_->cipher(spec.suite, spec.encr_in.reveal(), spec.integ_in.reveal(), true);
    if (!out || !in) return failure("no engine for " + token_of(spec.suite, Protocol::esp));
    const bool esn = spec.suite.esn == EsnId::yes;
    const esp::ByteLimits limits{spec.soft_bytes, spec.hard_bytes};
    auto child = std::make_unique<Child>(spec, *t, std::move(*out), std::move(*in), esn, limits);
    const Change change(tables_);
    if (Child* old = tables_.find(spec.id)) tables_.drop(*old);
    tables_.add(std::move(child));
    tables_.place(*t);
    out_.send_parked(*t);
    return {};
  }

  void activate_outbound(ChildId id) override {
    Child* c = tables_.find(id);
    if (c == nullptr) return;
    const Change change(tables_);
    c->ready = true;
    out_.send_parked(c->tunnel);
  }

  void remove_child(ChildId id) override {
    Child* c = tables_.find(id);
    if (c == nullptr) return;
    Tunnel& t = c->tunnel;
    const Change change(tables_);
    tables_.drop(*c);
    // A tunnel without Child SAs keeps its place: an asleep one is still to park what is for it.
    if (!t.children.empty()) tables_.place(t);
  }

  void set_headers(ChildId id, const esp::HeaderRules& rules) override {
    Child* c = tables_.find(id);
    if (c == nullptr) return;
    const Change change(tables_);
    c->headers = rules;
    if (c->transport) c->headers.fragment_inner = false;
  }

  void set_asleep(TunnelId id, bool asleep) override {
    Tunnel* t = tables_.find(id);
    if (t == nullptr) return;
    const Change change(tables_);
    t->asleep = asleep;
    t->in.wake_told = false;
    out_.send_parked(*t);
  }

  void set_wake_mark(ChildId id, std::uint64_t seq) override {
    Child* c = tables_.find(id);
    if (c == nullptr) return;
    const Change change(tables_);
    c->wake_after = seq;
  }

  esp::TunnelCounters counters(TunnelId id) override {
    const Tunnel* t = tables_.find(id);
    if (t == nullptr) return {};
    const auto instant = [](const esp::Count& c) { return Instant::from_ns(static_cast<std::int64_t>(c.get())); };
    return {.packets_in = t->in.packets.get(),
            .bytes_in = t->in.octets.get(),
            .packets_out = t->out.packets.get(),
            .bytes_out = t->out.octets.get(),
            .errors_in = t->in.errors.get(),
            .errors_out = t->out.errors.get(),
            .parked = t->out.parked_now.get(),
            .parked_sent = t->out.parked_sent.get(),
            .dropped_asleep = t->out.dropped_asleep.get(),
            .too_big = t->out.too_big.get(),
            .fragmented = t->out.fragmented.get(),
            .path_mtu = static_cast<std::uint32_t>(t->out.path_mtu.get()),
            .last_in = instant(t->in.last),
            .last_out = instant(t->out.last)};
  }

  esp::ChildCounters child_counters(ChildId id) override {
    const Child* c = tables_.find(id);
    if (c == nullptr) return {};
    return {.packets_in = c->in.packets.get(),
            .bytes_in = c->in.octets.get(),
            .packets_out = c->out.packets.get(),
            .bytes_out = c->out.octets.get(),
            .replayed = c->in.replayed.get(),
            .auth_failed = c->in.auth_failed.get() + c->in.malformed.get() + c->in.expired.get(),
            .ts_mismatch = c->in.ts_mismatch.get(),
            .send_errors = c->out.errors.get(),
            .dummies = c->in.dummies.get(),
            .seq_out = c->out.sent_seq.get(),
            .seq_in_highest = c->in.highest.get()};
  }

  void send_ike(const esp::OuterPath& path, std::span<const std::uint8_t> message) override {
    Bytes marked(4);  // the non-ESP marker (RFC 3948 2.2)
    marked.insert(marked.end(), message.begin(), message.end());
    send_udp(path, marked);
  }
  void send_keepalive(const esp::OuterPath& path) override { send_udp(path, {0xff}); }
  int event_fd() const override { return tables_.events.fd(); }
  std::vector<esp::PathEvent> poll() override { return tables_.events.take(); }

 private:
  void send_udp(const esp::OuterPath& path, Bytes data) {
    Addressing address(path);
    iovec io{data.data(), data.size()};
    msghdr m{};
    m.msg_iov = &io;
    m.msg_iovlen = 1;
    address.apply(m, {});
    if (sendmsg(sockets_.sender(path), &m, MSG_DONTWAIT) < 0) return;  // lost like any datagram
  }

  std::unique_ptr<crypto::EspProvider> engine_;
  Tables tables_;
  OuterSockets sockets_;
  OutLane out_;
  InLane in_;
  ErrorLane errors_;
  Crew crew_;
};

}  // namespace

Outcome<std::unique_ptr<esp::DataPlane>> make_tun_data_plane(std::unique_ptr<crypto::EspProvider> engine,
                                                             TunDataPlaneOptions options) {
  TRY_ASSIGN(auto sockets, open_outer_sockets(options.udp_port));
  return std::make_unique<TunDataPlane>(std::move(engine), std::move(sockets), options.udp_port);
}

}  // namespace dormouse::dataplane
