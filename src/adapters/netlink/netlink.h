// Interfaces, addresses and routes of this network namespace, by libmnl. Every call is one request that waits for the
// kernel's answer, two seconds at most. Failures name the object: "add route 10.0.0.0/8 dev toServer: File exists".
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "adapters/netlink/values.h"
#include "base/result.h"

namespace dormouse::netlink {

/// What to do when the same destination and metric is routed already.
enum class IfExists : std::uint8_t {
  fail,     ///< "File exists"
  replace,  ///< the new one takes its place
  append,   ///< both stay; the older one is used first (IPv4), or both (IPv6)
};

class Netlink {
 public:
  [[nodiscard]] static Outcome<Netlink> open();
  Netlink(Netlink&&) noexcept;
  Netlink& operator=(Netlink&&) noexcept;
  ~Netlink();

  // --- links
  [[nodiscard]] Outcome<std::vector<Link>> links();
  /// Failure when there is none of that name or index.
  [[nodiscard]] Outcome<Link> link(const std::string& name);
  [[nodiscard]] Outcome<Link> link(unsigned index);
  [[nodiscard]] bool exists(const std::string& name);
  [[nodiscard]] Outcome<void> set_up(const std::string& name, bool up);
  [[nodiscard]] Outcome<void> set_mtu(const std::string& name, unsigned mtu);
  [[nodiscard]] Outcome<void> set_group(const std::string& name, std::uint32_t group);
  [[nodiscard]] Outcome<void> delete_link(const std::string& name);

  // --- addresses
  [[nodiscard]] Outcome<std::vector<InterfaceAddress>> addresses();
  /// Addresses of one interface; `ifindex` as in Link.
  [[nodiscard]] Outcome<std::vector<InterfaceAddress>> addresses(unsigned ifindex);
  /// IPv6 addresses are usable at once: duplicate address detection is left out.
  [[nodiscard]] Outcome<void> add_address(const InterfaceAddress& address);
  /// With the last IPv4 address of an interface the kernel removes all IPv4 routes out of it.
  [[nodiscard]] Outcome<void> delete_address(const InterfaceAddress& address);

  // --- routes
  /// Of the main table and every other one but `local`.
  [[nodiscard]] Outcome<std::vector<Route>> routes();
  [[nodiscard]] Outcome<void> add_route(const Route& route, IfExists exists = IfExists::fail);
  /// Deletes exactly this one: destination, interface, gateway, metric, protocol and table must agree. Metric 0 takes
  /// the lowest metric of those that agree otherwise.
  [[nodiscard]] Outcome<void> delete_route(const Route& route);
  /// The kernel's own choice. `source` unspecified: any.
  [[nodiscard]] Outcome<Path> path_to(const IpAddress& to, const IpAddress& source = {});

  /// Removes what a crash left behind: every route of kRouteProtocol, and those of `addresses` whose interface still
  /// exists and holds them. Returns how many objects went. Goes on past single failures and reports the first.
  [[nodiscard]] Outcome<std::size_t> cleanup_stale(std::span<const OwnedAddress> addresses);

 private:
  struct Impl;
  explicit Netlink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse::netlink
