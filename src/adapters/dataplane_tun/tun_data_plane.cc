#include "adapters/dataplane_tun/tun_data_plane.h"

#include <algorithm>
#include <sys/eventfd.h>
#include <thread>

#include "adapters/dataplane_tun/in_path.h"
#include "adapters/dataplane_tun/out_path.h"

namespace dormouse::dataplane {
namespace {

/// Without ESN the 32-bit number must not come round (RFC 4303 3.3.3); a little is left for what is under way.
constexpr std::uint64_t kLimit32 = 0xfffffff0, kLimit64 = 0xfffffffffffffff0;

class TunDataPlane final : public esp::DataPlane {
 public:
  TunDataPlane(std::unique_ptr<crypto::EspProvider> engine, OuterSockets sockets, std::uint16_t port)
      : engine_(std::move(engine)),
        sockets_(std::move(sockets)),
        out_wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        in_wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        out_(tables_, sockets_, out_wake_.get()),
        in_(tables_, sockets_, port, in_wake_.get()),
        out_thread_([this] { out_.run(stop_); }),
        in_thread_([this] { in_.run(stop_); }) {}
  ~TunDataPlane() override {
    stop_.store(true, std::memory_order_release);
    eventfd_write(out_wake_.get(), 1);
    eventfd_write(in_wake_.get(), 1);
    out_thread_.join();
    in_thread_.join();
  }

  Outcome<int> add_device(const esp::DeviceSpec& spec) override {
    TRY_ASSIGN(auto tun, open_tun(spec));
    const int ifindex = tun.ifindex;
    {
      const Change change(tables_);
      auto d = std::make_unique<Device>();
      d->tun = std::move(tun);
      tables_.devices[spec.id] = std::move(d);
    }
    eventfd_write(out_wake_.get(), 1);
    return ifindex;
  }

  void remove_device(DeviceId id) override {
    std::unique_ptr<Device> gone;
    const Change change(tables_);
    if (const auto it = tables_.devices.find(id); it != tables_.devices.end()) {
      gone = std::move(it->second);
      tables_.devices.erase(it);
    }
    in_.forget_device();
  }

  void add_tunnel(TunnelId id, DeviceId device, const esp::OuterPath& path) override {
    const Change change(tables_);
    auto t = std::make_unique<Tunnel>();
    t->id = id;
    t->device = device;
    t->path = path;
    if (const auto d = tables_.devices.find(device); d != tables_.devices.end())
      d->second->tunnels.insert(d->second->tunnels.begin(), t.get());
    tables_.tunnels[id] = std::move(t);
  }

  void remove_tunnel(TunnelId id) override {
    const Change change(tables_);
    const auto it = tables_.tunnels.find(id);
    if (it == tables_.tunnels.end()) return;
    in_.forget_child();
    std::erase_if(tables_.children, [&](const auto& e) { return e.second->tunnel->id == id; });
    tables_.by_spi.rebuild(tables_.children);
    if (const auto d = tables_.devices.find(it->second->device); d != tables_.devices.end())
      std::erase(d->second->tunnels, it->second.get());
    tables_.tunnels.erase(it);
  }

  void set_path(TunnelId id, const esp::OuterPath& path) override {
    const Change change(tables_);
    if (Tunnel* t = find(id)) {
      t->path = path;
      t->moved_told = {};
    }
  }

  Outcome<void> add_child(esp::ChildSpec spec) override {
    auto c = std::make_unique<Child>();
    auto out = engine_->cipher(spec.suite, spec.encr_out.reveal(), spec.integ_out.reveal(), false);
    auto in = engine_->cipher(spec.suite, spec.encr_in.reveal(), spec.integ_in.reveal(), true);
    if (!out || !in) return failure("no engine for " + token_of(spec.suite, Protocol::esp));
    const bool esn = spec.suite.esn == EsnId::yes;
    c->id = spec.id;
    c->out.format = esp::PacketFormat::of(**out);
    c->out.cipher = std::move(*out);
    c->out.spi = spec.spi_out;
    c->out.limit = esn ? kLimit64 : kLimit32;
    c->in.format = esp::PacketFormat::of(**in);
    c->in.cipher = std::move(*in);
    c->in.window = esp::ReplayWindow(spec.replay_window);
    c->in.esn = esn;
    c->spi_in = spec.spi_in;
    c->any = esp::is_any(spec.local_ts) && esp::is_any(spec.remote_ts) && spec.local_ts.front().range.first.is_v4() &&
             spec.remote_ts.front().range.first.is_v4();
    c->local_ts = std::move(spec.local_ts);
    c->remote_ts = std::move(spec.remote_ts);
    c->ready = spec.outbound_ready;
    c->soft_bytes = spec.soft_bytes;
    c->hard_bytes = spec.hard_bytes;
    const Change change(tables_);
    Tunnel* t = find(spec.tunnel);
    if (!t) return failure("no such tunnel");
    c->tunnel = t;
    t->children.insert(t->children.begin(), c.get());
    tables_.children[spec.id] = std::move(c);
    tables_.by_spi.rebuild(tables_.children);
    return {};
  }

  void activate_outbound(ChildId id) override {
    const Change change(tables_);
    if (const auto it = tables_.children.find(id); it != tables_.children.end()) it->second->ready = true;
  }

  void remove_child(ChildId id) override {
    const Change change(tables_);
    const auto it = tables_.children.find(id);
    if (it == tables_.children.end()) return;
    in_.forget_child();
    std::erase(it->second->tunnel->children, it->second.get());
    tables_.children.erase(it);
    tables_.by_spi.rebuild(tables_.children);
  }

  void set_asleep(TunnelId id, bool asleep) override {
    const Change change(tables_);
    Tunnel* t = find(id);
    if (!t) return;
    t->asleep = asleep;
    t->wake_told = false;
    if (!asleep) out_.send_parked(*t);
  }

  esp::TunnelCounters counters(TunnelId id) override {
    const Tunnel* t = find(id);
    if (!t) return {};
    esp::TunnelCounters c;
    c.packets_in = t->packets_in.get();
    c.bytes_in = t->bytes_in.get();
    c.packets_out = t->packets_out.get();
    c.bytes_out = t->bytes_out.get();
    c.errors_in = t->errors_in.get();
    c.errors_out = t->errors_out.get();
    c.parked_sent = t->parked_sent.get();
    c.dropped_asleep = t->dropped_asleep.get();
    c.last_in = Instant::from_ns(static_cast<std::int64_t>(t->last_in.get()));
    c.last_out = Instant::from_ns(static_cast<std::int64_t>(t->last_out.get()));
    if (t->asleep) {
      const Change change(tables_);
      c.parked = t->parked.size();
    }
    return c;
  }

  esp::ChildCounters child_counters(ChildId id) override {
    const auto it = tables_.children.find(id);
    if (it == tables_.children.end()) return {};
    const Child& c = *it->second;
    esp::ChildCounters out;
    out.packets_in = c.in.packets.get();
    out.bytes_in = c.in.bytes.get();
    out.packets_out = c.out.packets.get();
    out.bytes_out = c.out.bytes.get();
    out.replayed = c.in.replayed.get();
    out.auth_failed = c.in.auth_failed.get();
    out.ts_mismatch = c.in.ts_mismatch.get();
    out.send_errors = c.out.errors.get();
    out.seq_out = c.out.packets.get();
    out.seq_in_highest = c.in.highest.get();
    return out;
  }

  void send_ike(const esp::OuterPath& path, std::span<const std::uint8_t> message) override {
    Bytes marked(4);
    marked.insert(marked.end(), message.begin(), message.end());
    send_udp(path, marked);
  }
  void send_keepalive(const esp::OuterPath& path) override { send_udp(path, {0xff}); }
  int event_fd() const override { return tables_.events.fd(); }
  std::vector<esp::PathEvent> poll() override { return tables_.events.take(); }

 private:
  Tunnel* find(TunnelId id) {
    const auto it = tables_.tunnels.find(id);
    return it == tables_.tunnels.end() ? nullptr : it->second.get();
  }
  void send_udp(const esp::OuterPath& path, Bytes data) {
    Addressing address(path);
    iovec io{data.data(), data.size()};
    msghdr m{};
    m.msg_iov = &io;
    m.msg_iovlen = 1;
    address.apply(m, 0);
    if (sendmsg(sockets_.udp(path.remote.address.family()), &m, MSG_DONTWAIT) < 0) return;  // lost like any datagram
  }

  std::unique_ptr<crypto::EspProvider> engine_;
  Tables tables_;
  OuterSockets sockets_;
  Fd out_wake_, in_wake_;
  std::atomic<bool> stop_ = false;
  OutPath out_;
  InPath in_;
  std::thread out_thread_, in_thread_;
};

}  // namespace

Outcome<std::unique_ptr<esp::DataPlane>> make_tun_data_plane(std::unique_ptr<crypto::EspProvider> engine,
                                                             TunDataPlaneOptions options) {
  TRY_ASSIGN(auto sockets, open_outer_sockets(options.udp_port));
  return std::make_unique<TunDataPlane>(std::move(engine), std::move(sockets), options.udp_port);
}

}  // namespace dormouse::dataplane
