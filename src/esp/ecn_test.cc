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

}  // namespace
}  // namespace dormouse::esp
