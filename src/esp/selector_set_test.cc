#include "esp/selector_set.h"

#include <gtest/gtest.h>

#include "esp/inner_packets_for_test.h"

namespace dormouse::esp {
namespace {

using testing::packet_of;
using testing::parsed;

TrafficSelector net(const char* prefix) { return TrafficSelector::of(*Prefix::parse(prefix)); }
TrafficSelector port(TrafficSelector ts, std::uint8_t protocol, std::uint16_t first, std::uint16_t last) {
  ts.protocol = protocol;
  ts.first_port = first;
  ts.last_port = last;
  return ts;
}

TEST(SelectorSet, looks_at_the_two_sides_by_direction) {
  const SelectorSet s({net("10.1.0.1/32")}, {net("10.1.0.0/30")});
  const auto p = parsed(packet_of({}));  // 10.1.0.1 to 10.1.0.2
  EXPECT_TRUE(s.fits_outbound(p));
  EXPECT_FALSE(s.fits_inbound(p));
  EXPECT_TRUE(SelectorSet({net("10.1.0.2/32")}, {net("10.1.0.1/32")}).fits_inbound(p));
}

TEST(SelectorSet, holds_the_table) {
  struct Row {
    int line;
    TrafficSelector remote;
    bool fits;
  };
  const Row rows[] = {
      {1, net("10.1.0.2/32"), true},
      {2, net("10.1.0.3/32"), false},
      {3, net("10.0.0.0/8"), true},
      {4, net("2001:db8::/32"), false},
      {5, TrafficSelector::any(Family::v6), false},
      {6, port(net("10.0.0.0/8"), kTcp, 0, 65535), true},
      {7, port(net("10.0.0.0/8"), kUdp, 0, 65535), false},
      {8, port(net("10.0.0.0/8"), kTcp, 2222, 2222), true},
      {9, port(net("10.0.0.0/8"), kTcp, 2223, 65535), false},
      {10, port(net("10.0.0.0/8"), 0, 2000, 2222), true},
      {11, {0, 0, 65535, {*IpAddress::parse("10.1.0.2"), *IpAddress::parse("10.1.0.9")}}, true},
      {12, {0, 0, 65535, {*IpAddress::parse("10.1.0.3"), *IpAddress::parse("10.1.0.9")}}, false},
  };
  const auto p = parsed(packet_of({}));
  for (const auto& row : rows)
    EXPECT_EQ(SelectorSet({TrafficSelector::any(Family::v4)}, {row.remote}).fits_outbound(p), row.fits)
        << "line " << row.line;
}

TEST(SelectorSet, takes_any_of_several) {
  const SelectorSet s({net("192.0.2.0/24"), net("10.1.0.0/24")}, {net("198.51.100.0/24"), net("10.1.0.2/32")});
  EXPECT_TRUE(s.fits_outbound(parsed(packet_of({}))));
}

TEST(SelectorSet, compares_both_halves_of_an_ipv6_address) {
  const auto p = parsed(packet_of({.v6 = true}));
  const auto any = TrafficSelector::any(Family::v6);
  EXPECT_TRUE(SelectorSet({any}, {net("2001:db8::2/128")}).fits_outbound(p));
  EXPECT_FALSE(SelectorSet({any}, {net("2001:db8::3/128")}).fits_outbound(p));
  EXPECT_FALSE(SelectorSet({any}, {net("2001:db9::/64")}).fits_outbound(p));
  EXPECT_TRUE(SelectorSet({any}, {any}).fits_outbound(p));
}

TEST(SelectorSet, passes_later_fragments_only_where_any_port_will_do) {
  Bytes later = packet_of({.dont_fragment = false});
  store16(later.data() + 6, 0x0010);
  const auto any = TrafficSelector::any(Family::v4);
  EXPECT_TRUE(SelectorSet({any}, {port(any, kTcp, 0, 65535)}).fits_outbound(parsed(later)));
  EXPECT_FALSE(SelectorSet({any}, {port(any, kTcp, 2222, 2222)}).fits_outbound(parsed(later)));
  Bytes first = packet_of({.dont_fragment = false});
  store16(first.data() + 6, 0x2000);
  EXPECT_TRUE(SelectorSet({any}, {port(any, kTcp, 2222, 2222)}).fits_outbound(parsed(first)));
}

TEST(SelectorSet, reads_icmp_type_and_code_as_a_port) {
  Bytes echo = packet_of({.protocol = kUdp, .payload = 8});
  echo[9] = kIcmp;
  store16(echo.data() + 20, 8 << 8);
  const auto any = TrafficSelector::any(Family::v4);
  EXPECT_TRUE(SelectorSet({any}, {port(any, kIcmp, 8 << 8, 8 << 8 | 255)}).fits_outbound(parsed(echo)));
  EXPECT_FALSE(SelectorSet({any}, {port(any, kIcmp, 0, 255)}).fits_outbound(parsed(echo)));
}

TEST(SelectorSet, refuses_ports_of_protocols_without_ports) {
  Bytes gre = packet_of({.protocol = kUdp});
  gre[9] = 47;
  const auto any = TrafficSelector::any(Family::v4);
  EXPECT_FALSE(SelectorSet({any}, {port(any, 0, 1, 100)}).fits_outbound(parsed(gre)));
  EXPECT_TRUE(SelectorSet({any}, {any}).fits_outbound(parsed(gre)));
}

TEST(SelectorSet, knows_the_prefixes_of_the_other_side) {
  const auto any = TrafficSelector::any(Family::v4);
  const auto prefix = [](const char* text) { return *Prefix::parse(text); };
  using Prefixes = std::vector<Prefix>;
  EXPECT_EQ(SelectorSet({any}, {net("10.1.0.9/32")}).remote_prefixes(), Prefixes{prefix("10.1.0.9/32")});
  EXPECT_EQ(SelectorSet({any}, {port(net("10.1.0.9/32"), kTcp, 80, 80), net("10.1.0.9/32")}).remote_prefixes(),
            Prefixes{prefix("10.1.0.9/32")});
  EXPECT_EQ(SelectorSet({any}, {net("10.1.0.0/24"), net("10.2.0.0/16")}).remote_prefixes(),
            (Prefixes{prefix("10.1.0.0/24"), prefix("10.2.0.0/16")}));
  TrafficSelector three = net("10.1.0.1/32");
  three.range.last = *IpAddress::parse("10.1.0.3");
  EXPECT_EQ(SelectorSet({any}, {three}).remote_prefixes(), (Prefixes{prefix("10.1.0.1/32"), prefix("10.1.0.2/31")}));
  EXPECT_EQ(SelectorSet({any}, {TrafficSelector::any(Family::v6)}).remote_prefixes(), Prefixes{prefix("::/0")});
  EXPECT_TRUE(SelectorSet().remote_prefixes().empty());
}

TEST(SelectorSet, without_selectors_fits_nothing) { EXPECT_FALSE(SelectorSet().fits_outbound(parsed(packet_of({})))); }

}  // namespace
}  // namespace dormouse::esp
