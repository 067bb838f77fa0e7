// The outer sockets: UDP 4500 and plain ESP (protocol 50), one of each per family, shared by all tunnels. Every send
// names the outgoing interface and source address of its tunnel (IP_PKTINFO): the kernel then looks only at routes out
// of that interface, so no route through a tunnel, also not 0.0.0.0/0, can swallow the tunnel's own packets. For IPv6
// that takes a socket bound to the interface.
#pragma once
#include <array>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>

#include "adapters/dataplane_tun/fd.h"
#include "adapters/device_socket/device_sockets.h"
#include "base/result.h"
#include "esp/data_plane.h"

namespace dormouse::dataplane {

/// Which of those that receive.
enum class Outer : std::uint8_t { udp4, udp6, esp4, esp6 };
inline constexpr std::array kOuters{Outer::udp4, Outer::udp6, Outer::esp4, Outer::esp6};
[[nodiscard]] constexpr Outer outer_of(esp::Encap encap, Family f) {
  if (encap == esp::Encap::udp) return f == Family::v4 ? Outer::udp4 : Outer::udp6;
  return f == Family::v4 ? Outer::esp4 : Outer::esp6;
}

class OuterSockets {
 public:
  /// Where packets come in. -1 where the kernel lacks the family.
  [[nodiscard]] int fd(Outer which) const { return fds_[static_cast<std::size_t>(which)].get(); }
  /// Where packets of `path` go out that must not be fragmented on their way: over IPv4 those have a socket of their
  /// own, over IPv6 no router fragments.
  [[nodiscard]] int whole_sender(const esp::OuterPath& path) const {
    const bool v4 = path.remote.address.is_v4() && !path.local.address.is_unspecified();
    const int held = v4 ? (path.encap == esp::Encap::udp ? whole_udp4_ : whole_esp4_).get() : -1;
    return held >= 0 ? held : sender(path);
  }
  /// Where packets of `path` go out that may be fragmented.
  [[nodiscard]] int sender(const esp::OuterPath& path) const {
    const Outer which = outer_of(path.encap, path.remote.address.family());
    auto* bound = which == Outer::udp6 ? udp6_.get() : which == Outer::esp6 ? esp6_.get() : nullptr;
    const int held = bound != nullptr && path.ifindex > 0 ? bound->fd(static_cast<unsigned>(path.ifindex)) : -1;
    return held >= 0 ? held : fd(which);
  }
  /// Where fragments of IPv6 packets of `path` go out. -1 where it could not be had.
  [[nodiscard]] int fragment_sender(const esp::OuterPath& path) const {
    return fragments_ != nullptr ? fragments_->fd(static_cast<unsigned>(path.ifindex)) : -1;
  }
  /// The source port of what goes out in UDP.
  [[nodiscard]] std::uint16_t udp_port() const { return udp_port_; }
  void set(Outer which, Fd fd) { fds_[static_cast<std::size_t>(which)] = std::move(fd); }

  /// MTU of the interface that packets of `path` leave by; the usual one if it is not bound to any.
  [[nodiscard]] std::uint32_t first_hop(const esp::OuterPath& path) const;
  /// Where routers' errors about packets of ours come in. -1 where it could not be had.
  [[nodiscard]] int errors(Family f) const { return (f == Family::v4 ? icmp4_ : icmp6_).get(); }
  void set_errors(Family f, Fd fd) { (f == Family::v4 ? icmp4_ : icmp6_) = std::move(fd); }
  void set_whole(esp::Encap encap, Fd fd) { (encap == esp::Encap::udp ? whole_udp4_ : whole_esp4_) = std::move(fd); }

  void make_senders(std::uint16_t port) {
    udp6_ = std::make_unique<device_socket::DeviceSockets>(device_socket::Kind::udp, port);
    esp6_ = std::make_unique<device_socket::DeviceSockets>(device_socket::Kind::esp, std::uint16_t{0});
    fragments_ = std::make_unique<device_socket::DeviceSockets>(device_socket::Kind::fragments, std::uint16_t{0});
    udp_port_ = port;
  }

 private:
  std::array<Fd, kOuters.size()> fds_;
  Fd whole_udp4_, whole_esp4_, icmp4_, icmp6_;
  std::unique_ptr<device_socket::DeviceSockets> udp6_, esp6_, fragments_;
  std::uint16_t udp_port_ = 0;
};
enum class Carries : std::uint8_t { all, udp };
/// IPv6 sockets are left out where the kernel has no IPv6. `port` is 4500 but for tests. Carries::udp leaves plain ESP
/// to the kernel.
[[nodiscard]] Outcome<OuterSockets> open_outer_sockets(std::uint16_t port, Carries what = Carries::all);

/// What the kernel believes that a path carries, by its route or by what anybody told it lately; 0 = it does not say.
[[nodiscard]] std::uint32_t mtu_known_to_kernel(const esp::OuterPath& path);

/// Destination, source and interface of the sends of one path, ready for sendmsg.
class Addressing {
 public:
  explicit Addressing(const esp::OuterPath& path);
  /// What one send adds to it.
  struct Extra {
    std::uint16_t segment = 0;       ///< > 0: UDP_SEGMENT
    std::uint8_t traffic_class = 0;  ///< of the outer header
  };
  /// Points `m` at the name and control octets held here, until the next call.
  void apply(msghdr& m, Extra extra);
  [[nodiscard]] const sockaddr* name() const { return reinterpret_cast<const sockaddr*>(&name_); }
  [[nodiscard]] socklen_t name_size() const { return name_size_; }

 private:
  template <class T>
  void put(int level, int type, const T& value);
  sockaddr_storage name_{};
  socklen_t name_size_ = 0;
  alignas(
      cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int)) + CMSG_SPACE(2)> control_{};
  std::size_t fixed_size_ = 0;  ///< of control_: what is the same for all sends
  std::size_t control_size_ = 0;
};

/// What a received datagram says of its way here.
struct Arrival {
  Endpoint local, remote;
  int ifindex = 0;
  std::uint32_t segment = 0;       ///< UDP_GRO: size of the parts; 0 = one datagram
  std::uint8_t traffic_class = 0;  ///< of the outer header
};
/// `local_port` is the port of the socket; the control octets do not say it.
[[nodiscard]] Arrival read_arrival(const msghdr& m, std::uint16_t local_port);

}  // namespace dormouse::dataplane
