#include "adapters/dataplane_xfrm/underlay.h"

#include <algorithm>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace dormouse::xfrm {
namespace {

using netlink::Request;

constexpr std::uint32_t kTable = 52130;
constexpr std::uint32_t kPriority = 21300;  // after local, before main
constexpr std::uint8_t kProtocol = 213;     // of every route and rule of ours
constexpr int kMostRules = 8;               // what killed daemons can have left

std::uint8_t number_of(Family f) { return f == Family::v4 ? AF_INET : AF_INET6; }

}  // namespace

Outcome<Underlay> Underlay::open() {
  TRY_ASSIGN(auto channel, netlink::Channel::open());
  return Underlay(std::move(channel));
}

bool Underlay::has(Family family) const {
  return std::ranges::any_of(held_, [&](const auto& h) { return h.first.peer.family() == family; });
}

Outcome<void> Underlay::rule(Family family, bool add) {
  Request r(add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE : 0U);
  auto& head = r.header<fib_rule_hdr>();
  head.family = number_of(family);
  head.action = FR_ACT_TO_TBL;
  r.put_u32(FRA_PRIORITY, kPriority);
  r.put_u32(FRA_FWMARK, kOuterMark);
  r.put_u32(FRA_TABLE, kTable);
  return channel_.request(r, "rule of outer packets");
}

Outcome<void> Underlay::route(const Way& way, bool add) {
  const std::string what = "route to " + way.peer.text() + " dev " + std::to_string(way.under);
  std::optional<IpAddress> gateway;
  if (add) {  // asked without a source address, the kernel holds to the interface
    Request get(RTM_GETROUTE, 0);
    auto& head = get.header<rtmsg>();
    head.rtm_family = number_of(way.peer.family());
    head.rtm_dst_len = static_cast<std::uint8_t>(way.peer.bits());
    get.put_address(RTA_DST, way.peer);
    get.put_u32(RTA_OIF, static_cast<std::uint32_t>(way.under));
    TRY(channel_.request(get, what, [&](const nlmsghdr* m) {
      netlink::for_each_attribute(m, sizeof(rtmsg), [&](const nlattr* a) {
        if (mnl_attr_get_type(a) == RTA_GATEWAY) gateway = netlink::address_of(a);
      });
    }));
  }
  Request r(add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_REPLACE : 0U);
  auto& head = r.header<rtmsg>();
  head.rtm_family = number_of(way.peer.family());
  head.rtm_dst_len = static_cast<std::uint8_t>(way.peer.bits());
  head.rtm_protocol = kProtocol;
  head.rtm_type = RTN_UNICAST;
  head.rtm_scope = static_cast<std::uint8_t>(!add ? RT_SCOPE_NOWHERE : gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
  r.put_u32(RTA_TABLE, kTable);
  r.put_address(RTA_DST, way.peer);
  r.put_u32(RTA_OIF, static_cast<std::uint32_t>(way.under));
  if (gateway) r.put_address(RTA_GATEWAY, *gateway);
  if (const auto it = held_.find(way); add && it != held_.end() && it->second.mtu != 0) {
    auto* metrics = r.begin(RTA_METRICS);
    r.put_u32(RTAX_MTU, it->second.mtu);
    r.end(metrics);
  }
  return channel_.request(r, what);
}

Outcome<void> Underlay::hold(const Way& way) {
  const bool first = !has(way.peer.family());
  ++held_[way].by;
  if (first) TRY(rule(way.peer.family(), true));
  return route(way, true);
}

void Underlay::release(const Way& way) {
  const auto it = held_.find(way);
  if (it == held_.end()) return;
  if (--it->second.by != 0) return limit(way, 0);  // whose it was is not known; others learn it again
  held_.erase(it);
  (void)route(way, false);  // it goes with its interface, too
  if (!has(way.peer.family())) (void)rule(way.peer.family(), false);
}

void Underlay::limit(const Way& way, std::uint32_t mtu) {
  const auto it = held_.find(way);
  if (it == held_.end() || it->second.mtu == mtu) return;
  it->second.mtu = mtu;
  (void)route(way, true);
}

void Underlay::clear() {
  for (const auto family : {Family::v4, Family::v6})
    for (int i = 0; i < kMostRules && rule(family, false); ++i) continue;
}

}  // namespace dormouse::xfrm
