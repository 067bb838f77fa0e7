#include "adapters/dataplane_xfrm/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dormouse::xfrm {
namespace {

using ::testing::ElementsAre;

TrafficSelector of(const char* prefix, std::uint8_t protocol = 0, std::uint16_t first = 0, std::uint16_t last = 65535) {
  auto s = TrafficSelector::of(*Prefix::parse(prefix));
  s.protocol = protocol;
  s.first_port = first;
  s.last_port = last;
  return s;
}

TEST(XfrmSelector, a_range_of_ports_is_covered_exactly) {
  EXPECT_THAT(port_masks(0, 65535), ElementsAre(PortMask{0, 0}));
  EXPECT_THAT(port_masks(53, 53), ElementsAre(PortMask{53, 0xffff}));
  EXPECT_THAT(port_masks(1000, 1003), ElementsAre(PortMask{1000, 0xfffc}));
  const auto masks = port_masks(1, 65534);
  for (std::uint32_t port = 0; port <= 65535; ++port) {
    int hits = 0;
    for (const auto& m : masks) hits += (port & m.mask) == m.value;
    ASSERT_EQ(hits, port >= 1 && port <= 65534 ? 1 : 0) << port;
  }
}

TEST(XfrmSelector, every_local_selector_goes_with_every_remote_one_of_its_family) {
  const auto all = selectors_of({of("10.1.0.0/16"), of("2001:db8:1::/48")},
                                {of("192.168.5.0/24"), of("192.168.7.0/24"), of("2001:db8:2::/48")});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ(all->at(1).source.text(), "10.1.0.0/16");
  EXPECT_EQ(all->at(1).destination.text(), "192.168.7.0/24");
  EXPECT_EQ(all->at(2).reversed().source.text(), "2001:db8:2::/48");
}

TEST(XfrmSelector, the_protocol_of_either_side_holds_for_both) {
  const auto udp = selectors_of({of("10.1.0.0/16")}, {of("192.168.5.0/24", 17, 53, 53)});
  ASSERT_TRUE(udp);
  ASSERT_EQ(udp->size(), 1U);
  EXPECT_EQ(udp->front().protocol, 17);
  EXPECT_EQ(udp->front().destination_port, (PortMask{53, 0xffff}));
  EXPECT_FALSE(selectors_of({of("10.1.0.0/16", 6)}, {of("192.168.5.0/24", 17)})) << "no packet is TCP and UDP";
}

TEST(XfrmSelector, more_policies_than_the_bound_are_refused) {
  const auto hosts = [](const char* first, const char* last) {
    TrafficSelector s = of("10.0.0.0/8");
    s.range = {*IpAddress::parse(first), *IpAddress::parse(last)};
    return s;
  };
  EXPECT_FALSE(selectors_of({hosts("10.0.0.1", "10.255.255.254")}, {hosts("11.0.0.1", "11.255.255.254")}));
}

TEST(XfrmSelector, the_narrower_one_comes_first) {
  const auto of_pair = [](const TrafficSelector& l, const TrafficSelector& r) {
    return priority_of(selectors_of({l}, {r})->front());
  };
  const auto wide = of_pair(of("0.0.0.0/0"), of("0.0.0.0/0"));
  const auto net = of_pair(of("0.0.0.0/0"), of("10.1.0.0/16"));
  const auto host = of_pair(of("0.0.0.0/0"), of("10.1.100.11/32"));
  const auto port = of_pair(of("0.0.0.0/0"), of("10.1.100.11/32", 17, 53, 53));
  EXPECT_LT(net, wide);
  EXPECT_LT(host, net);
  EXPECT_LT(port, host);
  EXPECT_LT(wide, kLastPriority);
  EXPECT_GT(priority_of({*Prefix::parse("::1/128"), *Prefix::parse("::1/128"), 6, {1, 0xffff}, {1, 0xffff}}), 0U);
}

}  // namespace
}  // namespace dormouse::xfrm
