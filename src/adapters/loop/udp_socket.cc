#include "adapters/loop/udp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace dormouse::loop {
namespace {

constexpr std::size_t kBatch = 32, kDatagram = 65536;

socklen_t to_sockaddr(const Endpoint& e, sockaddr_storage& out) {
  out = {};
  if (e.address.is_v4()) {
    auto* a = reinterpret_cast<sockaddr_in*>(&out);
    a->sin_family = AF_INET;
    a->sin_port = htons(e.port);
    std::memcpy(&a->sin_addr, e.address.bytes().data(), 4);
    return sizeof *a;
  }
  auto* a = reinterpret_cast<sockaddr_in6*>(&out);
  a->sin6_family = AF_INET6;
  a->sin6_port = htons(e.port);
  std::memcpy(&a->sin6_addr, e.address.bytes().data(), 16);
  return sizeof *a;
}

Endpoint from_sockaddr(const sockaddr_storage& in) {
  if (in.ss_family == AF_INET) {
    const auto* a = reinterpret_cast<const sockaddr_in*>(&in);
    return {IpAddress::v4(ByteView(reinterpret_cast<const std::uint8_t*>(&a->sin_addr), 4)), ntohs(a->sin_port)};
  }
  const auto* a = reinterpret_cast<const sockaddr_in6*>(&in);
  return {IpAddress::v6(ByteView(reinterpret_cast<const std::uint8_t*>(&a->sin6_addr), 16)), ntohs(a->sin6_port)};
}

void read_pktinfo(msghdr& m, Endpoint& local, int& ifindex) {
  for (auto* c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      local.address = IpAddress::v4(ByteView(reinterpret_cast<const std::uint8_t*>(&info.ipi_addr), 4));
      ifindex = info.ipi_ifindex;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      local.address = IpAddress::v6(ByteView(reinterpret_cast<const std::uint8_t*>(&info.ipi6_addr), 16));
      ifindex = static_cast<int>(info.ipi6_ifindex);
    }
  }
}

}  // namespace

Outcome<UdpSocket> UdpSocket::open(Family family, std::uint16_t port) {
  const bool v4 = family == Family::v4;
  const std::string name = "UDP " + std::to_string(port) + (v4 ? "" : " over IPv6");
  UdpSocket s(socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), port);
  if (s.fd_ < 0) return failure(name + ": " + std::strerror(errno));
  const int on = 1, size = 8 << 20;
  if (setsockopt(s.fd_, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) setsockopt(s.fd_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (v4) {
    setsockopt(s.fd_, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  } else {
    setsockopt(s.fd_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    setsockopt(s.fd_, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  }
  sockaddr_storage any{};
  const auto length = to_sockaddr({IpAddress::any(family), port}, any);
  if (bind(s.fd_, reinterpret_cast<sockaddr*>(&any), length) != 0)
    return failure(name + ": " + std::strerror(errno) + (errno == EADDRINUSE ? "; is another IKE daemon running here?" : ""));
  return s;
}

UdpSocket::UdpSocket(UdpSocket&& o) noexcept : fd_(std::exchange(o.fd_, -1)), port_(o.port_) {}
UdpSocket& UdpSocket::operator=(UdpSocket&& o) noexcept {
  std::swap(fd_, o.fd_);
  std::swap(port_, o.port_);
  return *this;
}
UdpSocket::~UdpSocket() {
  if (fd_ >= 0) close(fd_);
}

void UdpSocket::receive(const std::function<void(const Endpoint&, const Endpoint&, int, ByteView)>& take) {
  static thread_local std::array<std::array<std::uint8_t, kDatagram>, kBatch> buffers;
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> io{};
  std::array<sockaddr_storage, kBatch> names{};
  alignas(cmsghdr) std::array<std::array<char, 128>, kBatch> controls;
  for (std::size_t i = 0; i < kBatch; ++i) {
    io[i] = {buffers[i].data(), kDatagram};
    auto& m = messages[i].msg_hdr;
    m.msg_iov = &io[i];
    m.msg_iovlen = 1;
    m.msg_name = &names[i];
    m.msg_namelen = sizeof names[i];
    m.msg_control = controls[i].data();
    m.msg_controllen = controls[i].size();
  }
  const int n = recvmmsg(fd_, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    Endpoint local{{}, port_};
    int ifindex = 0;
    read_pktinfo(messages[k].msg_hdr, local, ifindex);
    take(local, from_sockaddr(names[k]), ifindex, ByteView(buffers[k]).first(messages[k].msg_len));
  }
}

void UdpSocket::send(const Endpoint& local, const Endpoint& remote, int ifindex, ByteView data) {
  sockaddr_storage to;
  msghdr m{};
  m.msg_namelen = to_sockaddr(remote, to);
  m.msg_name = &to;
  iovec io{const_cast<std::uint8_t*>(data.data()), data.size()};
  m.msg_iov = &io;
  m.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
  m.msg_control = control.data();
  auto* c = reinterpret_cast<cmsghdr*>(control.data());
  if (remote.address.is_v4()) {
    in_pktinfo info{};
    info.ipi_ifindex = ifindex;
    std::memcpy(&info.ipi_spec_dst, local.address.bytes().data(), 4);
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    m.msg_controllen = CMSG_SPACE(sizeof info);
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = static_cast<unsigned>(ifindex);
    std::memcpy(&info.ipi6_addr, local.address.bytes().data(), 16);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    m.msg_controllen = CMSG_SPACE(sizeof info);
  }
  if (sendmsg(fd_, &m, MSG_DONTWAIT) < 0) return;  // lost like any datagram; IKE repeats
}

}  // namespace dormouse::loop
