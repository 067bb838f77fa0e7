#include "adapters/device_socket/device_sockets.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dormouse::device_socket {
namespace {

constexpr int kSendBuffer = 8 << 20;

bool set(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof value) == 0; }

/// Bound to an address that no packet from outside has, so that none is delivered here.
bool bind_aside(int fd, std::uint16_t port) {
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(port);
  name.sin6_addr = in6addr_loopback;
  return set(fd, SOL_SOCKET, SO_REUSEPORT, 1) && set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1) &&
         bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
}

/// A raw socket gets a copy of everything: this one drops it.
bool hear_nothing(int fd) {
  sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &drop};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

int open_socket(Kind kind) {
  const auto flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (kind == Kind::udp) return socket(AF_INET6, SOCK_DGRAM | flags, 0);
  return socket(AF_INET6, SOCK_RAW | flags, kind == Kind::esp ? int{IPPROTO_ESP} : int{IPPROTO_FRAGMENT});
}

}  // namespace

DeviceSockets::~DeviceSockets() {
  for (std::size_t i = 0; i < count_.load(); ++i)
    if (entries_[i].fd >= 0) close(entries_[i].fd);
}

int DeviceSockets::fd(unsigned ifindex) {
  const auto find = [&](std::size_t count) -> const Entry* {
    for (std::size_t i = 0; i < count; ++i)
      if (entries_[i].ifindex == ifindex) return &entries_[i];
    return nullptr;
  };
  if (const auto* e = find(count_.load(std::memory_order_acquire))) return e->fd;
  const std::lock_guard lock(making_);
  const auto count = count_.load(std::memory_order_relaxed);
  if (const auto* e = find(count)) return e->fd;
  if (count == kMost) return -1;
  const int made = make(ifindex);
  if (made < 0) return -1;  // asked again for the next packet: the interface may only be coming
  entries_[count] = {ifindex, made};
  count_.store(count + 1, std::memory_order_release);
  return made;
}

int DeviceSockets::make(unsigned ifindex) const {
  const int fd = open_socket(kind_);
  if (fd < 0) return -1;
  (void)(set(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSendBuffer) || set(fd, SOL_SOCKET, SO_SNDBUF, kSendBuffer));
  // Outer packets may be fragmented. Fragments may not be once more, whatever the kernel believes of the path.
  const int cut = kind_ == Kind::fragments ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT;
  (void)set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, cut);
  const bool deaf = kind_ == Kind::udp ? bind_aside(fd, port_) : hear_nothing(fd);
  if (deaf && set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, static_cast<int>(ifindex))) return fd;
  close(fd);
  return -1;
}

}  // namespace dormouse::device_socket
