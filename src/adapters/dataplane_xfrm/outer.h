// The UDP sockets of port 4500: the kernel takes the ESP out of them, IKE is left for us.
#pragma once
#include <array>
#include <functional>

#include "adapters/dataplane_tun/outer_sockets.h"
#include "esp/too_big.h"

namespace dormouse::xfrm {

class Outer {
 public:
  /// Failure: a socket cannot be opened, or the kernel does not take ESP out of it.
  [[nodiscard]] static Outcome<Outer> open(std::uint16_t port);
  [[nodiscard]] std::array<int, 2> fds() const {
    return {sockets_.fd(dataplane::Outer::udp4), sockets_.fd(dataplane::Outer::udp6)};
  }
  /// Where routers' reports come in, of either family; -1 where that could not be had.
  [[nodiscard]] std::array<int, 2> report_fds() const {
    return {sockets_.errors(Family::v4), sockets_.errors(Family::v6)};
  }
  /// What routers say of packets of ours, or what somebody else says.
  void receive_reports(const std::function<void(const esp::TooBigReport&)>& each);
  /// MTU of the interface that packets of `path` leave by.
  [[nodiscard]] std::uint32_t first_hop(const esp::OuterPath& path) const { return sockets_.first_hop(path); }
  /// Sends a datagram along `path`; lost like any datagram if it cannot be sent.
  void send(const esp::OuterPath& path, Bytes data);
  /// IKE messages that came, their marker removed, up to a bound.
  void receive(const std::function<void(esp::IkeDatagram)>& each);

 private:
  Outer(dataplane::OuterSockets sockets, std::uint16_t port)
      : sockets_(std::move(sockets)), port_(port), buffer_(64 * 1024) {}
  [[nodiscard]] bool receive_one(int fd, const std::function<void(esp::IkeDatagram)>& each);
  dataplane::OuterSockets sockets_;
  std::uint16_t port_;
  Bytes buffer_;
};

}  // namespace dormouse::xfrm
