// Links, addresses and routes as plain values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/ip.h"

namespace dormouse::netlink {

/// rtm_protocol of every route of ours: above the numbers of the known routing daemons, so that a route left behind by
/// a crash is told from everybody else's.
inline constexpr std::uint8_t kRouteProtocol = 213;

struct Link {
  unsigned index = 0;
  std::string name{};
  std::string kind{};  ///< "tun", "veth", ...; empty for hardware
  unsigned mtu = 0;
  std::uint32_t group = 0;
  bool up = false;       ///< administratively
  bool running = false;  ///< and with carrier
};

struct InterfaceAddress {
  unsigned ifindex = 0;
  IpAddress address{};
  unsigned prefix_length = 0;
  std::optional<IpAddress> peer{};  ///< of a point-to-point address
  friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

struct Route {
  Prefix dst{};
  unsigned oif = 0;  ///< interface index; 0 with a blackhole, or to let the gateway decide
  std::optional<IpAddress> gateway{};
  std::optional<IpAddress> source{};  ///< preferred source address
  std::uint32_t metric = 0;           ///< IPv6: 0 becomes the kernel's 1024
  bool blackhole = false;
  std::uint8_t protocol = kRouteProtocol;
  std::uint32_t table = 254;  ///< main
  friend bool operator==(const Route&, const Route&) = default;
};

/// Where a packet to an address would go.
struct Path {
  unsigned oif = 0;
  IpAddress source{};
  std::optional<IpAddress> gateway{};
};

/// An address of ours, by interface name: what survives a crash is the name, not the index.
struct OwnedAddress {
  std::string interface{};
  IpAddress address{};
  unsigned prefix_length = 0;
  friend bool operator==(const OwnedAddress&, const OwnedAddress&) = default;
};

// --- what the monitor tells
struct LinkChanged {
  Link link;
  bool gone = false;
};
struct AddressChanged {
  InterfaceAddress address;
  bool gone = false;
};
struct RouteChanged {
  Route route;
  bool gone = false;
};
/// The kernel's queue ran over: what changed is unknown, look at everything anew.
struct EventsLost {};
using Event = std::variant<LinkChanged, AddressChanged, RouteChanged, EventsLost>;

}  // namespace dormouse::netlink
