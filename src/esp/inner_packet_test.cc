#include "esp/inner_packet.h"

#include <gtest/gtest.h>

#include "esp/packet_format.h"

namespace dormouse::esp {
namespace {

Bytes udp(std::uint32_t source, std::uint32_t destination, std::uint16_t port, std::uint16_t fragment = 0) {
  Bytes p(28);
  p[0] = 0x45;
  store16(p.data() + 2, 28);
  store16(p.data() + 6, fragment);
  p[9] = 17;
  store32(p.data() + 12, source);
  store32(p.data() + 16, destination);
  store16(p.data() + 20, 1234);
  store16(p.data() + 22, port);
  return p;
}

TrafficSelectors net(const char* prefix, std::uint8_t protocol = 0, std::uint16_t first = 0,
                     std::uint16_t last = 65535) {
  auto ts = TrafficSelector::of(*Prefix::parse(prefix));
  ts.protocol = protocol;
  ts.first_port = first;
  ts.last_port = last;
  return {ts};
}

bool fits_pair(const Bytes& p, const TrafficSelectors& s, const TrafficSelectors& d) {
  InnerPacket info;
  EXPECT_TRUE(parse_inner(p, info));
  return fits(info, s, d);
}

TEST(inner_packet, selectors_compare_address_protocol_and_port) {
  const auto p = udp(0x0a010164, 0xc0a8052c, 53);
  const auto any = TrafficSelectors{TrafficSelector::any(Family::v4)};
  EXPECT_TRUE(fits_pair(p, any, any));
  EXPECT_TRUE(fits_pair(p, net("10.1.1.0/24"), net("192.168.5.0/24")));
  EXPECT_FALSE(fits_pair(p, net("10.1.2.0/24"), net("192.168.5.0/24")));
  EXPECT_FALSE(fits_pair(p, net("10.1.1.0/24"), net("192.168.6.0/24")));
  EXPECT_TRUE(fits_pair(p, any, net("192.168.5.44/32", 17, 53, 53)));
  EXPECT_FALSE(fits_pair(p, any, net("192.168.5.44/32", 17, 54, 60)));
  EXPECT_FALSE(fits_pair(p, any, net("192.168.5.44/32", 6, 53, 53)));
  EXPECT_FALSE(fits_pair(p, {TrafficSelector::any(Family::v6)}, any));
}

TEST(inner_packet, later_fragments_fit_only_selectors_of_any_port) {
  const auto p = udp(0x0a010164, 0xc0a8052c, 53, 0x0010);
  const auto any = TrafficSelectors{TrafficSelector::any(Family::v4)};
  EXPECT_TRUE(fits_pair(p, any, any));
  EXPECT_TRUE(fits_pair(p, any, net("192.168.5.0/24", 17)));
  EXPECT_FALSE(fits_pair(p, any, net("192.168.5.0/24", 17, 53, 53)));
}

TEST(inner_packet, nonsense_is_refused_and_padding_behind_the_packet_ignored) {
  InnerPacket info;
  auto p = udp(1, 2, 3);
  p.resize(60);  // TFC padding
  EXPECT_TRUE(parse_inner(p, info));
  EXPECT_EQ(info.length, 28U);
  for (std::size_t n = 0; n < 28; ++n) EXPECT_FALSE(parse_inner(ByteView(p).first(n), info)) << n;
  p[0] = 0x44;
  EXPECT_FALSE(parse_inner(p, info)) << "header shorter than 20";
  p[0] = 0x15;
  EXPECT_FALSE(parse_inner(p, info)) << "version 1";
  Bytes v6(40);
  v6[0] = 0x60;
  store16(v6.data() + 4, 9);
  EXPECT_FALSE(parse_inner(v6, info)) << "longer than it is";
}

TEST(packet_format, body_is_padded_to_the_block_and_unpadded_again) {
  for (const PacketFormat f : {PacketFormat{8, 4, 16}, PacketFormat{16, 16, 12}}) {
    for (std::uint32_t inner = 20; inner < 90; ++inner) {
      Bytes esp(f.total(inner));
      const auto job = finish_outbound(esp.data(), f, inner, EspSpi(0x1234), 7, false);
      EXPECT_EQ(job.body_size % f.block, 0U);
      EXPECT_EQ(load32(esp.data()), 0x1234U);
      EXPECT_EQ(load32(esp.data() + 4), 7U);
      EXPECT_EQ(inner_of(esp.data() + f.payload_offset(), job.body_size).size(), inner);
    }
  }
  Bytes dummy(20);
  dummy[19] = kNextNone;
  EXPECT_TRUE(inner_of(dummy.data(), 20).empty());
  dummy[19] = kNextIpv4;
  dummy[18] = 200;
  EXPECT_TRUE(inner_of(dummy.data(), 20).empty()) << "more padding than there is";
}

}  // namespace
}  // namespace dormouse::esp
