// Sends what is too large for an IPv6 path in fragments made here. Routers cut nothing over IPv6, and the kernel does
// not know where to: a router's report about plain ESP it drops unless the socket is connected or collects errors, and
// one about UDP it keeps with the route that any program would take, which may lead into the tunnel itself. Nor does it
// ask who says so; the path MTU of a tunnel comes from reports that were checked.
#pragma once
#include <vector>

#include "adapters/dataplane_tun/tables.h"
#include "esp/ipv6_fragmenter.h"
#include "esp/seal_run.h"

namespace dormouse::dataplane {

class Cutter {
 public:
  explicit Cutter(OuterSockets& sockets) : sockets_(sockets) {}
  /// The packets of the run from the first to the last that the tunnel's path MTU is too small for: `*sent` of them.
  /// errno, or 0. Where it cannot be done 0 with none sent, and the kernel may try.
  [[nodiscard]] int send(Tunnel& tunnel, esp::SealRun& run, std::size_t* sent);

 private:
  struct Piece {
    esp::Ipv6Fragment fragment;
    std::array<iovec, 2> io;
    std::size_t packet;  ///< of the run
  };
  /// What follows the IPv6 header of the run's packet `i`; valid until the next run.
  [[nodiscard]] ByteView payload(const esp::OuterPath& path, esp::SealRun& run, std::size_t i);
  /// Whether pieces_ has the pieces of all that are too large.
  [[nodiscard]] bool cut(const Tunnel& tunnel, esp::SealRun& run);
  OuterSockets& sockets_;
  std::vector<Piece> pieces_;
  std::vector<mmsghdr> messages_;
  std::vector<std::uint8_t> datagrams_;  ///< the UDP datagrams of a run
};

}  // namespace dormouse::dataplane
