// The outer sockets: UDP 4500 and plain ESP (protocol 50), one of each per family, shared by all tunnels. Every send
// names the outgoing interface and source address of its tunnel (IP_PKTINFO): the kernel then looks only at routes out
// of that interface, so no route through a tunnel, also not 0.0.0.0/0, can swallow the tunnel's own packets.
#pragma once
#include <array>
#include <netinet/in.h>
#include <sys/socket.h>

#include "adapters/dataplane_tun/fd.h"
#include "base/result.h"
#include "esp/data_plane.h"

namespace dormouse::dataplane {

struct OuterSockets {
  Fd udp4, udp6, esp4, esp6;
  bool segment_offload = true;  ///< UDP_SEGMENT; switched off when a send says EIO
  [[nodiscard]] int udp(Family f) const { return f == Family::v4 ? udp4.get() : udp6.get(); }
  [[nodiscard]] int esp(Family f) const { return f == Family::v4 ? esp4.get() : esp6.get(); }
};
/// IPv6 sockets are left out where the kernel has no IPv6. `port` is 4500 but for tests.
[[nodiscard]] Outcome<OuterSockets> open_outer_sockets(std::uint16_t port);

/// Destination, source and interface of one send, ready for sendmsg.
class Addressing {
 public:
  explicit Addressing(const esp::OuterPath& path);
  /// Points `m` at the name and control octets held here; `segment` > 0 adds UDP_SEGMENT.
  void apply(msghdr& m, std::uint16_t segment);

 private:
  sockaddr_storage name_{};
  socklen_t name_size_ = 0;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(2)> control_{};
  std::size_t pktinfo_size_ = 0;
};

/// What a received datagram says of its way here.
struct Arrival {
  Endpoint local, remote;
  int ifindex = 0;
  std::uint32_t segment = 0;  ///< UDP_GRO: size of the parts; 0 = one datagram
};
[[nodiscard]] Arrival read_arrival(const msghdr& m, std::uint16_t local_port);

}  // namespace dormouse::dataplane
