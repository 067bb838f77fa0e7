#include "esp/segmenter.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "esp/inner_packets_for_test.h"

namespace dormouse::esp {
namespace {

using testing::checksums_right;
using testing::packet_of;
using testing::PacketSpec;

constexpr std::uint8_t kFin = 1, kPsh = 8, kAck = 16, kCwr = 128;

std::vector<Bytes> cut(Segmenter s) {
  std::vector<Bytes> out;
  while (const std::size_t size = s.next_size()) {
    Bytes packet(size + 1, 0xee);
    s.write(packet.data());
    EXPECT_EQ(packet.back(), 0xee) << "wrote past next_size()";
    packet.pop_back();
    out.push_back(std::move(packet));
  }
  return out;
}

/// What TUN hands over for `payload` octets sent with `segment`: lengths of the whole, the pseudo header's sum in the
/// field.
OffloadHeader offload_of(const PacketSpec& s, std::uint16_t segment) {
  const bool tcp = s.protocol == kTcp;
  OffloadHeader h;
  h.flags = kNeedsChecksum;
  h.gso_type = segment == 0 ? std::uint8_t{0} : !tcp ? kGsoUdp : s.v6 ? kGsoTcp6 : kGsoTcp4;
  h.gso_size = segment;
  h.csum_start = s.v6 ? 40 : 20;
  h.csum_offset = tcp ? 16 : 6;
  return h;
}

TEST(Segmenter, cuts_into_packets_that_a_plain_reference_accepts) {
  for (const bool v6 : {false, true}) {
    for (const std::uint8_t protocol : {kTcp, kUdp}) {
      for (const std::size_t payload : {1U, 99U, 100U, 101U, 1000U, 3333U}) {
        const PacketSpec spec{.v6 = v6, .protocol = protocol, .id = 77, .payload = payload};
        Bytes super = packet_of(spec);
        const auto packets = cut(Segmenter(super, offload_of(spec, 100)));
        ASSERT_EQ(packets.size(), (payload + 99) / 100);
        Bytes joined;
        for (std::size_t i = 0; i < packets.size(); ++i) {
          const auto& p = packets[i];
          const auto info = testing::parsed(p);
          EXPECT_EQ(info.length, p.size());
          EXPECT_TRUE(checksums_right(p)) << "packet " << i;
          const std::size_t headers = info.transport + (protocol == kTcp ? 32U : 8U);
          const std::uint8_t* transport = p.data() + info.transport;
          if (protocol == kTcp) {
            EXPECT_EQ(load32(transport + 4), 1000 + i * 100);
          } else {
            EXPECT_EQ(load16(transport + 4), p.size() - info.transport);
          }
          if (!v6) {
            EXPECT_EQ(load16(p.data() + 4), 77 + i);
          }
          joined.insert(joined.end(), p.begin() + static_cast<std::ptrdiff_t>(headers), p.end());
        }
        EXPECT_TRUE(equal(joined, ByteView(packet_of(spec)).last(payload)));
      }
    }
  }
}

TEST(Segmenter, says_fin_and_push_at_the_end_and_cwr_at_the_start) {
  const PacketSpec spec{.tcp_flags = kFin | kPsh | kAck | kCwr, .payload = 250};
  Bytes super = packet_of(spec);
  auto offload = offload_of(spec, 100);
  offload.gso_type |= kGsoEcn;
  const auto packets = cut(Segmenter(super, offload));
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(packets[0][33], kAck | kCwr);
  EXPECT_EQ(packets[1][33], kAck);
  EXPECT_EQ(packets[2][33], kAck | kFin | kPsh);
}

TEST(Segmenter, completes_the_checksum_of_a_single_packet) {
  for (const std::uint8_t protocol : {kTcp, kUdp}) {
    const PacketSpec spec{.protocol = protocol, .payload = 37};
    Bytes packet = packet_of(spec);
    const auto offload = offload_of(spec, 0);
    const std::size_t field = std::size_t{offload.csum_start} + offload.csum_offset;
    const Bytes right = packet;
    // The kernel leaves the sum of the pseudo header there.
    store16(packet.data() + field, 0);
    Bytes pseudo(packet.begin() + 12, packet.begin() + 20);
    Writer w(pseudo);
    w.u16(protocol);
    w.u16(static_cast<std::uint16_t>(packet.size() - 20));
    store16(packet.data() + field, testing::plain_sum(pseudo));
    const auto packets = cut(Segmenter(packet, offload));
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_TRUE(equal(packets[0], right));
  }
}

TEST(Segmenter, hands_on_a_complete_packet_as_it_is) {
  Bytes packet = packet_of({});
  const auto packets = cut(Segmenter(packet, {}));
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_TRUE(equal(packets[0], packet_of({})));
}

TEST(Segmenter, never_sends_the_udp_checksum_zero) {
  // Payload that makes the sum come out as zero: search for it over two octets.
  PacketSpec spec{.protocol = kUdp, .payload = 4};
  Bytes packet = packet_of(spec);
  store16(packet.data() + 26, 0);
  bool reached = false;
  for (std::uint32_t v = 0; v < 65536 && !reached; ++v) {
    store16(packet.data() + 28, static_cast<std::uint16_t>(v));
    reached = testing::plain_transport_sum(packet) == 0xffff;
  }
  ASSERT_TRUE(reached);
  const auto packets = cut(Segmenter(packet, offload_of(spec, 100)));
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(load16(packets[0].data() + 26), 0xffff);
}

TEST(Segmenter, refuses_headers_that_do_not_fit_the_packet) {
  struct Row {
    int line;
    OffloadHeader offload;
  };
  const Row rows[] = {
      {1, {.flags = kNeedsChecksum, .gso_type = 99, .gso_size = 100, .csum_start = 20, .csum_offset = 16}},
      {2, {.flags = kNeedsChecksum, .gso_type = kGsoTcp4, .gso_size = 0, .csum_start = 20, .csum_offset = 16}},
      {3, {.flags = kNeedsChecksum, .gso_type = kGsoTcp4, .gso_size = 100, .csum_start = 10, .csum_offset = 16}},
      {4, {.flags = kNeedsChecksum, .gso_type = kGsoTcp4, .gso_size = 100, .csum_start = 150, .csum_offset = 16}},
      {5, {.flags = kNeedsChecksum, .gso_type = kGsoUdp, .gso_size = 100, .csum_start = 65000, .csum_offset = 6}},
      {6, {.flags = kNeedsChecksum, .csum_start = 20, .csum_offset = 65000}},
      {7, {.flags = kNeedsChecksum, .csum_start = 65535, .csum_offset = 65535}},
  };
  for (const auto& row : rows) {
    Bytes packet = packet_of({});
    const Segmenter s(packet, row.offload);
    EXPECT_FALSE(s.ok()) << "line " << row.line;
    EXPECT_EQ(s.next_size(), 0U) << "line " << row.line;
  }
  Bytes tiny(19);
  EXPECT_FALSE(Segmenter(tiny, {}).ok());
}

}  // namespace
}  // namespace dormouse::esp
