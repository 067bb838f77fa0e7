// Against the real kernel, in a network namespace of this process's own that ends with it.
#include "adapters/netlink/netlink.h"

#include <algorithm>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "adapters/netlink/channel.h"
#include "adapters/netlink/monitor.h"

namespace dormouse::netlink {
namespace {

using ::testing::HasSubstr;

Prefix prefix(const char* text) { return *Prefix::parse(text); }
IpAddress ip(const char* text) { return *IpAddress::parse(text); }

void run(const std::string& command) { EXPECT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command; }

class NetlinkTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (geteuid() != 0) return;
    inside_ = unshare(CLONE_NEWNET) == 0;
    if (inside_) run("ip link set lo up");
  }
  void SetUp() override {
    if (!inside_) GTEST_SKIP() << "needs root, to make a network namespace";
    run("ip link add dmt0 type veth peer name dmp0 && ip link add dmt1 type veth peer name dmp1");
    run("ip address add 192.0.2.1/24 dev dmt0 && ip link set dmt0 up && ip link set dmt1 up && ip link set dmp0 up && "
        "ip link set dmp1 up");
    net_.emplace(std::move(*Netlink::open()));
    index0_ = net_->link("dmt0")->index;
    index1_ = net_->link("dmt1")->index;
  }
  void TearDown() override {
    if (!inside_) return;
    run("ip link del dmt0");
    run("ip link del dmt1");
    run("ip route flush table all proto 213; ip -6 route flush table all proto 213; true");
  }
  bool has(const Route& r) {
    const auto all = net_->routes();
    EXPECT_TRUE(all);
    return std::ranges::find(*all, r) != all->end();
  }
  static inline bool inside_ = false;
  std::optional<Netlink> net_;
  unsigned index0_ = 0, index1_ = 0;
};

void expect_done(const Outcome<void>& r) { EXPECT_TRUE(r) << r.error().text; }

TEST_F(NetlinkTest, lists_links_with_their_properties) {
  const auto links = net_->links();
  ASSERT_TRUE(links);
  const auto it = std::ranges::find(*links, "dmt0", &Link::name);
  ASSERT_NE(it, links->end());
  EXPECT_EQ(it->index, index0_);
  EXPECT_EQ(it->kind, "veth");
  EXPECT_EQ(it->mtu, 1500U);
  EXPECT_TRUE(it->up);
  EXPECT_TRUE(net_->exists("lo"));
}

TEST_F(NetlinkTest, changes_mtu_group_and_state_of_a_link) {
  expect_done(net_->set_mtu("dmt1", 1400));
  expect_done(net_->set_group("dmt1", 77));
  expect_done(net_->set_up("dmt1", false));
  auto link = net_->link(index1_);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->name, "dmt1");
  EXPECT_EQ(link->mtu, 1400U);
  EXPECT_EQ(link->group, 77U);
  EXPECT_FALSE(link->up);
  expect_done(net_->set_up("dmt1", true));
  EXPECT_TRUE(net_->link("dmt1")->up);
}

TEST_F(NetlinkTest, names_a_link_that_is_not_there) {
  EXPECT_FALSE(net_->exists("nosuch"));
  EXPECT_EQ(net_->link("nosuch").error().text, "interface nosuch: No such device");
  EXPECT_EQ(net_->set_up("nosuch", true).error().text, "set interface nosuch up: No such device");
  EXPECT_THAT(net_->link(99999U).error().text, HasSubstr("interface 99999: No such device"));
}

TEST_F(NetlinkTest, names_link_and_value_when_an_mtu_is_refused) {
  const auto r = net_->set_mtu("dmt0", 20);
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error().text, HasSubstr("set interface dmt0 mtu 20: Invalid argument"));
}

TEST_F(NetlinkTest, a_deleted_link_is_gone) {
  run("ip link add dmt2 type veth");
  expect_done(net_->delete_link("dmt2"));
  EXPECT_FALSE(net_->exists("dmt2"));
}

TEST_F(NetlinkTest, adds_lists_and_deletes_addresses_of_both_families) {
  const InterfaceAddress four{index1_, ip("10.9.0.1"), 24};
  const InterfaceAddress six{index1_, ip("2001:db8:9::1"), 64};
  const InterfaceAddress ptp{index1_, ip("10.8.0.1"), 32, ip("10.8.0.2")};
  for (const auto& a : {four, six, ptp}) {
    expect_done(net_->add_address(a));
    const auto held = net_->addresses(index1_);
    ASSERT_TRUE(held);
    EXPECT_THAT(*held, ::testing::Contains(a));
  }
  for (const auto& a : {four, six, ptp}) {
    expect_done(net_->delete_address(a));
    EXPECT_THAT(*net_->addresses(index1_), ::testing::Not(::testing::Contains(a)));
  }
}

TEST_F(NetlinkTest, an_ipv6_address_is_usable_at_once) {
  expect_done(net_->add_address({index1_, ip("2001:db8:7::1"), 64}));
  const auto path = net_->path_to(ip("2001:db8:7::99"));
  ASSERT_TRUE(path) << path.error().text;
  EXPECT_EQ(path->source, ip("2001:db8:7::1"));
}

TEST_F(NetlinkTest, names_the_address_that_exists_already) {
  const auto r = net_->add_address({index0_, ip("192.0.2.1"), 24});
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error().text, HasSubstr("add address 192.0.2.1/24 dev dmt0: File exists"));
}

TEST_F(NetlinkTest, names_the_address_that_is_not_there) {
  const auto r = net_->delete_address({index0_, ip("192.0.2.7"), 24});
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error().text, HasSubstr("delete address 192.0.2.7/24 dev dmt0: Cannot assign requested address"));
}

TEST_F(NetlinkTest, adds_lists_and_deletes_routes_of_both_families) {
  const Route routes[] = {
      {.dst = prefix("10.0.0.0/8"), .oif = index1_},
      {.dst = prefix("10.1.0.0/16"), .oif = index1_, .metric = 15},
      {.dst = prefix("10.2.0.0/16"), .oif = index0_, .gateway = ip("192.0.2.254"), .metric = 5},
      {.dst = prefix("10.3.0.0/16"), .oif = index0_, .source = ip("192.0.2.1")},
      {.dst = prefix("10.4.0.0/16"), .metric = 254, .blackhole = true},
      {.dst = prefix("10.5.0.0/16"), .oif = index1_, .table = 1000},
      {.dst = prefix("0.0.0.0/0"), .oif = index1_, .metric = 15},
      {.dst = prefix("2001:db8:1::/48"), .oif = index1_, .metric = 15},
      {.dst = prefix("2001:db8:2::/48"), .metric = 254, .blackhole = true},
      {.dst = prefix("::/0"), .oif = index1_, .metric = 15},
  };
  for (const auto& r : routes) {
    expect_done(net_->add_route(r));
    EXPECT_TRUE(has(r)) << r.dst.text();
  }
  for (const auto& r : routes) {
    expect_done(net_->delete_route(r));
    EXPECT_FALSE(has(r)) << r.dst.text();
  }
}

TEST_F(NetlinkTest, a_host_route_of_a_dialup_client_is_added_and_deleted) {
  const Route r{.dst = Prefix::host(ip("10.1.100.2")), .oif = index1_, .metric = 15};
  expect_done(net_->add_route(r));
  EXPECT_TRUE(has(r));
  EXPECT_EQ(net_->path_to(ip("10.1.100.2"))->oif, index1_);
  expect_done(net_->delete_route(r));
  EXPECT_FALSE(has(r));
}

TEST_F(NetlinkTest, names_the_route_that_exists_already) {
  const Route r{.dst = prefix("10.0.0.0/8"), .oif = index1_};
  expect_done(net_->add_route(r));
  EXPECT_EQ(net_->add_route(r).error().text, "add route 10.0.0.0/8 dev dmt1: File exists");
}

TEST_F(NetlinkTest, says_in_the_kernels_words_why_a_gateway_is_refused) {
  const auto r = net_->add_route({.dst = prefix("10.0.0.0/8"), .oif = index0_, .gateway = ip("203.0.113.1")});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().text,
            "add route 10.0.0.0/8 via 203.0.113.1 dev dmt0: Network is unreachable (Nexthop has invalid gateway)");
}

TEST_F(NetlinkTest, replaces_a_route_where_asked) {
  const Route old{.dst = prefix("10.0.0.0/8"), .oif = index0_, .metric = 15};
  const Route fresh{.dst = prefix("10.0.0.0/8"), .oif = index1_, .metric = 15};
  expect_done(net_->add_route(old));
  expect_done(net_->add_route(fresh, IfExists::replace));
  EXPECT_FALSE(has(old));
  EXPECT_TRUE(has(fresh));
}

TEST_F(NetlinkTest, two_tunnels_may_route_the_same_destination_and_either_can_go_first) {
  for (const char* dst : {"10.0.0.0/8", "2001:db8:1::/48"}) {
    const Route a{.dst = prefix(dst), .oif = index0_, .metric = 15};
    const Route b{.dst = prefix(dst), .oif = index1_, .metric = 15};
    expect_done(net_->add_route(a, IfExists::append));
    expect_done(net_->add_route(b, IfExists::append));
    EXPECT_TRUE(has(a) && has(b)) << dst;
    expect_done(net_->delete_route(a));
    EXPECT_TRUE(!has(a) && has(b)) << dst;
    expect_done(net_->delete_route(b));
    EXPECT_TRUE(!has(a) && !has(b)) << dst;
  }
}

TEST_F(NetlinkTest, deletes_only_a_route_of_the_same_protocol) {
  run("ip route add 10.7.0.0/16 dev dmt1 metric 15 proto static");
  const auto r = net_->delete_route({.dst = prefix("10.7.0.0/16"), .oif = index1_, .metric = 15});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().text, "delete route 10.7.0.0/16 dev dmt1 metric 15: No such process");
}

TEST_F(NetlinkTest, tells_the_path_to_an_address) {
  const auto direct = net_->path_to(ip("192.0.2.9"));
  ASSERT_TRUE(direct);
  EXPECT_EQ(direct->oif, index0_);
  EXPECT_EQ(direct->source, ip("192.0.2.1"));
  EXPECT_FALSE(direct->gateway);
  run("ip route add 198.51.100.0/24 via 192.0.2.254");
  EXPECT_EQ(net_->path_to(ip("198.51.100.1"))->gateway, ip("192.0.2.254"));
  EXPECT_EQ(net_->path_to(ip("203.0.113.5")).error().text, "route to 203.0.113.5: Network is unreachable");
}

TEST_F(NetlinkTest, cleanup_removes_our_routes_and_addresses_and_nobody_elses) {
  // Not on dmt1: with its last IPv4 address the kernel takes all IPv4 routes of an interface away.
  run("ip route add 10.7.0.0/16 dev dmt0 proto static");
  expect_done(net_->add_route({.dst = prefix("10.0.0.0/8"), .oif = index1_, .metric = 15}));
  expect_done(net_->add_route({.dst = prefix("10.4.0.0/16"), .blackhole = true}));
  expect_done(net_->add_route({.dst = prefix("2001:db8:2::/48"), .blackhole = true}));
  expect_done(net_->add_route({.dst = prefix("2001:db8:1::/48"), .oif = index1_, .table = 1000}));
  expect_done(net_->add_address({index1_, ip("10.9.0.1"), 24}));
  const OwnedAddress owned[] = {
      {"dmt1", ip("10.9.0.1"), 24}, {"dmt1", ip("10.9.9.9"), 24}, {"nosuch", ip("10.9.0.1"), 24}};
  const auto gone = net_->cleanup_stale(owned);
  ASSERT_TRUE(gone) << gone.error().text;
  EXPECT_EQ(*gone, 5U);
  const auto left = net_->routes();
  EXPECT_TRUE(std::ranges::none_of(*left, [](const Route& r) { return r.protocol == kRouteProtocol; }));
  EXPECT_TRUE(std::ranges::any_of(*left, [](const Route& r) { return r.dst == prefix("10.7.0.0/16"); }));
  EXPECT_THAT(*net_->addresses(index0_), ::testing::Contains(InterfaceAddress{index0_, ip("192.0.2.1"), 24}));
  EXPECT_THAT(*net_->addresses(index1_),
              ::testing::Not(::testing::Contains(InterfaceAddress{index1_, ip("10.9.0.1"), 24})));
  EXPECT_EQ(*net_->cleanup_stale(owned), 0U);
}

TEST_F(NetlinkTest, takes_many_routes_and_lists_them_all) {
  for (unsigned i = 0; i < 3000; ++i)
    ASSERT_TRUE(net_->add_route({.dst = Prefix::host(IpAddress::v4(0x0a000000U + i)), .oif = index1_, .metric = 15}));
  const auto all = net_->routes();
  ASSERT_TRUE(all);
  EXPECT_EQ(std::ranges::count(*all, kRouteProtocol, &Route::protocol), 3000);
  EXPECT_EQ(*net_->cleanup_stale({}), 3000U);
}

TEST_F(NetlinkTest, a_list_that_changes_while_it_is_read_is_read_again) {
  for (unsigned i = 0; i < 2000; ++i) ASSERT_TRUE(net_->add_address({index1_, IpAddress::v4(0x0a000001U + i), 32}));
  auto channel = Channel::open();
  ASSERT_TRUE(channel);
  Request q(RTM_GETADDR, NLM_F_DUMP);
  q.header<ifaddrmsg>().ifa_family = AF_INET;
  int seen = 0, restarts = 0;
  const auto meddle_at_first = [&](const nlmsghdr*) {
    if (seen++ == 0 && restarts == 0) expect_done(net_->add_address({index1_, ip("10.200.0.1"), 32}));
  };
  const auto again = [&] {
    ++restarts;
    seen = 0;
  };
  expect_done(channel->request(q, "list addresses", meddle_at_first, again));
  EXPECT_EQ(restarts, 1);
  EXPECT_GE(seen, 2001);
}

template <class T>
std::vector<T> all_of(const std::vector<Event>& events) {
  std::vector<T> out;
  for (const auto& e : events)
    if (const auto* t = std::get_if<T>(&e)) out.push_back(*t);
  return out;
}

TEST_F(NetlinkTest, the_monitor_tells_of_links_addresses_and_routes) {
  auto monitor = Monitor::open();
  ASSERT_TRUE(monitor);
  EXPECT_TRUE(monitor->read()->empty());
  run("ip link set dmt1 down && ip link set dmt1 up && ip address add 10.9.0.1/24 dev dmt1 && ip link add dmt3 type "
      "veth && "
      "ip link del dmt3");
  expect_done(net_->add_route({.dst = prefix("10.0.0.0/8"), .oif = index1_, .metric = 15}));
  expect_done(net_->delete_route({.dst = prefix("10.0.0.0/8"), .oif = index1_, .metric = 15}));
  pollfd p{monitor->fd(), POLLIN, 0};
  ASSERT_EQ(poll(&p, 1, 5000), 1);
  const auto events = monitor->read();
  ASSERT_TRUE(events);
  const auto links = all_of<LinkChanged>(*events);
  EXPECT_TRUE(std::ranges::any_of(links, [](const LinkChanged& e) { return e.link.name == "dmt1" && !e.link.up; }));
  EXPECT_TRUE(std::ranges::any_of(links, [](const LinkChanged& e) { return e.link.name == "dmt3" && e.gone; }));
  const auto addresses = all_of<AddressChanged>(*events);
  EXPECT_TRUE(std::ranges::any_of(addresses, [&](const AddressChanged& e) {
    return e.address == InterfaceAddress{index1_, ip("10.9.0.1"), 24} && !e.gone;
  }));
  std::vector<bool> ours;
  for (const auto& e : all_of<RouteChanged>(*events))
    if (e.route == Route{.dst = prefix("10.0.0.0/8"), .oif = index1_, .metric = 15}) ours.push_back(e.gone);
  EXPECT_EQ(ours, (std::vector<bool>{false, true}));
}

TEST_F(NetlinkTest, the_monitor_says_when_it_lost_something) {
  auto monitor = Monitor::open();
  ASSERT_TRUE(monitor);
  for (unsigned i = 0; i < 3000; ++i)
    ASSERT_TRUE(net_->add_route({.dst = Prefix::host(IpAddress::v4(0x0b000000U + i)), .oif = index1_, .metric = 15}));
  const auto events = monitor->read();
  ASSERT_TRUE(events);
  EXPECT_FALSE(all_of<EventsLost>(*events).empty());
  EXPECT_EQ(*net_->cleanup_stale({}), 3000U);
}

}  // namespace
}  // namespace dormouse::netlink
