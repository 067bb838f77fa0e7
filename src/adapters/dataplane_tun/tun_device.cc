#include "adapters/dataplane_tun/tun_device.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

namespace dormouse::dataplane {
namespace {

constexpr int kQueue = 2000;  // packets: 3 ms at 600 000 a second, what a thread may be kept from its core

std::unexpected<Failure> failed(const esp::DeviceSpec& spec, const char* what) {
  return failure("interface " + spec.name + ": " + what + ": " + std::strerror(errno));
}

void write_proc(const std::string& path, const char* value) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd.ok() && write(fd.get(), value, std::strlen(value)) < 0)
    return;  // not there or not ours to set: the kernel's own value holds
}

/// Lets one TUN read fit one UDP_SEGMENT send: 64 KiB of payload would overrun a datagram once every segment has its
/// ESP.
void limit_gso(int ifindex) {
  struct {
    nlmsghdr header;
    ifinfomsg info;
    std::array<char, 32> attributes;
  } request{};
  request.header.nlmsg_type = RTM_NEWLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.info.ifi_index = ifindex;
  auto* a = reinterpret_cast<rtattr*>(request.attributes.data());
  a->rta_type = IFLA_GSO_MAX_SIZE;
  a->rta_len = RTA_LENGTH(4);
  const std::uint32_t size = 60000;
  std::memcpy(RTA_DATA(a), &size, sizeof size);
  request.header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof(ifinfomsg)) + RTA_LENGTH(4));
  const Fd nl(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (nl.ok() && send(nl.get(), &request, request.header.nlmsg_len, 0) < 0)
    return;  // older kernels keep their own limit
}

}  // namespace

Outcome<TunDevice> open_tun(const esp::DeviceSpec& spec) {
  if (spec.name.empty() || spec.name.size() >= IFNAMSIZ)
    return failure("interface " + spec.name + ": the name has 1 to 15 characters");
  TunDevice d{.id = spec.id, .name = spec.name, .fd = Fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC))};
  if (!d.fd.ok()) return failed(spec, "/dev/net/tun");
  ifreq request{};
  std::memcpy(request.ifr_name, spec.name.c_str(), spec.name.size());
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL);
  if (ioctl(d.fd.get(), TUNSETIFF, &request) != 0) return failed(spec, "TUNSETIFF");
  const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  d.joins_udp = ioctl(d.fd.get(), TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0;
  d.joins_tcp = d.joins_udp || ioctl(d.fd.get(), TUNSETOFFLOAD, tcp) == 0;
  const Fd control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!control.ok()) return failed(spec, "socket");
  if (ioctl(control.get(), SIOCGIFINDEX, &request) != 0) return failed(spec, "SIOCGIFINDEX");
  d.ifindex = request.ifr_ifindex;
  limit_gso(d.ifindex);
  write_proc("/proc/sys/net/ipv6/conf/" + spec.name + "/addr_gen_mode", "1");
  write_proc("/proc/sys/net/ipv4/conf/" + spec.name + "/rp_filter",
             "0");  // replies may leave by another tunnel of the peer
  request.ifr_mtu = static_cast<int>(spec.mtu);
  if (ioctl(control.get(), SIOCSIFMTU, &request) != 0) return failed(spec, "MTU");
  request.ifr_qlen = kQueue;
  (void)ioctl(control.get(), SIOCSIFTXQLEN, &request);
  if (ioctl(control.get(), SIOCGIFFLAGS, &request) != 0) return failed(spec, "SIOCGIFFLAGS");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
  if (ioctl(control.get(), SIOCSIFFLAGS, &request) != 0) return failed(spec, "up");
  return d;
}

void set_tun_mtu(const TunDevice& device, unsigned mtu) {
  const Fd control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::memcpy(request.ifr_name, device.name.c_str(), device.name.size());
  request.ifr_mtu = static_cast<int>(mtu);
  if (control.ok()) (void)ioctl(control.get(), SIOCSIFMTU, &request);
}

}  // namespace dormouse::dataplane
