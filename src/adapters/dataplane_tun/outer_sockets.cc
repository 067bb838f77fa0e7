#include "adapters/dataplane_tun/outer_sockets.h"

#include <cerrno>
#include <cstring>
#include <netinet/udp.h>

namespace dormouse::dataplane {
namespace {

constexpr int kBuffer = 8 << 20;

void tune(int fd) {
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBuffer, sizeof kBuffer);
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &kBuffer, sizeof kBuffer) != 0)
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kBuffer, sizeof kBuffer);
}

Outcome<Fd> open_one(int family, int type, int protocol, std::uint16_t port, const char* what) {
  Fd fd(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!fd.ok()) return failure(std::string(what) + ": " + std::strerror(errno));
  const int on = 1;
  tune(fd.get());
  if (family == AF_INET6) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    const int dont = IPV6_PMTUDISC_DONT;
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, &dont, sizeof dont);
  } else {
    setsockopt(fd.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    const int dont = IP_PMTUDISC_DONT;  // outer packets may be fragmented on the way; their size is kept below 1500
    setsockopt(fd.get(), IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof dont);
  }
  if (type == SOCK_DGRAM) {
    setsockopt(fd.get(), IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    sockaddr_storage any{};
    any.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET)
      reinterpret_cast<sockaddr_in*>(&any)->sin_port = htons(port);
    else
      reinterpret_cast<sockaddr_in6*>(&any)->sin6_port = htons(port);
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (bind(fd.get(), reinterpret_cast<sockaddr*>(&any), size) != 0)
      return failure(std::string(what) + ": " + std::strerror(errno));
  }
  return fd;
}

}  // namespace

Outcome<OuterSockets> open_outer_sockets(std::uint16_t port) {
  OuterSockets s;
  TRY_ASSIGN(s.udp4, open_one(AF_INET, SOCK_DGRAM, 0, port, "UDP 4500"));
  TRY_ASSIGN(s.esp4, open_one(AF_INET, SOCK_RAW, IPPROTO_ESP, 0, "ESP (protocol 50)"));
  if (auto udp6 = open_one(AF_INET6, SOCK_DGRAM, 0, port, "UDP 4500 over IPv6")) s.udp6 = std::move(*udp6);
  if (auto esp6 = open_one(AF_INET6, SOCK_RAW, IPPROTO_ESP, 0, "ESP over IPv6")) s.esp6 = std::move(*esp6);
  return s;
}

Addressing::Addressing(const esp::OuterPath& path) {
  auto* c = reinterpret_cast<cmsghdr*>(control_.data());
  const auto port = htons(path.encap == esp::Encap::udp ? path.remote.port : std::uint16_t{0});
  if (path.remote.address.is_v4()) {
    auto* to = reinterpret_cast<sockaddr_in*>(&name_);
    to->sin_family = AF_INET;
    to->sin_port = port;
    std::memcpy(&to->sin_addr, path.remote.address.bytes().data(), 4);
    name_size_ = sizeof(sockaddr_in);
    in_pktinfo info{};
    info.ipi_ifindex = path.ifindex;
    if (path.local.address.is_v4()) std::memcpy(&info.ipi_spec_dst, path.local.address.bytes().data(), 4);
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    pktinfo_size_ = CMSG_SPACE(sizeof info);
  } else {
    auto* to = reinterpret_cast<sockaddr_in6*>(&name_);
    to->sin6_family = AF_INET6;
    to->sin6_port = port;
    std::memcpy(&to->sin6_addr, path.remote.address.bytes().data(), 16);
    name_size_ = sizeof(sockaddr_in6);
    in6_pktinfo info{};
    info.ipi6_ifindex = static_cast<unsigned>(path.ifindex);
    if (!path.local.address.is_v4()) std::memcpy(&info.ipi6_addr, path.local.address.bytes().data(), 16);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    pktinfo_size_ = CMSG_SPACE(sizeof info);
  }
}

void Addressing::apply(msghdr& m, std::uint16_t segment) {
  m.msg_name = &name_;
  m.msg_namelen = name_size_;
  m.msg_control = control_.data();
  m.msg_controllen = pktinfo_size_;
  if (segment == 0) return;
  auto* c = reinterpret_cast<cmsghdr*>(control_.data() + pktinfo_size_);
  c->cmsg_level = IPPROTO_UDP;
  c->cmsg_type = UDP_SEGMENT;
  c->cmsg_len = CMSG_LEN(sizeof segment);
  std::memcpy(CMSG_DATA(c), &segment, sizeof segment);
  m.msg_controllen = pktinfo_size_ + CMSG_SPACE(sizeof segment);
}

Arrival read_arrival(const msghdr& m, std::uint16_t local_port) {
  Arrival a;
  const auto* name = static_cast<const sockaddr*>(m.msg_name);
  if (name->sa_family == AF_INET) {
    const auto* from = reinterpret_cast<const sockaddr_in*>(name);
    a.remote = {IpAddress::v4(ByteView(reinterpret_cast<const std::uint8_t*>(&from->sin_addr), 4)),
                ntohs(from->sin_port)};
  } else {
    const auto* from = reinterpret_cast<const sockaddr_in6*>(name);
    a.remote = {IpAddress::v6(ByteView(reinterpret_cast<const std::uint8_t*>(&from->sin6_addr), 16)),
                ntohs(from->sin6_port)};
  }
  a.local.port = local_port;
  for (auto* c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(const_cast<msghdr*>(&m), c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      a.local.address = IpAddress::v4(ByteView(reinterpret_cast<const std::uint8_t*>(&info.ipi_addr), 4));
      a.ifindex = info.ipi_ifindex;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      a.local.address = IpAddress::v6(ByteView(reinterpret_cast<const std::uint8_t*>(&info.ipi6_addr), 16));
      a.ifindex = static_cast<int>(info.ipi6_ifindex);
    } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      int size = 0;
      std::memcpy(&size, CMSG_DATA(c), sizeof size);
      a.segment = static_cast<std::uint32_t>(size);
    }
  }
  return a;
}

}  // namespace dormouse::dataplane
