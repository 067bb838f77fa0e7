#include "adapters/netlink/describe.h"

#include <array>
#include <net/if.h>

namespace dormouse::netlink {

std::string interface_name(unsigned ifindex) {
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(ifindex, name.data()) == nullptr) return "interface " + std::to_string(ifindex);
  return name.data();
}

std::string describe(const Route& r) {
  std::string out = (r.blackhole ? "blackhole " : "") + r.dst.text();
  if (r.gateway) out += " via " + r.gateway->text();
  if (r.oif != 0) out += " dev " + interface_name(r.oif);
  if (r.metric != 0) out += " metric " + std::to_string(r.metric);
  return out;
}

std::string describe(const InterfaceAddress& a) {
  std::string out = a.address.text();
  if (a.peer) out += " peer " + a.peer->text();
  return out + "/" + std::to_string(a.prefix_length) + " dev " + interface_name(a.ifindex);
}

}  // namespace dormouse::netlink
