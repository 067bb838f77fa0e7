// The kernel's data plane, inside. plane.cc: what control asks for; plane_events.cc: what the kernel says.
#pragma once
#include "adapters/dataplane_xfrm/alarm.h"
#include "adapters/dataplane_xfrm/child_sas.h"
#include "adapters/dataplane_xfrm/hole.h"
#include "adapters/dataplane_xfrm/injector.h"
#include "adapters/dataplane_xfrm/links.h"
#include "adapters/dataplane_xfrm/notices.h"
#include "adapters/dataplane_xfrm/outer.h"

namespace dormouse::xfrm {

/// The doors to the kernel, opened before the plane is made.
struct Doors {
  Kernel kernel;
  Links links;
  Underlay underlay;
  Notices notices;
  Outer outer;
  Holes holes;
  Injector injector;
  Alarm forget;         ///< what was learned of paths long ago
  dataplane::Fd watch;  ///< epoll of everything that can become readable
};

class Plane final : public esp::DataPlane {
 public:
  Plane(std::unique_ptr<crypto::EspProvider> engine, Doors doors, std::uint16_t port);
  ~Plane() override;
  Plane(const Plane&) = delete;
  Plane& operator=(const Plane&) = delete;

  [[nodiscard]] std::string_view name() const override { return "kernel"; }
  Outcome<int> add_device(const esp::DeviceSpec& spec) override;
  void remove_device(DeviceId id) override;
  void set_mtu(DeviceId id, unsigned mtu) override;
  void add_tunnel(TunnelId id, DeviceId device, const esp::OuterPath& path) override;
  void remove_tunnel(TunnelId id) override;
  void set_path(TunnelId id, const esp::OuterPath& path) override;
  Outcome<void> add_child(esp::ChildSpec spec) override;
  void activate_outbound(ChildId id) override;
  void remove_child(ChildId id) override;
  void set_headers(ChildId id, const esp::HeaderRules& rules) override;
  void set_asleep(TunnelId id, bool asleep) override;
  void set_wake_mark(ChildId id, std::uint64_t seq) override;
  esp::TunnelCounters counters(TunnelId id) override;
  esp::ChildCounters child_counters(ChildId id) override;
  void send_ike(const esp::OuterPath& path, std::span<const std::uint8_t> message) override;
  void send_keepalive(const esp::OuterPath& path) override { d_.outer.send(path, {0xff}); }
  [[nodiscard]] int event_fd() const override { return d_.watch.get(); }
  std::vector<esp::PathEvent> poll() override;

 private:
  // plane.cc
  /// Digs the device its hole, and leads there what no tunnel claims.
  [[nodiscard]] Outcome<void> dig(Device& device);
  /// Holds the way to its peer open, beside all routes into tunnels.
  void hold_way(Tunnel& tunnel);
  void release_way(Tunnel& tunnel);
  /// Its packets get no larger than its path is believed to carry.
  void limit_way(const Tunnel& tunnel);
  /// Gives the kernel the policies that follow from the tunnel's Child SAs and its state.
  [[nodiscard]] Outcome<void> claim(Tunnel& tunnel);
  void claim_or_tell(Tunnel& tunnel);
  /// Makes the SAs of some of the tunnel's children anew, as the tunnel and they are now.
  void make_anew(Tunnel& tunnel, std::span<Child* const> children);
  void send_parked(Tunnel& tunnel);
  void drop_parked(Tunnel& tunnel);

  // plane_events.cc
  void on(const Expired& e);
  void on(const Received& e);
  void on(const Mapped& e);
  void on(const NoticesLost& e);
  void on(const esp::TooBigReport& e);
  void forget_sizes();
  /// The path's MTU is another: to the route of its packets, and to control.
  void resized(Tunnel& tunnel);
  void tell_lifetime(Child& child, Half& half, esp::Lifetime reached);
  void fallen(DeviceId device, MutableBytes packet);
  void tell_wanted(Device& device, const esp::InnerPacket& packet);

  std::unique_ptr<crypto::EspProvider> engine_;  // before what uses it
  Doors d_;
  ChildSas sas_;
  Tables tables_;
  std::vector<esp::PathEvent> events_;
};

}  // namespace dormouse::xfrm
