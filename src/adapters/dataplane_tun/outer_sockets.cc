#include "adapters/dataplane_tun/outer_sockets.h"

#include <cerrno>
#include <cstring>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>

#include "esp/fit.h"

namespace dormouse::dataplane {
namespace {

constexpr int kBuffer = 8 << 20;  // what arrives in 5 ms at 10 Gbit/s, as the kernel counts it

void set(int fd, int level, int option, int value) {
  // Each of these only makes things better; an old kernel that lacks one still carries packets.
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

void enlarge(int fd) {
  for (const auto& [forced, asked] : {std::pair{SO_RCVBUFFORCE, SO_RCVBUF}, std::pair{SO_SNDBUFFORCE, SO_SNDBUF}})
    if (setsockopt(fd, SOL_SOCKET, forced, &kBuffer, sizeof kBuffer) != 0) set(fd, SOL_SOCKET, asked, kBuffer);
}

std::unexpected<Failure> failed(const char* what) { return failure(std::string(what) + ": " + std::strerror(errno)); }

Outcome<Fd> open_socket(Family family, int type, int protocol, const char* what) {
  const bool v4 = family == Family::v4;
  Fd fd(socket(v4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!fd.ok()) return failed(what);
  enlarge(fd.get());
  // Outer packets may be fragmented here and on the way. Over IPv4 only by the interface's MTU: what the kernel
  // believes of the path anybody may have told it.
  if (v4) {
    set(fd.get(), IPPROTO_IP, IP_PKTINFO, 1);
    set(fd.get(), IPPROTO_IP, IP_RECVTOS, 1);
    set(fd.get(), IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  } else {
    set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set(fd.get(), IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    set(fd.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
  }
  return fd;
}

Outcome<Fd> open_udp(Family family, std::uint16_t port, const char* what) {
  TRY_ASSIGN(Fd fd, open_socket(family, SOCK_DGRAM, 0, what));
  set(fd.get(), IPPROTO_UDP, UDP_GRO, 1);
  sockaddr_in any4{};
  any4.sin_family = AF_INET;
  any4.sin_port = htons(port);
  sockaddr_in6 any6{};
  any6.sin6_family = AF_INET6;
  any6.sin6_port = htons(port);
  const int bound = family == Family::v4 ? bind(fd.get(), reinterpret_cast<const sockaddr*>(&any4), sizeof any4)
                                         : bind(fd.get(), reinterpret_cast<const sockaddr*>(&any6), sizeof any6);
  if (bound != 0) return failed(what);
  // Only now: senders of ours may have the port too, another program may not.
  set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  return fd;
}

bool filter(int fd, std::span<sock_filter> program) {
  const sock_fprog p{static_cast<unsigned short>(program.size()), program.data()};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof p) == 0;
}

/// Sends IPv4 packets with the don't-fragment bit, of any size the interface takes, and receives nothing.
Fd open_whole_sender(esp::Encap encap, std::uint16_t port) {
  const bool udp = encap == esp::Encap::udp;
  Fd fd(socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_RAW) | SOCK_NONBLOCK | SOCK_CLOEXEC, udp ? 0 : IPPROTO_ESP));
  if (!fd.ok()) return {};
  enlarge(fd.get());
  set(fd.get(), IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  if (!filter(fd.get(), nothing)) return {};
  if (!udp) return fd;
  // An address of the loopback network that nobody uses; every send names its own source.
  sockaddr_in aside{};
  aside.sin_family = AF_INET;
  aside.sin_port = htons(port);
  aside.sin_addr.s_addr = htonl(0x7fdead01);
  set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  set(fd.get(), IPPROTO_IP, IP_FREEBIND, 1);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&aside), sizeof aside) != 0) return {};
  return fd;
}

/// Hears "fragmentation needed" alone.
Fd open_errors4() {
  Fd fd(socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP));
  if (!fd.ok()) return {};
  constexpr int kTypesFilter = 1;  // ICMP_FILTER: the kernel's header for it does not go with <net/if.h>
  const std::uint32_t unwanted = ~(1U << ICMP_DEST_UNREACH);
  (void)setsockopt(fd.get(), SOL_RAW, kTypesFilter, &unwanted, sizeof unwanted);
  sock_filter needed[] = {BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), BPF_STMT(BPF_LD | BPF_B | BPF_IND, 1),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_FRAG_NEEDED, 0, 1), BPF_STMT(BPF_RET | BPF_K, 65535),
                          BPF_STMT(BPF_RET | BPF_K, 0)};
  (void)filter(fd.get(), needed);
  return fd;
}

/// Hears "packet too big" alone.
Fd open_errors6() {
  Fd fd(socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6));
  if (!fd.ok()) return {};
  icmp6_filter types;
  ICMP6_FILTER_SETBLOCKALL(&types);
  ICMP6_FILTER_SETPASS(ICMP6_PACKET_TOO_BIG, &types);
  if (setsockopt(fd.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &types, sizeof types) != 0) return {};
  return fd;
}

IpAddress address_of(const in_addr& a) { return IpAddress::v4(ByteView(reinterpret_cast<const std::uint8_t*>(&a), 4)); }
IpAddress address_of(const in6_addr& a) {
  return IpAddress::v6(ByteView(reinterpret_cast<const std::uint8_t*>(&a), 16));
}

template <class T>
T value_of(const cmsghdr* c) {
  T value{};
  std::memcpy(&value, CMSG_DATA(c), sizeof value);
  return value;
}

void read_control(const cmsghdr* c, Arrival& a) {
  if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
    const auto info = value_of<in_pktinfo>(c);
    a.local.address = address_of(info.ipi_addr);
    a.ifindex = info.ipi_ifindex;
  } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
    const auto info = value_of<in6_pktinfo>(c);
    a.local.address = address_of(info.ipi6_addr);
    a.ifindex = static_cast<int>(info.ipi6_ifindex);
  } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
    a.traffic_class = value_of<std::uint8_t>(c);
  } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
    a.traffic_class = static_cast<std::uint8_t>(value_of<int>(c));
  } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
    a.segment = static_cast<std::uint32_t>(value_of<int>(c));
  }
}

}  // namespace

Outcome<OuterSockets> open_outer_sockets(std::uint16_t port, Carries what) {
  OuterSockets s;
  TRY_ASSIGN(Fd udp4, open_udp(Family::v4, port, "UDP socket"));
  s.set(Outer::udp4, std::move(udp4));
  if (auto udp6 = open_udp(Family::v6, port, "UDP socket over IPv6")) s.set(Outer::udp6, std::move(*udp6));
  s.make_senders(port);
  s.set_errors(Family::v4, open_errors4());
  s.set_errors(Family::v6, open_errors6());
  if (what == Carries::udp) return s;
  TRY_ASSIGN(Fd esp4, open_socket(Family::v4, SOCK_RAW, IPPROTO_ESP, "ESP socket (protocol 50)"));
  s.set(Outer::esp4, std::move(esp4));
  if (auto esp6 = open_socket(Family::v6, SOCK_RAW, IPPROTO_ESP, "ESP socket over IPv6"))
    s.set(Outer::esp6, std::move(*esp6));
  for (const auto encap : {esp::Encap::udp, esp::Encap::none}) s.set_whole(encap, open_whole_sender(encap, port));
  return s;
}

std::uint32_t OuterSockets::first_hop(const esp::OuterPath& path) const {
  ifreq request{};
  request.ifr_ifindex = path.ifindex;
  const int any = fd(Outer::udp4);  // the call is about the interface, not about the socket
  const bool found =
      path.ifindex > 0 && ioctl(any, SIOCGIFNAME, &request) == 0 && ioctl(any, SIOCGIFMTU, &request) == 0;
  return found && request.ifr_mtu > 0 ? static_cast<std::uint32_t>(request.ifr_mtu) : esp::kUsualMtu;
}

std::uint32_t mtu_known_to_kernel(const esp::OuterPath& path) {
  const bool v4 = path.remote.address.is_v4();
  const Fd fd(socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.ok()) return 0;
  set(fd.get(), SOL_SOCKET, SO_BINDTOIFINDEX, path.ifindex);
  esp::OuterPath route;
  route.remote = {path.remote.address, 4500};
  const Addressing to(route);
  int known = 0;
  socklen_t length = sizeof known;
  const bool found =
      connect(fd.get(), to.name(), to.name_size()) == 0 &&
      getsockopt(fd.get(), v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6}, v4 ? IP_MTU : IPV6_MTU, &known, &length) == 0;
  return found && known > 0 ? static_cast<std::uint32_t>(known) : 0;
}

template <class T>
void Addressing::put(int level, int type, const T& value) {
  auto* c = reinterpret_cast<cmsghdr*>(control_.data() + control_size_);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(c), &value, sizeof value);
  control_size_ += CMSG_SPACE(sizeof value);
}

Addressing::Addressing(const esp::OuterPath& path) {
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
    put(IPPROTO_IP, IP_PKTINFO, info);
  } else {
    auto* to = reinterpret_cast<sockaddr_in6*>(&name_);
    to->sin6_family = AF_INET6;
    to->sin6_port = port;
    std::memcpy(&to->sin6_addr, path.remote.address.bytes().data(), 16);
    name_size_ = sizeof(sockaddr_in6);
    in6_pktinfo info{};
    info.ipi6_ifindex = static_cast<unsigned>(path.ifindex);
    if (!path.local.address.is_v4()) std::memcpy(&info.ipi6_addr, path.local.address.bytes().data(), 16);
    put(IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
  fixed_size_ = control_size_;
}

void Addressing::apply(msghdr& m, Extra extra) {
  control_size_ = fixed_size_;
  const bool v4 = name_.ss_family == AF_INET;
  if (extra.traffic_class != 0)
    put(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, int{extra.traffic_class});
  if (extra.segment != 0) put(IPPROTO_UDP, UDP_SEGMENT, extra.segment);
  m.msg_name = &name_;
  m.msg_namelen = name_size_;
  m.msg_control = control_.data();
  m.msg_controllen = control_size_;
}

Arrival read_arrival(const msghdr& m, std::uint16_t local_port) {
  Arrival a;
  const auto* name = static_cast<const sockaddr*>(m.msg_name);
  if (name->sa_family == AF_INET) {
    const auto* from = reinterpret_cast<const sockaddr_in*>(name);
    a.remote = {address_of(from->sin_addr), local_port == 0 ? std::uint16_t{0} : ntohs(from->sin_port)};
  } else {
    const auto* from = reinterpret_cast<const sockaddr_in6*>(name);
    a.remote = {address_of(from->sin6_addr), local_port == 0 ? std::uint16_t{0} : ntohs(from->sin6_port)};
  }
  a.local.port = local_port;
  for (auto* c = CMSG_FIRSTHDR(&m); c != nullptr; c = CMSG_NXTHDR(const_cast<msghdr*>(&m), c)) read_control(c, a);
  return a;
}

}  // namespace dormouse::dataplane
