// What the data plane knows of its interfaces, tunnels and Child SAs.
#pragma once
#include <map>
#include <memory>
#include <unordered_map>

#include "adapters/dataplane_xfrm/parked.h"
#include "adapters/dataplane_xfrm/policies.h"
#include "adapters/dataplane_xfrm/underlay.h"
#include "esp/data_plane.h"
#include "esp/path_mtu.h"
#include "esp/sa_runtime.h"
#include "esp/selector_set.h"

namespace dormouse::xfrm {

struct Tunnel;

/// One direction of a Child SA.
struct Half {
  SaId id{};
  bool there = false;  ///< in the kernel
  SaStatus last{};     ///< as it was read last,
  Instant read_at{};   ///< which was then
  Instant active{};    ///< a packet went through not before this; 0 = never
  esp::Lifetime told = esp::Lifetime::good;
};

struct Child {
  esp::ChildSpec spec{};  ///< with the keys: to move an SA is to make it anew
  Tunnel* tunnel = nullptr;
  std::vector<Selector> selectors{};
  esp::SelectorSet fits{};
  Half in{}, out{};
  bool ready = false;            ///< for outbound packets
  bool used = false;             ///< a packet was received
  std::uint64_t wake_after = 0;  ///< no packet up to this number wakes its tunnel
};

struct Device {
  DeviceId id{};
  std::uint32_t if_id = 0;
  int ifindex = 0;
  Policies policies;
  std::vector<Tunnel*> tunnels{};  ///< newest first
  Instant wanted_told{};
};

struct Tunnel {
  TunnelId id{};
  Device* device = nullptr;
  esp::OuterPath path{};
  std::optional<Underlay::Way> way{};  ///< held for it
  esp::PathMtu mtu{};                  ///< of its path
  bool asleep = false;
  bool wake_told = false;
  std::optional<Endpoint> move_told{};
  std::optional<IpAddress> host{};  ///< its one inside address, also when its last Child SA is gone
  std::vector<Child*> children{};   ///< newest first
  Parked parked{};
  Instant moved{};  ///< when its policies changed last
  std::uint64_t parked_sent = 0, dropped_asleep = 0;
  esp::TunnelCounters gone{};  ///< of Child SAs that are no more
};

struct Tables {
  std::map<DeviceId, std::unique_ptr<Device>> devices;
  std::unordered_map<std::uint32_t, std::unique_ptr<Tunnel>> tunnels;  ///< by TunnelId
  std::unordered_map<std::uint32_t, std::unique_ptr<Child>> children;  ///< by ChildId
  std::unordered_multimap<std::uint32_t, Child*> by_spi;               ///< of both directions
  std::size_t parked_octets = 0;

  [[nodiscard]] Device* find(DeviceId id) const;
  [[nodiscard]] Tunnel* find(TunnelId id) const;
  [[nodiscard]] Child* find(ChildId id) const;
  /// The Child SA that has the kernel's SA, and which half; nothing if it is none of ours.
  [[nodiscard]] std::pair<Child*, Half*> find(const SaId& id) const;
  /// Takes a Child SA out of everything.
  void forget(Child& child);
};

/// What a packet that fell into the hole of a device is.
struct Fate {
  Tunnel* sleeper = nullptr;  ///< to be parked for this one
  Tunnel* awake = nullptr;    ///< a Child SA of this one carries it by now
};
[[nodiscard]] Fate fate_of(const Device& device, const esp::InnerPacket& packet);
/// The newest Child SA that may carry it outwards.
[[nodiscard]] Child* carrier_of(const Tunnel& tunnel, const esp::InnerPacket& packet);

}  // namespace dormouse::xfrm
