// The network between a fleet and its gateway: places with delay, loss, duplicates and reordering; NATs that share an
// address among many and forget their mappings; links that are cut.
#pragma once
#include <functional>
#include <map>
#include <unordered_map>
#include <variant>

#include "base/random.h"
#include "sim/fake_data_plane.h"
#include "sim/fleet_queue.h"

namespace dormouse::sim {

/// Where a laptop is. Probabilities in permille.
struct Place {
  IpAddress address;               ///< its own
  std::optional<IpAddress> nat{};  ///< what the gateway sees instead
  Duration delay = 15ms, jitter = 0ms;
  unsigned loss = 0, duplicate = 0;
  /// Nothing is lost, and a round trip tells how long the next one takes: ways that race keep their order.
  [[nodiscard]] bool calm() const { return loss == 0 && jitter <= 30ms; }
};

/// A laptop's network card.
struct Link {
  unsigned laptop = 0;
  Place place{};
  bool cut = false;
  bool listening = false;                           ///< switched on and not suspended
  Instant trouble{};                                ///< when the network last lost something of it, or held it up
  std::map<std::uint16_t, std::uint16_t> mapped{};  ///< at the NAT: our port to its port
  std::function<void(const Endpoint& local, const Endpoint& remote, Bytes)> ike{};
  std::function<void(const EspPacket&, const Endpoint& local, const Endpoint& remote, esp::Encap)> esp{};
};

class Net {
 public:
  Net(Queue& queue, Rng& rng) : queue_(queue), rng_(rng) {}
  /// The gateway's side.
  std::function<void(Link&, const Endpoint& local, const Endpoint& remote, Bytes)> gateway_ike{};
  std::function<void(Link&, const EspPacket&, const Endpoint& local, const Endpoint& remote, esp::Encap)> gateway_esp{};

  /// It is elsewhere now; what was on its way to the old place is lost.
  void move(Link& link, const Place& to);
  /// Its NAT forgot it; the next packet gets a mapping of its own.
  void forget_mapping(Link& link);
  void leave(Link& link);

  void up_ike(Link& from, const Endpoint& local, const Endpoint& remote, Bytes message);
  void up_esp(Link& from, const esp::OuterPath& path, const EspPacket& packet);
  void down_ike(const Endpoint& local, const Endpoint& remote, const Bytes& message);
  void down_esp(const esp::OuterPath& path, const EspPacket& packet);

  std::uint64_t datagrams = 0, lost = 0;

 private:
  [[nodiscard]] std::optional<Endpoint> seen_as(Link& link, const Endpoint& local);
  [[nodiscard]] std::pair<Link*, Endpoint> behind(const Endpoint& seen);
  void carry(Link& link, const std::function<void()>& arrive);
  Queue& queue_;
  Rng& rng_;
  std::unordered_map<IpAddress, Link*> open_;                             // not behind a NAT
  std::unordered_map<Endpoint, std::pair<Link*, std::uint16_t>> mapped_;  // seen from outside
  std::uint16_t next_port_ = 1024;
};

}  // namespace dormouse::sim
