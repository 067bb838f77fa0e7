#include "adapters/netlink/parse.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include "adapters/netlink/message.h"

namespace dormouse::netlink {
namespace {

template <class T>
const T* fixed(const nlmsghdr* m) {
  return mnl_nlmsg_get_payload_len(m) < sizeof(T) ? nullptr : static_cast<const T*>(mnl_nlmsg_get_payload(m));
}

std::optional<Family> family_of(unsigned char af) {
  if (af == AF_INET) return Family::v4;
  if (af == AF_INET6) return Family::v6;
  return std::nullopt;
}

bool is_of_interest(const rtmsg& r) {
  if ((r.rtm_flags & RTM_F_CLONED) != 0 || r.rtm_table == RT_TABLE_LOCAL) return false;
  return r.rtm_type == RTN_UNICAST || r.rtm_type == RTN_BLACKHOLE;
}

/// Each next hop of RTA_MULTIPATH as a route of its own, the rest as in `common`.
void append_hops(std::vector<Route>& out, const Route& common, const nlattr* multipath) {
  const auto* p = static_cast<const char*>(mnl_attr_get_payload(multipath));
  std::size_t left = mnl_attr_get_payload_len(multipath);
  while (left >= sizeof(rtnexthop)) {
    const auto* hop = reinterpret_cast<const rtnexthop*>(p);
    if (hop->rtnh_len < sizeof(rtnexthop) || hop->rtnh_len > left) return;
    Route route = common;
    route.oif = static_cast<unsigned>(hop->rtnh_ifindex);
    auto find_gateway = [](const nlattr* a, void* to) {
      if (mnl_attr_get_type(a) == RTA_GATEWAY) static_cast<Route*>(to)->gateway = address_of(a);
      return MNL_CB_OK;
    };
    mnl_attr_parse_payload(p + sizeof(rtnexthop), hop->rtnh_len - sizeof(rtnexthop), find_gateway, &route);
    out.push_back(route);
    const auto step = static_cast<std::size_t>(RTNH_ALIGN(hop->rtnh_len));
    if (step >= left) return;
    p += step;
    left -= step;
  }
}

}  // namespace

std::optional<Link> parse_link(const nlmsghdr* m) {
  const auto* info = fixed<ifinfomsg>(m);
  // Bridges announce their ports a second time, under their own family.
  if (info == nullptr || info->ifi_family != AF_UNSPEC) return std::nullopt;
  Link link{.index = static_cast<unsigned>(info->ifi_index)};
  link.up = (info->ifi_flags & IFF_UP) != 0;
  link.running = link.up && (info->ifi_flags & IFF_RUNNING) != 0;
  for_each_attribute(m, sizeof *info, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case IFLA_IFNAME: link.name = text_of(a); break;
      case IFLA_MTU: link.mtu = u32_of(a); break;
      case IFLA_GROUP: link.group = u32_of(a); break;
      case IFLA_LINKINFO:
        for_each_nested(a, [&](const nlattr* b) {
          if (mnl_attr_get_type(b) == IFLA_INFO_KIND) link.kind = text_of(b);
        });
        break;
      default: break;
    }
  });
  return link;
}

std::optional<InterfaceAddress> parse_address(const nlmsghdr* m) {
  const auto* info = fixed<ifaddrmsg>(m);
  if (info == nullptr || !family_of(info->ifa_family)) return std::nullopt;
  std::optional<IpAddress> local, address;
  for_each_attribute(m, sizeof *info, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == IFA_LOCAL) local = address_of(a);
    if (mnl_attr_get_type(a) == IFA_ADDRESS) address = address_of(a);
  });
  // IFA_ADDRESS is the far end of a point-to-point link, and the address itself where there is no IFA_LOCAL.
  if (!local && !address) return std::nullopt;
  InterfaceAddress out{info->ifa_index, local ? *local : *address, info->ifa_prefixlen};
  if (local && address && *local != *address) out.peer = address;
  return out;
}

std::vector<Route> parse_routes(const nlmsghdr* m) {
  const auto* info = fixed<rtmsg>(m);
  if (info == nullptr || !is_of_interest(*info)) return {};
  const auto family = family_of(info->rtm_family);
  if (!family) return {};
  Route route{
      .dst = {IpAddress::any(*family), info->rtm_dst_len}, .protocol = info->rtm_protocol, .table = info->rtm_table};
  route.blackhole = info->rtm_type == RTN_BLACKHOLE;
  const nlattr* multipath = nullptr;
  for_each_attribute(m, sizeof *info, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case RTA_DST: route.dst.address = address_of(a).value_or(route.dst.address); break;
      case RTA_GATEWAY: route.gateway = address_of(a); break;
      case RTA_PREFSRC: route.source = address_of(a); break;
      case RTA_OIF: route.oif = u32_of(a); break;
      case RTA_PRIORITY: route.metric = u32_of(a); break;
      case RTA_TABLE: route.table = u32_of(a); break;
      case RTA_MULTIPATH: multipath = a; break;
      default: break;
    }
  });
  if (route.blackhole) route.oif = 0;  // IPv6 shows the loopback there
  if (multipath == nullptr) return {route};
  std::vector<Route> out;
  append_hops(out, route, multipath);
  return out;
}

std::optional<Path> parse_path(const nlmsghdr* m) {
  const auto* info = fixed<rtmsg>(m);
  if (info == nullptr || m->nlmsg_type != RTM_NEWROUTE) return std::nullopt;
  Path path;
  if (info->rtm_family == AF_INET6) path.source = IpAddress::any(Family::v6);
  for_each_attribute(m, sizeof *info, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case RTA_OIF: path.oif = u32_of(a); break;
      case RTA_PREFSRC: path.source = address_of(a).value_or(path.source); break;
      case RTA_GATEWAY: path.gateway = address_of(a); break;
      default: break;
    }
  });
  return path;
}

}  // namespace dormouse::netlink
