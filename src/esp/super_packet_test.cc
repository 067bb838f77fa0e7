#include "esp/super_packet.h"

#include <gtest/gtest.h>
#include <memory>

namespace dormouse::esp {
namespace {

/// Sum of the transport part with its pseudo header: all ones if the checksum is right.
bool transport_sum_right(const Bytes& p) {
  InnerPacket info;
  if (!parse_inner(p, info)) return false;
  const std::uint32_t length = info.length - info.transport_offset;
  const auto sum = pseudo_header_sum(p.data(), info.v6, info.protocol, length);
  return checksum_fold(checksum_add(sum, p.data() + info.transport_offset, length)) == 0xffff;
}
bool ip_sum_right(const Bytes& p) {
  return p[0] >> 4 == 6 || checksum_fold(checksum_add(0, p.data(), (p[0] & 15U) * 4U)) == 0xffff;
}

Bytes ip_header(bool v6, std::uint8_t protocol, std::size_t after) {
  Bytes p(v6 ? 40 : 20);
  if (v6) {
    p[0] = 0x60;
    store16(p.data() + 4, static_cast<std::uint16_t>(after));
    p[6] = protocol;
    p[7] = 64;
    p[23] = 1;
    p[39] = 2;
  } else {
    p[0] = 0x45;
    store16(p.data() + 2, static_cast<std::uint16_t>(20 + after));
    store16(p.data() + 4, 777);
    p[6] = 0x40;
    p[8] = 64;
    p[9] = protocol;
    store32(p.data() + 12, 0x0a010101);
    store32(p.data() + 16, 0x0a020202);
    set_ipv4_checksum(p.data());
  }
  return p;
}

/// A TCP or UDP packet with right checksums.
Bytes packet(bool v6, bool tcp, std::uint32_t seq, std::size_t payload, std::uint8_t flags = 16) {
  const std::size_t header = tcp ? 32 : 8;  // TCP with 12 octets of options
  Bytes p = ip_header(v6, tcp ? 6 : 17, header + payload);
  const std::size_t at = p.size();
  p.resize(at + header + payload);
  std::uint8_t* t = p.data() + at;
  store16(t, 4000);
  store16(t + 2, 5201);
  if (tcp) {
    store32(t + 4, seq);
    store32(t + 8, 99);
    t[12] = 0x80;
    t[13] = flags;
    store16(t + 14, 500);
    t[20] = t[21] = 1;
  } else {
    store16(t + 4, static_cast<std::uint16_t>(header + payload));
  }
  for (std::size_t i = 0; i < payload; ++i) t[header + i] = static_cast<std::uint8_t>(seq + i);
  const auto sum = static_cast<std::uint16_t>(~checksum_fold(
      checksum_add(pseudo_header_sum(p.data(), v6, tcp ? 6 : 17, static_cast<std::uint32_t>(header + payload)), t,
                   header + payload)));
  std::memcpy(t + (tcp ? 16 : 6), &sum, 2);
  return p;
}

OffloadHeader read_header(ByteView v) {
  OffloadHeader h;
  h.flags = v[0];
  h.gso_type = v[1];
  std::memcpy(&h.header_length, v.data() + 2, 2);
  std::memcpy(&h.gso_size, v.data() + 4, 2);
  std::memcpy(&h.csum_start, v.data() + 6, 2);
  std::memcpy(&h.csum_offset, v.data() + 8, 2);
  return h;
}

std::vector<Bytes> cut(Bytes p, const OffloadHeader& h) {
  std::vector<Bytes> out;
  Segmenter s(p, h);
  EXPECT_TRUE(s.ok());
  for (std::size_t n = s.next_size(); n != 0; n = s.next_size()) {
    out.emplace_back(n);
    s.write(out.back().data());
  }
  return out;
}

struct Kind {
  bool v6, tcp;
};
class SuperPacket : public ::testing::TestWithParam<Kind> {};

TEST_P(SuperPacket, packets_of_one_flow_join_and_cut_back_to_the_same_octets) {
  const auto [v6, tcp] = GetParam();
  auto joined = std::make_unique<Coalescer>();
  std::vector<Bytes> sent;
  std::uint32_t seq = 5000;
  for (int i = 0; i < 20; ++i) {
    const std::size_t payload = i == 19 ? 333 : 1348;
    sent.push_back(packet(v6, tcp, seq, payload, i == 19 ? 24 : 16));
    if (!v6) {  // as a sender would: identifications count up
      store16(sent.back().data() + 4, static_cast<std::uint16_t>(777 + i));
      set_ipv4_checksum(sent.back().data());
    }
    seq += static_cast<std::uint32_t>(payload);
    InnerPacket info;
    ASSERT_TRUE(parse_inner(sent.back(), info));
    ASSERT_TRUE(joined->offer(sent.back(), info)) << i;
  }
  const auto whole = joined->take();
  const auto h = read_header(whole);
  EXPECT_EQ(h.gso_size, 1348);
  EXPECT_EQ(h.gso_type, tcp ? v6 ? kGsoTcp6 : kGsoTcp4 : kGsoUdp);
  const auto back = cut(to_bytes(whole.subspan(kOffloadHeaderSize)), h);
  ASSERT_EQ(back.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(back[i], sent[i]) << i;
    EXPECT_TRUE(transport_sum_right(back[i])) << i;
    EXPECT_TRUE(ip_sum_right(back[i])) << i;
  }
}

TEST_P(SuperPacket, a_packet_with_a_wrong_checksum_is_never_joined) {
  const auto [v6, tcp] = GetParam();
  auto joined = std::make_unique<Coalescer>();
  InnerPacket info;
  const auto first = packet(v6, tcp, 1, 1000);
  ASSERT_TRUE(parse_inner(first, info));
  ASSERT_TRUE(joined->offer(first, info));
  auto second = packet(v6, tcp, 1001, 1000);
  second.back() ^= 1;
  ASSERT_TRUE(parse_inner(second, info));
  EXPECT_FALSE(joined->offer(second, info));
  const auto alone = joined->take();
  EXPECT_EQ(to_bytes(alone.subspan(kOffloadHeaderSize)), first);
  EXPECT_EQ(read_header(alone).gso_type, 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SuperPacket,
                         ::testing::Values(Kind{false, true}, Kind{false, false}, Kind{true, true}, Kind{true, false}));

TEST(super_packet, another_flow_a_gap_a_push_and_a_shorter_packet_end_the_joining) {
  auto joined = std::make_unique<Coalescer>();
  InnerPacket info;
  const auto offer = [&](const Bytes& p) {
    EXPECT_TRUE(parse_inner(p, info));
    return joined->offer(p, info);
  };
  ASSERT_TRUE(offer(packet(false, true, 1, 1000)));
  EXPECT_FALSE(offer(packet(false, true, 2001, 1000))) << "a gap";
  EXPECT_FALSE(offer(packet(false, false, 1001, 1000))) << "UDP after TCP";
  EXPECT_FALSE(offer(packet(true, true, 1001, 1000))) << "IPv6 after IPv4";
  EXPECT_FALSE(offer(packet(false, true, 1001, 1001))) << "larger than the first";
  EXPECT_FALSE(offer(packet(false, true, 1001, 1000, 17))) << "FIN";
  ASSERT_TRUE(offer(packet(false, true, 1001, 500)));
  EXPECT_FALSE(offer(packet(false, true, 1501, 1000))) << "after a shorter one";
  (void)joined->take();
  ASSERT_TRUE(offer(packet(false, true, 1, 1000, 24)));
  EXPECT_FALSE(offer(packet(false, true, 1001, 1000))) << "after a push";
}

TEST(super_packet, a_partial_checksum_is_completed) {
  Bytes p = packet(false, true, 1, 100);
  const Bytes whole = p;
  const auto partial = checksum_fold(pseudo_header_sum(p.data(), false, 6, 132));
  std::memcpy(p.data() + 36, &partial, 2);
  const auto out = cut(p, {.flags = kNeedsChecksum, .csum_start = 20, .csum_offset = 16});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0], whole);
}

TEST(super_packet, hostile_offload_headers_are_refused) {
  Bytes p = packet(false, true, 1, 100);
  const auto refused = [&](OffloadHeader h) {
    Bytes copy = p;
    return !Segmenter(copy, h).ok();
  };
  EXPECT_TRUE(refused({.flags = kNeedsChecksum, .csum_start = 65000, .csum_offset = 16}));
  EXPECT_TRUE(refused({.gso_type = kGsoTcp4, .gso_size = 0, .csum_start = 20, .csum_offset = 16}));
  EXPECT_TRUE(refused({.gso_type = kGsoTcp4, .gso_size = 100, .csum_start = 5, .csum_offset = 16}));
  EXPECT_TRUE(refused({.gso_type = kGsoTcp4, .gso_size = 100, .csum_start = 150, .csum_offset = 16}));
  EXPECT_TRUE(refused({.gso_type = 77, .gso_size = 100, .csum_start = 20, .csum_offset = 16}));
}

}  // namespace
}  // namespace dormouse::esp
