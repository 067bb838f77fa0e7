#include "adapters/dataplane_xfrm/outer.h"

#include <cerrno>
#include <linux/udp.h>

#include "adapters/dataplane_tun/reports.h"

namespace dormouse::xfrm {
namespace {

constexpr int kReads = 256;  // then the rest of the control thread has its turn

bool set(int fd, int option, int value) { return setsockopt(fd, IPPROTO_UDP, option, &value, sizeof value) == 0; }

}  // namespace

Outcome<Outer> Outer::open(std::uint16_t port) {
  TRY_ASSIGN(auto sockets, dataplane::open_outer_sockets(port, dataplane::Carries::udp));
  Outer o(std::move(sockets), port);
  const auto [four, six] = o.fds();
  for (const int fd : {four, six}) {
    if (fd < 0) continue;
    (void)set(fd, UDP_GRO, 0);  // nothing but IKE comes up to us
    if (!set(fd, UDP_ENCAP, UDP_ENCAP_ESPINUDP))
      return failure(std::string(fd == four ? "ESP in UDP: " : "ESP in UDP over IPv6: ") + std::strerror(errno));
  }
  return o;
}

void Outer::send(const esp::OuterPath& path, Bytes data) {
  dataplane::Addressing address(path);
  iovec io{data.data(), data.size()};
  msghdr m{};
  m.msg_iov = &io;
  m.msg_iovlen = 1;
  address.apply(m, {});
  if (sendmsg(sockets_.sender(path), &m, MSG_DONTWAIT) < 0) return;
}

bool Outer::receive_one(int fd, const std::function<void(esp::IkeDatagram)>& each) {
  alignas(cmsghdr) std::array<char, 256> control;
  sockaddr_storage name{};
  iovec io{buffer_.data(), buffer_.size()};
  msghdr m{};
  m.msg_name = &name;
  m.msg_namelen = sizeof name;
  m.msg_iov = &io;
  m.msg_iovlen = 1;
  m.msg_control = control.data();
  m.msg_controllen = control.size();
  const auto n = recvmsg(fd, &m, MSG_DONTWAIT);
  if (n < 0) return false;
  const auto data = ByteView(buffer_).first(static_cast<std::size_t>(n));
  // RFC 3948 2.2: four zero octets in the place of the SPI mean IKE.
  if ((m.msg_flags & MSG_TRUNC) != 0 || data.size() <= 4 || load32(data.data()) != 0) return true;
  const auto from = dataplane::read_arrival(m, port_);
  each({from.local, from.remote, from.ifindex, to_bytes(data.subspan(4))});
  return true;
}

void Outer::receive(const std::function<void(esp::IkeDatagram)>& each) {
  for (const int fd : fds())
    for (int i = 0; fd >= 0 && i < kReads; ++i)
      if (!receive_one(fd, each)) break;
}

void Outer::receive_reports(const std::function<void(const esp::TooBigReport&)>& each) {
  for (const auto f : {Family::v4, Family::v6})
    if (sockets_.errors(f) >= 0) dataplane::receive_reports(sockets_, f, each);
}

}  // namespace dormouse::xfrm
