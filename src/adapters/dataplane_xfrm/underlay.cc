#include "adapters/dataplane_xfrm/underlay.h"

#include <algorithm>
#include <array>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

namespace dormouse::xfrm {
namespace {

using netlink::Request;

constexpr std::uint32_t kTable = 52130;   // and the rule's priority: before main, after local
constexpr std::uint8_t kProtocol = 213;   // of every route and rule of ours
constexpr std::size_t kMostRules = 1024;  // interfaces that a killed daemon can have used

}  // namespace

Outcome<Underlay> Underlay::open() {
  TRY_ASSIGN(auto channel, netlink::Channel::open());
  return Underlay(std::move(channel));
}

Outcome<void> Underlay::rule(int under, bool add) {
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(static_cast<unsigned>(under), name.data()) == nullptr)
    return failure("rule of interface " + std::to_string(under) + ": it is gone");
  Request r(add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE : 0U);
  auto& head = r.header<fib_rule_hdr>();
  head.family = AF_INET6;
  head.action = FR_ACT_TO_TBL;
  r.put_text(FRA_OIFNAME, name.data());
  r.put_u32(FRA_PRIORITY, kTable);
  r.put_u32(FRA_TABLE, kTable);
  r.put(FRA_PROTOCOL, kProtocol);
  return channel_.request(r, "rule of interface " + std::string(name.data()));
}

Outcome<void> Underlay::route(const Way& way, bool add) {
  const std::string what = "route to " + way.peer.text() + " dev " + std::to_string(way.under);
  std::optional<IpAddress> gateway;
  if (add) {  // asked without a source address, the kernel holds to the interface
    Request get(RTM_GETROUTE, 0);
    auto& head = get.header<rtmsg>();
    head.rtm_family = AF_INET6;
    head.rtm_dst_len = 128;
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
  head.rtm_family = AF_INET6;
  head.rtm_dst_len = 128;
  head.rtm_protocol = kProtocol;
  head.rtm_type = RTN_UNICAST;
  r.put_u32(RTA_TABLE, kTable);
  r.put_address(RTA_DST, way.peer);
  r.put_u32(RTA_OIF, static_cast<std::uint32_t>(way.under));
  if (gateway) r.put_address(RTA_GATEWAY, *gateway);
  return channel_.request(r, what);
}

Outcome<void> Underlay::hold(const Way& way) {
  const bool first = std::ranges::none_of(holders_, [&](const auto& h) { return h.first.under == way.under; });
  ++holders_[way];
  if (first) TRY(rule(way.under, true));
  return route(way, true);
}

void Underlay::release(const Way& way) {
  const auto it = holders_.find(way);
  if (it == holders_.end() || --it->second != 0) return;
  holders_.erase(it);
  (void)route(way, false);  // it goes with its interface, too
  if (std::ranges::none_of(holders_, [&](const auto& h) { return h.first.under == way.under; }))
    (void)rule(way.under, false);
}

void Underlay::clear() {
  for (std::size_t i = 0; i < kMostRules; ++i) {
    Request r(RTM_DELRULE, 0);
    auto& head = r.header<fib_rule_hdr>();
    head.family = AF_INET6;
    head.action = FR_ACT_TO_TBL;
    r.put_u32(FRA_PRIORITY, kTable);
    r.put_u32(FRA_TABLE, kTable);
    if (!channel_.request(r, "rule")) return;
  }
}

}  // namespace dormouse::xfrm
