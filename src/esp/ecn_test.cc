#include "esp/ecn.h"

#include <gtest/gtest.h>

#include "esp/inner_packets_for_test.h"

namespace dormouse::esp {
namespace {

TEST(Ecn, follows_the_table_of_rfc_6040) {
  constexpr int kDrop = -1;
  struct Row {
    int line;
    std::uint8_t inner, outer;
    int result;
  };
  const Row rows[] = {
      {1, kNotEct, kNotEct, kNotEct},
      {2, kNotEct, kEct0, kNotEct},
      {3, kNotEct, kEct1, kNotEct},
      {4, kNotEct, kCongested, kDrop},
      {5, kEct0, kNotEct, kEct0},
      {6, kEct0, kEct0, kEct0},
      {7, kEct0, kEct1, kEct1},
      {8, kEct0, kCongested, kCongested},
      {9, kEct1, kNotEct, kEct1},
      {10, kEct1, kEct0, kEct1},
      {11, kEct1, kEct1, kEct1},
      {12, kEct1, kCongested, kCongested},
      {13, kCongested, kNotEct, kCongested},
      {14, kCongested, kEct0, kCongested},
      {15, kCongested, kEct1, kCongested},
      {16, kCongested, kCongested, kCongested},
  };
  constexpr std::uint8_t kDscp = 46 << 2;
  for (const bool v6 : {false, true}) {
    for (const auto& row : rows) {
      Bytes packet = testing::packet_of({.v6 = v6, .traffic_class = static_cast<std::uint8_t>(kDscp | row.inner)});
      const bool kept = decapsulate_ecn(packet.data(), static_cast<std::uint8_t>(8 << 2 | row.outer));
      EXPECT_EQ(kept, row.result != kDrop) << "line " << row.line;
      if (!kept) continue;
      EXPECT_EQ(traffic_class(packet.data()), kDscp | row.result) << "line " << row.line;
      EXPECT_TRUE(testing::checksums_right(packet)) << "line " << row.line;
    }
  }
}

TEST(Ecn, leaves_the_ipv6_flow_label_alone) {
  Bytes packet = testing::packet_of({.v6 = true, .traffic_class = kEct0});
  const auto label = load32(packet.data()) & 0xfffff;
  ASSERT_TRUE(decapsulate_ecn(packet.data(), kCongested));
  EXPECT_EQ(load32(packet.data()) & 0xfffff, label);
}

TEST(Ecn, an_outer_packet_is_marked_as_its_inner_one_unless_the_rules_say_otherwise) {
  constexpr std::uint8_t kEf = 46, kCs1 = 8;
  for (const bool v6 : {false, true}) {
    for (const std::uint8_t ecn : {kNotEct, kEct0, kEct1, kCongested}) {
      const auto inner = static_cast<std::uint8_t>(kEf << 2 | ecn);
      const Bytes packet = testing::packet_of({.v6 = v6, .traffic_class = inner});
      EXPECT_EQ(outer_mark(packet.data(), {}).traffic_class, inner);
      EXPECT_EQ(outer_mark(packet.data(), {.dscp = kCs1}).traffic_class, kCs1 << 2 | ecn);
      EXPECT_EQ(outer_mark(packet.data(), {.dscp = std::uint8_t{0}}).traffic_class, ecn);
    }
  }
}

TEST(Ecn, the_outer_dont_fragment_bit_is_cleared_set_or_copied) {
  const Bytes whole = testing::packet_of({}), free = testing::packet_of({.dont_fragment = false});
  const Bytes six = testing::packet_of({.v6 = true});
  EXPECT_FALSE(outer_mark(whole.data(), {}).dont_fragment);
  EXPECT_TRUE(outer_mark(free.data(), {.outer_df = OuterDf::set}).dont_fragment);
  EXPECT_TRUE(outer_mark(whole.data(), {.outer_df = OuterDf::copy}).dont_fragment);
  EXPECT_FALSE(outer_mark(free.data(), {.outer_df = OuterDf::copy}).dont_fragment);
  EXPECT_TRUE(outer_mark(six.data(), {.outer_df = OuterDf::copy}).dont_fragment);
}

TEST(Ecn, a_copied_dscp_leaves_ecn_and_flow_label_alone) {
  for (const bool v6 : {false, true}) {
    Bytes packet = testing::packet_of({.v6 = v6, .traffic_class = 1 << 2 | kEct0});
    const auto label = load32(packet.data()) & 0xfffff;
    set_dscp(packet.data(), 0xff);
    EXPECT_EQ(traffic_class(packet.data()), 63 << 2 | kEct0);
    EXPECT_EQ(packet[0] >> 4, v6 ? 6 : 4);
    if (v6) {
      EXPECT_EQ(load32(packet.data()) & 0xfffff, label);
    }
    EXPECT_TRUE(testing::checksums_right(packet));
  }
}

}  // namespace
}  // namespace dormouse::esp
