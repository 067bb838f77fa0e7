#include "esp/checksum.h"

#include <gtest/gtest.h>

#include "esp/inner_packets_for_test.h"

namespace dormouse::esp {
namespace {

std::uint16_t as_big_endian(std::uint16_t folded) {
  std::array<std::uint8_t, 2> octets{};
  store_folded(octets.data(), folded);
  return load16(octets.data());
}

TEST(Checksum, agrees_with_the_plain_sum_at_every_length) {
  Bytes data(300);
  std::uint32_t state = 1;
  for (auto& b : data) b = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  for (std::size_t n = 0; n <= data.size(); ++n)
    EXPECT_EQ(as_big_endian(checksum_fold(checksum_add(0, data.data(), n))),
              testing::plain_sum(ByteView(data).first(n)))
        << n;
}

TEST(Checksum, counts_every_carry_of_all_ones) {
  const Bytes ones(1500, 0xff);
  for (const std::size_t n : {8U, 32U, 64U, 1500U})
    EXPECT_EQ(checksum_fold(checksum_add(0, ones.data(), n)), 0xffff) << n;
}

TEST(Checksum, is_carried_on_over_pieces) {
  Bytes data(100, 0x9c);
  const auto whole = checksum_fold(checksum_add(0, data.data(), 100));
  EXPECT_EQ(checksum_fold(checksum_add(checksum_add(0, data.data(), 38), data.data() + 38, 62)), whole);
}

TEST(Checksum, copies_and_sums_in_one_go) {
  Bytes data(333);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 37 + 11);
  for (std::size_t n = 0; n <= data.size(); ++n) {
    Bytes copy(n + 1, 0x5a);
    EXPECT_EQ(checksum_fold(checksum_copy(copy.data(), data.data(), n)),
              checksum_fold(checksum_add(0, data.data(), n)));
    EXPECT_TRUE(equal(ByteView(copy).first(n), ByteView(data).first(n)));
    EXPECT_EQ(copy[n], 0x5a) << "wrote past the end";
  }
}

TEST(Checksum, makes_an_ipv4_header_sum_to_all_ones) {
  Bytes header{0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xaa, 0xbb, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7};
  set_ipv4_checksum(header.data());
  EXPECT_EQ(load16(header.data() + 10), 0xb861);
  EXPECT_EQ(testing::plain_sum(header), 0xffff);
}

}  // namespace
}  // namespace dormouse::esp
