#include "adapters/dataplane_xfrm/injector.h"

#include <arpa/inet.h>
#include <cerrno>
#include <linux/if_ether.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

namespace dormouse::xfrm {

Outcome<Injector> Injector::open() {
  // Protocol 0: it only sends.
  dataplane::Fd fd(socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.ok()) return failure(std::string("packet socket: ") + std::strerror(errno));
  return Injector(std::move(fd));
}

bool Injector::send(int ifindex, ByteView packet) {
  if (packet.empty()) return false;
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = ifindex;
  to.sll_protocol = htons(packet[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
  return sendto(fd_.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) >= 0;
}

}  // namespace dormouse::xfrm
