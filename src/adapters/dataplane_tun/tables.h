// What the packet path works on. Control changes it only inside a Change, that is between two batches of both lanes; so
// the path reads it without locks, and what is removed is in nobody's hands.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "adapters/dataplane_tun/event_queue.h"
#include "adapters/dataplane_tun/gate.h"
#include "adapters/dataplane_tun/outer_sockets.h"
#include "adapters/dataplane_tun/prefix_index.h"
#include "adapters/dataplane_tun/tun_device.h"
#include "esp/path_mtu.h"
#include "esp/sa_runtime.h"
#include "esp/selector_set.h"
#include "esp/spi_table.h"
#include "esp/transport_mode.h"

namespace dormouse::dataplane {

struct Tunnel;

struct Child {
  Child(const esp::ChildSpec& spec, Tunnel& t, std::unique_ptr<crypto::EspCipher> seal,
        std::unique_ptr<crypto::EspCipher> open, bool esn, esp::ByteLimits limits)
      : id(spec.id),
        tunnel(t),
        ready(spec.outbound_ready),
        selectors(spec.local_ts, spec.remote_ts),
        headers(spec.headers),
        out(std::move(seal), spec.spi_out, esn, limits),
        in(std::move(open), spec.spi_in, esn, spec.replay_window, limits) {
    if (!spec.transport) return;
    transport = esp::TransportHosts{spec.local_ts.front().range.first, spec.remote_ts.front().range.first};
    in.transport = true;
    headers.fragment_inner = false;  // no fragment can travel so
  }
  ChildId id;
  Tunnel& tunnel;
  bool ready;                    ///< for outbound packets
  std::uint64_t wake_after = 0;  ///< no packet up to this number wakes its tunnel
  esp::SelectorSet selectors;
  esp::HeaderRules headers;
  std::uint32_t room = 0;                        ///< largest inner packet that fits the outer path; out lane
  std::optional<esp::TransportHosts> transport;  ///< in transport mode
  esp::OutboundSa out;
  esp::InboundSa in;
};

struct Device {
  TunDevice tun;
  std::vector<Tunnel*> tunnels;   ///< newest first
  PrefixIndex<Tunnel> by_prefix;  ///< those whose other side is a few prefixes
  std::vector<Tunnel*> wide;      ///< the others, newest first
  Instant wanted_told;            ///< out lane: last OutboundWanted
};

/// Where a packet came from on the outside, as far as it can be told.
struct OuterOrigin {
  Endpoint local, remote;
  esp::Encap encap = esp::Encap::udp;
  friend bool operator==(const OuterOrigin&, const OuterOrigin&) = default;
};

struct Tunnel {
  Tunnel(TunnelId i, Device& d, const esp::OuterPath& p) : id(i), device(d), path(p), addressing(p) {}
  TunnelId id;
  Device& device;
  esp::OuterPath path;
  Addressing addressing;
  bool asleep = false;
  std::vector<Prefix> prefixes;  ///< its keys in Device::by_prefix
  std::vector<Child*> children;  ///< newest first

  struct alignas(64) Out {
    std::deque<Bytes> parked;  ///< oldest first
    std::size_t parked_octets = 0;
    esp::PathMtu mtu;
    Instant refused;  ///< when the kernel last refused a send for its size
    esp::Count packets, octets, errors, last, parked_now, parked_sent, dropped_asleep, too_big, fragmented, path_mtu;
  } out;
  struct alignas(64) In {
    bool wake_told = false;
    std::optional<OuterOrigin> move_told;
    esp::Count packets, octets, errors, last;
  } in;
};

/// Brings what depends on the tunnel's path MTU up to date. Inside a Change, or a Batch of the out gate.
void refit(Tunnel& tunnel);

struct Tables {
  std::map<DeviceId, std::unique_ptr<Device>> devices;
  std::unordered_map<std::uint32_t, std::unique_ptr<Tunnel>> tunnels;  ///< by TunnelId
  std::unordered_map<std::uint32_t, std::unique_ptr<Child>> children;  ///< by ChildId
  esp::SpiTable<Child> by_spi;
  /// By the SPI of the other direction, which peers choose: several may choose the same.
  std::unordered_multimap<std::uint32_t, Child*> by_spi_out;
  std::size_t parked_octets = 0;  ///< of all tunnels; out lane
  Gate out_gate, in_gate;
  EventQueue events;

  [[nodiscard]] Tunnel* find(TunnelId id) const;
  [[nodiscard]] Child* find(ChildId id) const;
  /// Puts the tunnel where its newest Child SA's selectors say packets for it are looked up.
  void place(Tunnel& tunnel);
  void unplace(Tunnel& tunnel);
  /// Puts the Child SA into everything, as the newest of its tunnel.
  void add(std::unique_ptr<Child> child);
  /// Takes the Child SA out of everything and destroys it.
  void drop(Child& child);
};

/// A change by control: both lanes are between two batches.
class Change {
 public:
  explicit Change(Tables& t) : t_(t) {
    t_.out_gate.lock();
    t_.in_gate.lock();
  }
  ~Change() {
    t_.in_gate.unlock();
    t_.out_gate.unlock();
  }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

 private:
  Tables& t_;
};

}  // namespace dormouse::dataplane
