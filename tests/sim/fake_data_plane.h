// A packet path for simulations: the same promises as the real one, ESP reduced to what identifies it (SPI, key,
// sequence).
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include "esp/data_plane.h"

namespace dormouse::sim {

/// An ESP packet on the simulated wire. Whoever has the key can read it; nobody else makes one.
struct EspPacket {
  EspSpi spi;
  std::uint64_t seq = 0;
  Bytes key;
  std::uint64_t payload = 0;
};

class FakeDataPlane final : public esp::DataPlane {
 public:
  using SendEsp = std::function<void(const esp::OuterPath&, const EspPacket&)>;
  using SendIke = std::function<void(const esp::OuterPath&, Bytes)>;
  FakeDataPlane(std::function<Instant()> clock, SendEsp send_esp, SendIke send_ike)
      : clock_(std::move(clock)), send_esp_(std::move(send_esp)), send_ike_(std::move(send_ike)) {}

  // esp::DataPlane
  Outcome<int> add_device(const esp::DeviceSpec& spec) override;
  void remove_device(DeviceId id) override;
  void set_mtu(DeviceId id, unsigned mtu) override { devices_.at(id).mtu = mtu; }
  void add_tunnel(TunnelId id, DeviceId device, const esp::OuterPath& path) override;
  void remove_tunnel(TunnelId id) override;
  void set_path(TunnelId id, const esp::OuterPath& path) override;
  Outcome<void> add_child(esp::ChildSpec spec) override;
  void activate_outbound(ChildId id) override;
  void remove_child(ChildId id) override;
  void set_asleep(TunnelId id, bool asleep) override;
  void set_wake_mark(ChildId id, std::uint64_t seq) override;
  esp::TunnelCounters counters(TunnelId id) override;
  esp::ChildCounters child_counters(ChildId id) override;
  void send_ike(const esp::OuterPath& path, std::span<const std::uint8_t> message) override;
  void send_keepalive(const esp::OuterPath&) override { ++keepalives; }
  int event_fd() const override { return -1; }
  std::vector<esp::PathEvent> poll() override { return std::exchange(events_, {}); }

  // the simulation's side
  /// A packet from the inside network for `destination` through the device of that name. False: no usable Child SA.
  bool send_inside(const std::string& device, const IpAddress& source, const IpAddress& destination,
                   std::uint64_t payload);
  void receive_esp(const EspPacket& packet, const Endpoint& local, const Endpoint& remote, esp::Encap encap);

  /// The child carried all it may: as if its hard limit of bytes were reached. Reported with the next event.
  void reach_lifetime(ChildId child) { events_.push_back(esp::LifetimeReached{child, true}); }
  std::vector<std::uint64_t> delivered;                     ///< payloads that came out of tunnels here, in order
  std::function<void(std::uint64_t payload)> on_delivered;  ///< set: takes them instead
  std::uint64_t replayed = 0, unknown_spi = 0, bad_key = 0, keepalives = 0;
  [[nodiscard]] std::vector<std::string> device_names() const;
  [[nodiscard]] unsigned mtu_of(const std::string& device) const { return devices_.at(by_name_.at(device)).mtu; }
  [[nodiscard]] std::size_t children() const { return children_.size(); }
  [[nodiscard]] std::size_t tunnels() const { return tunnels_.size(); }

 private:
  struct Child {
    esp::ChildSpec spec;
    std::uint64_t seq_out = 0, highest_in = 0, wake_after = 0;
    std::set<std::uint64_t> seen;
    bool used = false;
    std::uint64_t age = 0;
    esp::ChildCounters counters;
  };
  struct TunnelState {
    DeviceId device;
    esp::OuterPath path;
    bool asleep = false, woken = false;
    std::optional<Endpoint> reported{};
    std::vector<ChildId> children{};
    std::deque<std::uint64_t> parked{};
    esp::TunnelCounters counters{};
  };
  Child* outbound(const TunnelState& t, const IpAddress* destination);
  void transmit(TunnelState& t, Child& c, std::uint64_t payload);
  bool fresh(Child& c, std::uint64_t seq);

  std::function<Instant()> clock_;
  SendEsp send_esp_;
  SendIke send_ike_;
  struct Device {
    std::string name;
    unsigned mtu = 0;
    std::set<TunnelId> tunnels{};
  };
  std::map<DeviceId, Device> devices_;
  std::unordered_map<std::string, DeviceId> by_name_;
  std::map<TunnelId, TunnelState> tunnels_;
  std::map<ChildId, Child> children_;
  std::unordered_map<EspSpi, ChildId> by_spi_;
  std::vector<esp::PathEvent> events_;
  int next_ifindex_ = 40;
  std::uint64_t age_ = 0;
};

}  // namespace dormouse::sim
