#include "esp/ipv6_fragmenter.h"

#include <gtest/gtest.h>
#include <numeric>
#include <vector>

namespace dormouse::esp {
namespace {

std::vector<Ipv6Fragment> pieces_of(ByteView payload, std::uint32_t mtu) {
  std::vector<Ipv6Fragment> out;
  Ipv6Fragmenter f(payload, 50, mtu, 0xabcd1234);
  while (const auto piece = f.next()) out.push_back(*piece);
  return out;
}

TEST(Ipv6Fragmenter, the_pieces_fit_and_make_the_packet_again) {
  Bytes payload(65535);
  std::iota(payload.begin(), payload.end(), std::uint8_t{0});
  for (const std::size_t size : {1241U, 1284U, 1300U, 2464U, 2465U, 9000U, 65535U})
    for (std::uint32_t mtu = 1280; mtu < 1300; ++mtu) {
      const auto whole = ByteView(payload).first(size);
      Bytes again;
      for (const auto& p : pieces_of(whole, mtu)) {
        ASSERT_LE(48 + p.data.size(), mtu);
        const auto word = load16(p.header.data() + 2);
        ASSERT_EQ(word & 0xfff8, again.size()) << "the offset";
        again.insert(again.end(), p.data.begin(), p.data.end());
        ASSERT_EQ(word & 7, again.size() == size ? 0 : 1) << "more follow";
        ASSERT_TRUE(again.size() == size || p.data.size() % 8 == 0);
        ASSERT_EQ(load16(p.header.data()), 50 << 8) << "protocol, and a reserved octet";
        ASSERT_EQ(load32(p.header.data() + 4), 0xabcd1234);
      }
      ASSERT_TRUE(equal(again, whole)) << size << " by " << mtu;
    }
}

TEST(Ipv6Fragmenter, each_piece_but_the_last_is_as_large_as_passes) {
  const Bytes payload(1300);
  const auto pieces = pieces_of(payload, 1287);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].data.size(), 1232U);
  EXPECT_EQ(pieces[1].data.size(), 68U);
}

}  // namespace
}  // namespace dormouse::esp
