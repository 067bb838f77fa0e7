#include "esp/coalescer.h"

#include <gtest/gtest.h>

#include "esp/inner_packets_for_test.h"
#include "esp/segmenter.h"

namespace dormouse::esp {
namespace {

using testing::packet_of;
using testing::PacketSpec;
using testing::parsed;

/// Adds all and returns the super-packets, each with its offload header in front.
std::vector<Bytes> joined(const std::vector<Bytes>& packets, bool tcp = true, bool udp = true) {
  Coalescer c;
  c.join(tcp, udp);
  std::vector<Bytes> out;
  const auto flush = [&] {
    c.flush([&](std::span<const ByteView> parts) {
      Bytes whole;
      for (const auto& part : parts) whole.insert(whole.end(), part.begin(), part.end());
      out.push_back(std::move(whole));
    });
  };
  for (const auto& p : packets) {
    if (c.add(p, parsed(p))) continue;
    flush();
    EXPECT_TRUE(c.add(p, parsed(p)));
  }
  flush();
  EXPECT_TRUE(c.empty());
  return out;
}

std::vector<Bytes> cut_again(Bytes& super) {
  std::vector<Bytes> out;
  Segmenter s(MutableBytes(super).subspan(kOffloadHeaderSize), OffloadHeader::read(super.data()));
  EXPECT_TRUE(s.ok());
  while (const std::size_t size = s.next_size()) {
    out.emplace_back(size);
    s.write(out.back().data());
  }
  return out;
}

/// `count` packets of a stream, the last with `last` octets.
std::vector<Bytes> stream(PacketSpec spec, std::size_t count, std::size_t last) {
  std::vector<Bytes> out;
  const std::size_t size = spec.payload;
  for (std::size_t i = 0; i < count; ++i) {
    spec.payload = i + 1 == count ? last : size;
    out.push_back(packet_of(spec));
    spec.seq += static_cast<std::uint32_t>(size);
    ++spec.id;
    ++spec.fill;
  }
  return out;
}

TEST(Coalescer, joins_what_the_segmenter_cuts_back_into_the_same_packets) {
  for (const bool v6 : {false, true}) {
    for (const std::uint8_t protocol : {kTcp, kUdp}) {
      for (const bool dont_fragment : {true, false}) {
        for (const std::size_t last : {200U, 1U}) {
          const auto packets = stream(
              {.v6 = v6, .protocol = protocol, .id = 9, .dont_fragment = dont_fragment, .payload = 200}, 7, last);
          auto supers = joined(packets);
          ASSERT_EQ(supers.size(), 1U);
          EXPECT_EQ(cut_again(supers[0]), packets);
        }
      }
    }
  }
}

TEST(Coalescer, hands_on_a_lone_packet_without_offload) {
  const auto out = joined({packet_of({})});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_TRUE(equal(ByteView(out[0]).first(kOffloadHeaderSize), Bytes(kOffloadHeaderSize)));
  EXPECT_TRUE(equal(ByteView(out[0]).subspan(kOffloadHeaderSize), packet_of({})));
}

TEST(Coalescer, keeps_apart_what_differs) {
  struct Row {
    int line;
    PacketSpec second;
  };
  const Row rows[] = {
      {1, {.source_port = 1112, .seq = 1100}},
      {2, {.seq = 1101}},
      {3, {.seq = 1100, .ack = 6}},
      {4, {.traffic_class = 1, .seq = 1100}},
      {5, {.seq = 1100, .payload = 101}},
      {6, {.dont_fragment = false, .seq = 1100}},
      {7, {.seq = 1100, .last_address = 3}},
      {8, {.seq = 1100, .tcp_flags = 0x11}},
      {9, {.seq = 1100, .tcp_flags = 0x50}},
      {10, {.protocol = kUdp}},
      {11, {.v6 = true, .seq = 1100}},
      {12, {.seq = 1100, .payload = 0}},
  };
  for (const auto& row : rows) {
    const std::vector packets{packet_of({}), packet_of(row.second)};
    EXPECT_EQ(joined(packets).size(), 2U) << "line " << row.line;
  }
  EXPECT_EQ(joined({packet_of({}), packet_of({.seq = 1100})}).size(), 1U);
}

TEST(Coalescer, does_not_join_a_packet_whose_checksum_is_wrong) {
  for (const std::size_t broken : {0U, 1U, 2U}) {
    auto packets = stream({}, 3, 100);
    packets[broken].back() ^= 1;
    const auto out = joined(packets);
    ASSERT_GT(out.size(), 1U) << broken;
    // The broken one comes out alone and as it was: the kernel is to find it.
    bool found = false;
    for (const auto& super : out) found |= equal(ByteView(super).subspan(kOffloadHeaderSize), packets[broken]);
    EXPECT_TRUE(found) << broken;
  }
}

TEST(Coalescer, ends_a_super_packet_at_a_push) {
  auto packets = stream({}, 4, 100);
  packets[1] = packet_of({.id = 1, .seq = 1100, .tcp_flags = 0x18, .fill = 0x62});
  auto out = joined(packets);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(cut_again(out[0]), (std::vector{packets[0], packets[1]}));
  EXPECT_EQ(cut_again(out[1]), (std::vector{packets[2], packets[3]}));
}

TEST(Coalescer, joins_interleaved_flows_each_for_itself) {
  const auto a = stream({.source_port = 1}, 5, 100), b = stream({.source_port = 2}, 5, 100);
  std::vector<Bytes> mixed;
  for (std::size_t i = 0; i < 5; ++i) {
    mixed.push_back(a[i]);
    mixed.push_back(b[i]);
  }
  auto out = joined(mixed);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(cut_again(out[0]), a);
  EXPECT_EQ(cut_again(out[1]), b);
}

TEST(Coalescer, keeps_the_order_within_a_flow) {
  auto packets = stream({}, 4, 100);
  std::swap(packets[1], packets[2]);  // reordered on the way: not ours to mend
  const auto out = joined(packets);
  Bytes all;
  for (auto super : out)
    for (const auto& p : cut_again(super)) all.insert(all.end(), p.begin(), p.end());
  Bytes wanted;
  for (const auto& p : packets) wanted.insert(wanted.end(), p.begin(), p.end());
  EXPECT_EQ(all, wanted);
}

TEST(Coalescer, lets_nothing_overtake_a_fragment) {
  auto packets = stream({.dont_fragment = false}, 3, 100);
  store16(packets[1].data() + 6, 0x2000);
  EXPECT_EQ(joined(packets).size(), 3U);
}

TEST(Coalescer, stays_under_the_bounds_of_an_ip_packet) {
  auto big = joined(stream({.payload = 1400}, 60, 1400));
  ASSERT_EQ(big.size(), 2U);
  EXPECT_LE(big[0].size(), 65535 + kOffloadHeaderSize);
  const auto small = joined(stream({.payload = 10}, 200, 10));
  EXPECT_EQ(small.size(), 4U);  // 64 parts each
}

TEST(Coalescer, says_no_when_too_many_flows_are_open) {
  Coalescer c;
  std::size_t taken = 0;
  std::vector<Bytes> packets;
  for (std::uint16_t port = 1; port < 100; ++port) packets.push_back(packet_of({.source_port = port}));
  for (const auto& p : packets) taken += c.add(p, parsed(p)) ? 1 : 0;
  EXPECT_LT(taken, packets.size());
  EXPECT_EQ(joined(packets).size(), packets.size());
}

TEST(Coalescer, joins_only_what_the_device_takes) {
  EXPECT_EQ(joined(stream({}, 3, 100), false, true).size(), 3U);
  EXPECT_EQ(joined(stream({.protocol = kUdp}, 3, 100), true, false).size(), 3U);
  EXPECT_EQ(joined(stream({.protocol = kUdp}, 3, 100), true, true).size(), 1U);
}

}  // namespace
}  // namespace dormouse::esp
