#include "adapters/dataplane_xfrm/links.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <unistd.h>

namespace dormouse::xfrm {
namespace {

using netlink::Request;

void write_proc(const std::string& path, std::string_view value) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;  // not there, or not ours to set: the kernel's own value holds
  const auto written = write(fd, value.data(), value.size());
  static_cast<void>(written);
  close(fd);
}

void put_kind(Request& r, std::uint32_t if_id) {
  auto* info = r.begin(IFLA_LINKINFO);
  r.put_text(IFLA_INFO_KIND, "xfrm");
  auto* data = r.begin(IFLA_INFO_DATA);
  r.put_u32(IFLA_XFRM_IF_ID, if_id);
  r.end(data);
  r.end(info);
}

/// The if_id of an xfrm interface, or 0.
std::uint32_t if_id_of(const nlmsghdr* m) {
  bool is_xfrm = false;
  std::uint32_t if_id = 0;
  netlink::for_each_attribute(m, sizeof(ifinfomsg), [&](const nlattr* a) {
    if (mnl_attr_get_type(a) != IFLA_LINKINFO) return;
    netlink::for_each_nested(a, [&](const nlattr* i) {
      if (mnl_attr_get_type(i) == IFLA_INFO_KIND) is_xfrm = netlink::text_of(i) == "xfrm";
      if (mnl_attr_get_type(i) == IFLA_INFO_DATA && is_xfrm)
        netlink::for_each_nested(i, [&](const nlattr* d) {
          if (mnl_attr_get_type(d) == IFLA_XFRM_IF_ID) if_id = netlink::u32_of(d);
        });
    });
  });
  return if_id;
}

}  // namespace

Outcome<Links> Links::open() {
  TRY_ASSIGN(auto channel, netlink::Channel::open());
  return Links(std::move(channel));
}

Outcome<int> Links::add(const std::string& name, std::uint32_t if_id, unsigned mtu) {
  const std::string what = "interface " + name;
  if (name.empty() || name.size() >= IFNAMSIZ) return failure(what + ": the name has 1 to 15 characters");
  Request r(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  static_cast<void>(r.header<ifinfomsg>());
  r.put_text(IFLA_IFNAME, name);
  r.put_u32(IFLA_MTU, mtu);
  put_kind(r, if_id);
  TRY(channel_.request(r, what));
  write_proc("/proc/sys/net/ipv6/conf/" + name + "/addr_gen_mode", "1");
  write_proc("/proc/sys/net/ipv4/conf/" + name + "/rp_filter", "0");  // replies may leave by another tunnel of the peer
  const int ifindex = static_cast<int>(if_nametoindex(name.c_str()));
  Request up(RTM_NEWLINK, 0);
  auto& head = up.header<ifinfomsg>();
  head.ifi_index = ifindex;
  head.ifi_flags = head.ifi_change = IFF_UP;
  if (const auto done = channel_.request(up, what + ": up"); !done) {
    remove(ifindex);
    return std::unexpected(done.error());
  }
  return ifindex;
}

Outcome<void> Links::set_mtu(int ifindex, unsigned mtu) {
  Request r(RTM_NEWLINK, 0);
  r.header<ifinfomsg>().ifi_index = ifindex;
  r.put_u32(IFLA_MTU, mtu);
  return channel_.request(r, "interface " + std::to_string(ifindex) + ": mtu " + std::to_string(mtu));
}

void Links::remove(int ifindex) {
  Request r(RTM_DELLINK, 0);
  r.header<ifinfomsg>().ifi_index = ifindex;
  (void)channel_.request(r, "interface " + std::to_string(ifindex));
}

void Links::clear(std::uint32_t first, std::uint32_t last) {
  std::vector<int> ours;
  Request all(RTM_GETLINK, NLM_F_DUMP);
  static_cast<void>(all.header<ifinfomsg>());
  (void)channel_.request(all, "list of interfaces", [&](const nlmsghdr* m) {
    const auto if_id = if_id_of(m);
    if (if_id >= first && if_id <= last)
      ours.push_back(static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(m))->ifi_index);
  });
  for (const int ifindex : ours) remove(ifindex);
}

}  // namespace dormouse::xfrm
