#include "esp/inner_packet.h"

#include <gtest/gtest.h>

#include "esp/inner_packets_for_test.h"

namespace dormouse::esp {
namespace {

using testing::packet_of;
using testing::parsed;

TEST(InnerPacket, reads_ipv4_addresses_and_ports) {
  const auto p = parsed(packet_of({}));
  EXPECT_FALSE(p.v6);
  EXPECT_EQ(p.protocol, kTcp);
  EXPECT_EQ(p.source.address(false).text(), "10.1.0.1");
  EXPECT_EQ(p.destination.address(false).text(), "10.1.0.2");
  EXPECT_TRUE(p.has_ports);
  EXPECT_EQ(p.source_port, 1111);
  EXPECT_EQ(p.destination_port, 2222);
  EXPECT_EQ(p.transport, 20);
  EXPECT_EQ(p.length, 152U);
}

TEST(InnerPacket, reads_ipv6_behind_extension_headers) {
  Bytes packet = packet_of({.v6 = true, .protocol = kUdp});
  // Hop-by-hop options of 8 octets, destination options of 16.
  const Bytes extensions{60, 0, 1, 4, 0, 0, 0, 0, kUdp, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  packet.insert(packet.begin() + 40, extensions.begin(), extensions.end());
  packet[6] = 0;
  store16(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - 40));
  const auto p = parsed(packet);
  EXPECT_EQ(p.protocol, kUdp);
  EXPECT_EQ(p.transport, 64);
  EXPECT_EQ(p.destination_port, 2222);
  EXPECT_EQ(p.source.address(true).text(), "2001:db8::1");
}

TEST(InnerPacket, shows_no_ports_in_a_later_fragment) {
  Bytes later = packet_of({.dont_fragment = false});
  store16(later.data() + 6, 0x2010);
  EXPECT_TRUE(parsed(later).fragment);
  EXPECT_FALSE(parsed(later).has_ports);
  Bytes first = packet_of({.dont_fragment = false});
  store16(first.data() + 6, 0x2000);
  EXPECT_TRUE(parsed(first).fragment);
  EXPECT_TRUE(parsed(first).has_ports);

  Bytes v6 = packet_of({.v6 = true});
  const Bytes header{kTcp, 0, 0x00, 0x09, 0, 0, 0, 7};
  v6.insert(v6.begin() + 40, header.begin(), header.end());
  v6[6] = 44;
  store16(v6.data() + 4, static_cast<std::uint16_t>(v6.size() - 40));
  EXPECT_TRUE(parsed(v6).fragment);
  EXPECT_FALSE(parsed(v6).has_ports);
  EXPECT_EQ(parsed(v6).protocol, kTcp);
}

TEST(InnerPacket, ignores_what_follows_the_packet) {
  Bytes packet = packet_of({.payload = 10});
  packet.resize(packet.size() + 500);
  EXPECT_EQ(parsed(packet).length, 62U);
}

TEST(InnerPacket, refuses_every_truncation) {
  for (const bool v6 : {false, true}) {
    const Bytes packet = packet_of({.v6 = v6, .payload = 30});
    InnerPacket out;
    for (std::size_t n = 0; n < packet.size(); ++n) EXPECT_FALSE(parse_inner(ByteView(packet).first(n), out)) << n;
    EXPECT_TRUE(parse_inner(packet, out));
  }
}

TEST(InnerPacket, refuses_lengths_that_contradict) {
  InnerPacket out;
  Bytes short_header = packet_of({});
  short_header[0] = 0x44;
  EXPECT_FALSE(parse_inner(short_header, out));
  Bytes header_over_length = packet_of({});
  store16(header_over_length.data() + 2, 19);
  EXPECT_FALSE(parse_inner(header_over_length, out));
  Bytes other_version = packet_of({});
  other_version[0] = 0x55;
  EXPECT_FALSE(parse_inner(other_version, out));
  Bytes endless_option = packet_of({.v6 = true, .payload = 4});
  endless_option[6] = 0;
  endless_option[41] = 255;
  EXPECT_FALSE(parse_inner(endless_option, out));
}

}  // namespace
}  // namespace dormouse::esp
