// The one interface between the tunnel layer and whatever moves packets: userspace ESP over TUN
// (adapters/dataplane_tun) or the kernel's XFRM (adapters/dataplane_xfrm). Called from the control thread only. What
// happens in the path comes back through poll().
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/transform.h"
#include "esp/header_rules.h"

namespace dormouse::esp {

enum class Encap : std::uint8_t { none, udp };  ///< plain ESP (protocol 50), or RFC 3948 on port 4500

/// The outer path of a tunnel. `ifindex` binds the outer packets to the phase 1's interface, so that no route through a
/// tunnel can capture them; 0 = not bound.
struct OuterPath {
  Endpoint local;  ///< port meaningful with Encap::udp
  Endpoint remote;
  Encap encap = Encap::udp;
  int ifindex = 0;
  friend bool operator==(const OuterPath&, const OuterPath&) = default;
};

struct DeviceSpec {
  DeviceId id;
  std::string name;  ///< at most 15 characters
  unsigned mtu = 1400;
};

/// Both directions of one Child SA. Keys are handed over by value and wiped with the object.
struct ChildSpec {
  ChildId id;
  TunnelId tunnel{};
  DeviceId device{};
  Suite suite{};
  EspSpi spi_in{}, spi_out{};
  SecretBytes encr_in{}, integ_in{}, encr_out{}, integ_out{};
  TrafficSelectors local_ts{}, remote_ts{};
  std::uint32_t replay_window = 2048;  ///< packets; 0 = no replay protection
  /// Transport mode (RFC 4301 4.1): both selectors are of one host each, the two ends of the tunnel's outer path. For
  /// back ends that carry it.
  bool transport = false;
  bool outbound_ready = true;    ///< false: receive only until activate_outbound (RFC 7296 2.8 responder's half)
  std::uint64_t soft_bytes = 0;  ///< 0 = no limit; reached: Event lifetime_bytes{hard=false}
  std::uint64_t hard_bytes = 0;
  HeaderRules headers{};
};

struct ChildCounters {
  std::uint64_t packets_in = 0, bytes_in = 0, packets_out = 0, bytes_out = 0;
  std::uint64_t replayed = 0, auth_failed = 0, ts_mismatch = 0, send_errors = 0;
  std::uint64_t dummies = 0;  ///< came for their own sake, and were dropped (RFC 4303 2.6)
  std::uint64_t seq_out = 0, seq_in_highest = 0;
};
/// Per tunnel, over all its Child SAs, also those gone.
struct TunnelCounters {
  std::uint64_t packets_in = 0, bytes_in = 0, packets_out = 0, bytes_out = 0, errors_in = 0, errors_out = 0;
  std::uint64_t parked = 0;          ///< packets now waiting for a sleeper
  std::uint64_t parked_sent = 0;     ///< delivered at wake
  std::uint64_t dropped_asleep = 0;  ///< thrown away while asleep (older than the parked ones)
  std::uint64_t too_big = 0;         ///< packets dropped, their senders told what would fit
  std::uint64_t fragmented = 0;      ///< packets cut before they were encapsulated
  std::uint32_t path_mtu = 0;        ///< what the outer path is believed to carry; 0 = not known
  Instant last_in{}, last_out{};     ///< last authenticated packet in; last packet sent (0 = never)
};

// What the path reports, in order.
struct AuthenticatedFrom {
  TunnelId tunnel;
  ChildId child;
  Endpoint local, remote;
  Encap encap;
};  ///< a verified packet from a new outer address
struct TrafficWhileAsleep {
  TunnelId tunnel;
};  ///< a verified inbound packet for an asleep tunnel (once per sleep)
struct OutboundWanted {
  DeviceId device;
  IpAddress source, destination;
};  ///< a packet for a device with no usable Child SA (rate-limited)
struct UsedChild {
  ChildId child;
};  ///< first verified inbound packet of a Child SA (once)
struct LifetimeReached {
  ChildId child;
  bool hard;
};
struct IkeDatagram {
  Endpoint local, remote;
  int ifindex;
  std::vector<std::uint8_t> data;
};  ///< non-ESP-marker message from UDP 4500, marker removed
struct UnknownSpi {
  Endpoint remote;
  EspSpi spi;
};  ///< rate-limited
struct PathMtuChanged {
  TunnelId tunnel;
  std::uint32_t mtu;
};  ///< another MTU is believed of the outer path
using PathEvent = std::variant<AuthenticatedFrom, TrafficWhileAsleep, OutboundWanted, UsedChild, LifetimeReached,
                               IkeDatagram, UnknownSpi, PathMtuChanged>;

class DataPlane {
 public:
  virtual ~DataPlane() = default;
  /// Who carries the packets, as the configuration calls it: "userspace", "kernel".
  [[nodiscard]] virtual std::string_view name() const { return "userspace"; }
  /// Whether Child SAs may be in transport mode.
  [[nodiscard]] virtual bool carries_transport() const { return false; }
  /// Makes the interface, up, with its MTU; returns its ifindex.
  [[nodiscard]] virtual Outcome<int> add_device(const DeviceSpec& spec) = 0;
  virtual void remove_device(DeviceId id) = 0;
  /// Another MTU for a device. A back end whose devices have none may leave it.
  virtual void set_mtu(DeviceId id, unsigned mtu) { static_cast<void>(id), static_cast<void>(mtu); }
  /// A tunnel must exist before its children. Several tunnels may share a device (net-device disable).
  virtual void add_tunnel(TunnelId id, DeviceId device, const OuterPath& path) = 0;
  virtual void remove_tunnel(TunnelId id) = 0;  ///< with all its children and parked packets
  virtual void set_path(TunnelId id, const OuterPath& path) = 0;
  [[nodiscard]] virtual Outcome<void> add_child(ChildSpec spec) = 0;
  virtual void activate_outbound(ChildId id) = 0;
  virtual void remove_child(ChildId id) = 0;
  /// Other rules for the headers of its packets from now on.
  virtual void set_headers(ChildId id, const HeaderRules& rules) { static_cast<void>(id), static_cast<void>(rules); }
  /// Asleep: outbound packets are parked (the newest few, limits.h), the rest dropped and counted. Awake: they are
  /// sent.
  virtual void set_asleep(TunnelId id, bool asleep) = 0;
  /// The peer said that it sleeps now and that `seq` was its last packet on this Child SA: what comes late with that
  /// number or a lower one is delivered, but is no TrafficWhileAsleep. A back end that cannot tell may leave it.
  virtual void set_wake_mark(ChildId id, std::uint64_t seq) { static_cast<void>(id), static_cast<void>(seq); }
  [[nodiscard]] virtual TunnelCounters counters(TunnelId id) = 0;
  [[nodiscard]] virtual ChildCounters child_counters(ChildId id) = 0;
  /// Sends an IKE message from UDP 4500 with the non-ESP marker in front.
  virtual void send_ike(const OuterPath& path, std::span<const std::uint8_t> message) = 0;
  /// Sends the one-octet NAT keepalive (RFC 3948 2.3).
  virtual void send_keepalive(const OuterPath& path) = 0;
  /// Becomes readable when poll() has something.
  [[nodiscard]] virtual int event_fd() const = 0;
  [[nodiscard]] virtual std::vector<PathEvent> poll() = 0;
};

}  // namespace dormouse::esp
