#include "adapters/netlink/netlink.h"

#include <algorithm>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "adapters/netlink/channel.h"
#include "adapters/netlink/describe.h"
#include "adapters/netlink/parse.h"

namespace dormouse::netlink {
namespace {

unsigned char af_of(const IpAddress& a) { return a.is_v4() ? AF_INET : AF_INET6; }

unsigned flags_of(IfExists exists) {
  switch (exists) {
    case IfExists::fail: return NLM_F_CREATE | NLM_F_EXCL;
    case IfExists::replace: return NLM_F_CREATE | NLM_F_REPLACE;
    case IfExists::append: break;
  }
  return NLM_F_CREATE | NLM_F_APPEND;
}

void fill(Request& q, const Route& r) {
  auto& m = q.header<rtmsg>();
  m.rtm_family = af_of(r.dst.address);
  m.rtm_dst_len = static_cast<unsigned char>(r.dst.length);
  m.rtm_table = r.table < 256 ? static_cast<unsigned char>(r.table) : static_cast<unsigned char>(RT_TABLE_UNSPEC);
  m.rtm_protocol = r.protocol;
  m.rtm_type = r.blackhole ? RTN_BLACKHOLE : RTN_UNICAST;
  m.rtm_scope = r.blackhole || r.gateway || !r.dst.address.is_v4() ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  if (r.dst.length > 0) q.put_address(RTA_DST, r.dst.address);
  q.put_u32(RTA_TABLE, r.table);
  if (r.gateway) q.put_address(RTA_GATEWAY, *r.gateway);
  if (r.source) q.put_address(RTA_PREFSRC, *r.source);
  if (r.oif != 0) q.put_u32(RTA_OIF, r.oif);
  if (r.metric != 0) q.put_u32(RTA_PRIORITY, r.metric);
}

void fill(Request& q, const InterfaceAddress& a) {
  auto& m = q.header<ifaddrmsg>();
  m.ifa_family = af_of(a.address);
  m.ifa_prefixlen = static_cast<unsigned char>(a.prefix_length);
  m.ifa_index = a.ifindex;
  if (!a.address.is_v4()) m.ifa_flags = IFA_F_NODAD;
  q.put_address(IFA_LOCAL, a.address);
  q.put_address(IFA_ADDRESS, a.peer ? *a.peer : a.address);
}

}  // namespace

struct Netlink::Impl {
  Channel channel;

  /// Reads one link, chosen by `put`.
  Outcome<Link> get_link(const std::string& what, const std::function<void(Request&)>& put) {
    Request q(RTM_GETLINK, 0);
    put(q);
    std::optional<Link> found;
    TRY(channel.request(q, what, [&](const nlmsghdr* m) { found = parse_link(m); }));
    if (!found) return failure(what + ": no answer");
    return *found;
  }
  /// Changes one link by name: flags in `mask` take their value from `flags`, and `put` adds attributes.
  Outcome<void> change_link(const std::string& name, const std::string& what, unsigned flags, unsigned mask,
                            const std::function<void(Request&)>& put) {
    Request q(RTM_NEWLINK, 0);
    auto& m = q.header<ifinfomsg>();
    m.ifi_flags = flags;
    m.ifi_change = mask;
    q.put_text(IFLA_IFNAME, name);
    if (put) put(q);
    return channel.request(q, what);
  }
};

Netlink::Netlink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Netlink::Netlink(Netlink&&) noexcept = default;
Netlink& Netlink::operator=(Netlink&&) noexcept = default;
Netlink::~Netlink() = default;

Outcome<Netlink> Netlink::open() {
  TRY_ASSIGN(auto channel, Channel::open());
  return Netlink(std::make_unique<Impl>(std::move(channel)));
}

// --- links

Outcome<std::vector<Link>> Netlink::links() {
  Request q(RTM_GETLINK, NLM_F_DUMP);
  q.header<ifinfomsg>().ifi_family = AF_UNSPEC;
  std::vector<Link> out;
  TRY(impl_->channel.request(
      q, "list interfaces",
      [&](const nlmsghdr* m) {
        if (auto link = parse_link(m)) out.push_back(std::move(*link));
      },
      [&] { out.clear(); }));
  return out;
}

Outcome<Link> Netlink::link(const std::string& name) {
  return impl_->get_link("interface " + name, [&](Request& q) {
    q.header<ifinfomsg>().ifi_family = AF_UNSPEC;
    q.put_text(IFLA_IFNAME, name);
  });
}

Outcome<Link> Netlink::link(unsigned index) {
  return impl_->get_link("interface " + std::to_string(index),
                         [&](Request& q) { q.header<ifinfomsg>().ifi_index = static_cast<int>(index); });
}

bool Netlink::exists(const std::string& name) { return link(name).has_value(); }

Outcome<void> Netlink::set_up(const std::string& name, bool up) {
  return impl_->change_link(name, "set interface " + name + (up ? " up" : " down"), up ? unsigned{IFF_UP} : 0U, IFF_UP,
                            {});
}

Outcome<void> Netlink::set_mtu(const std::string& name, unsigned mtu) {
  return impl_->change_link(name, "set interface " + name + " mtu " + std::to_string(mtu), 0, 0,
                            [&](Request& q) { q.put_u32(IFLA_MTU, mtu); });
}

Outcome<void> Netlink::set_group(const std::string& name, std::uint32_t group) {
  return impl_->change_link(name, "set interface " + name + " group " + std::to_string(group), 0, 0,
                            [&](Request& q) { q.put_u32(IFLA_GROUP, group); });
}

Outcome<void> Netlink::delete_link(const std::string& name) {
  Request q(RTM_DELLINK, 0);
  q.header<ifinfomsg>().ifi_family = AF_UNSPEC;
  q.put_text(IFLA_IFNAME, name);
  return impl_->channel.request(q, "delete interface " + name);
}

// --- addresses

Outcome<std::vector<InterfaceAddress>> Netlink::addresses() {
  Request q(RTM_GETADDR, NLM_F_DUMP);
  q.header<ifaddrmsg>().ifa_family = AF_UNSPEC;
  std::vector<InterfaceAddress> out;
  TRY(impl_->channel.request(
      q, "list addresses",
      [&](const nlmsghdr* m) {
        if (auto a = parse_address(m)) out.push_back(*a);
      },
      [&] { out.clear(); }));
  return out;
}

Outcome<std::vector<InterfaceAddress>> Netlink::addresses(unsigned ifindex) {
  TRY_ASSIGN(auto all, addresses());
  std::erase_if(all, [&](const InterfaceAddress& a) { return a.ifindex != ifindex; });
  return all;
}

Outcome<void> Netlink::add_address(const InterfaceAddress& address) {
  Request q(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  fill(q, address);
  return impl_->channel.request(q, "add address " + describe(address));
}

Outcome<void> Netlink::delete_address(const InterfaceAddress& address) {
  Request q(RTM_DELADDR, 0);
  fill(q, address);
  return impl_->channel.request(q, "delete address " + describe(address));
}

// --- routes

Outcome<std::vector<Route>> Netlink::routes() {
  Request q(RTM_GETROUTE, NLM_F_DUMP);
  q.header<rtmsg>().rtm_family = AF_UNSPEC;
  std::vector<Route> out;
  TRY(impl_->channel.request(
      q, "list routes",
      [&](const nlmsghdr* m) {
        for (auto& r : parse_routes(m)) out.push_back(r);
      },
      [&] { out.clear(); }));
  return out;
}

Outcome<void> Netlink::add_route(const Route& route, IfExists exists) {
  Request q(RTM_NEWROUTE, flags_of(exists));
  fill(q, route);
  return impl_->channel.request(q, "add route " + describe(route));
}

Outcome<void> Netlink::delete_route(const Route& route) {
  Request q(RTM_DELROUTE, 0);
  fill(q, route);
  return impl_->channel.request(q, "delete route " + describe(route));
}

Outcome<Path> Netlink::path_to(const IpAddress& to, const IpAddress& source) {
  const auto what = "route to " + to.text();
  Request q(RTM_GETROUTE, 0);
  auto& m = q.header<rtmsg>();
  m.rtm_family = af_of(to);
  m.rtm_dst_len = static_cast<unsigned char>(to.bits());
  q.put_address(RTA_DST, to);
  if (!source.is_unspecified() && source.family() == to.family()) {
    m.rtm_src_len = static_cast<unsigned char>(source.bits());
    q.put_address(RTA_SRC, source);
  }
  std::optional<Path> found;
  TRY(impl_->channel.request(q, what, [&](const nlmsghdr* answer) { found = parse_path(answer); }));
  if (!found) return failure(what + ": no answer");
  return *found;
}

// --- after a crash

Outcome<std::size_t> Netlink::cleanup_stale(std::span<const OwnedAddress> addresses_of_ours) {
  std::size_t gone = 0;
  std::optional<Failure> first;
  const auto note = [&](const Outcome<void>& r) {
    if (r)
      ++gone;
    else if (!first)
      first = r.error();
  };
  TRY_ASSIGN(const auto all, routes());
  for (const auto& r : all)
    if (r.protocol == kRouteProtocol) note(delete_route(r));
  for (const auto& owned : addresses_of_ours) {
    const auto found = link(owned.interface);
    if (!found) continue;  // it took its addresses along
    TRY_ASSIGN(const auto held, addresses(found->index));
    for (const auto& a : held)
      if (a.address == owned.address && a.prefix_length == owned.prefix_length) note(delete_address(a));
  }
  if (first) return std::unexpected(*first);
  return gone;
}

}  // namespace dormouse::netlink
