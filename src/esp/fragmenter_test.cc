#include "esp/fragmenter.h"

#include <gtest/gtest.h>
#include <map>

#include "esp/checksum.h"
#include "esp/inner_packets_for_test.h"

namespace dormouse::esp {
namespace {

std::vector<Bytes> pieces_of(ByteView packet, std::size_t mtu, std::uint16_t id = 999) {
  std::vector<Bytes> out;
  Fragmenter f(packet, mtu, id);
  for (std::size_t size = f.next_size(); size != 0; size = f.next_size()) {
    out.emplace_back(size);
    f.write(out.back().data());
  }
  return out;
}

/// The payload put together again; empty if something is missing or overlaps.
Bytes together(const std::vector<Bytes>& pieces) {
  std::map<std::size_t, ByteView> by_offset;
  std::size_t end = 0;
  for (const auto& p : pieces) {
    const std::size_t header = (p[0] & 15U) * 4U;
    const auto word = load16(p.data() + 6);
    const std::size_t at = (word & 0x1fff) * 8U;
    by_offset[at] = ByteView(p).subspan(header);
    if ((word & 0x2000) == 0) end = at + p.size() - header;
  }
  Bytes out;
  for (const auto& [at, payload] : by_offset) {
    if (at != out.size()) return {};
    out.insert(out.end(), payload.begin(), payload.end());
  }
  return out.size() == end ? out : Bytes{};
}

TEST(Fragmenter, the_pieces_fit_and_make_the_packet_again) {
  const Bytes packet = testing::packet_of({.protocol = kUdp, .id = 321, .dont_fragment = false, .payload = 1400});
  for (std::size_t mtu = 68; mtu < packet.size(); ++mtu) {
    const auto pieces = pieces_of(packet, mtu);
    ASSERT_GT(pieces.size(), 1U);
    for (const auto& p : pieces) {
      ASSERT_LE(p.size(), mtu);
      ASSERT_EQ(load16(p.data() + 2), p.size());
      ASSERT_EQ(load16(p.data() + 4), 321);
      ASSERT_EQ(testing::plain_sum(ByteView(p).first(20)), 0xffff);
    }
    ASSERT_TRUE(equal(together(pieces), ByteView(packet).subspan(20))) << mtu;
  }
}

TEST(Fragmenter, a_packet_that_was_not_to_be_fragmented_gets_an_identification) {
  const auto pieces = pieces_of(testing::packet_of({.protocol = kUdp, .id = 0, .payload = 1400}), 600, 4711);
  for (const auto& p : pieces) {
    EXPECT_EQ(load16(p.data() + 4), 4711);
    EXPECT_EQ(p[6] & 0x40, 0) << "the pieces may be cut again";
  }
}

TEST(Fragmenter, a_fragment_is_cut_into_fragments_of_the_same_packet) {
  const Bytes packet = testing::packet_of({.protocol = kUdp, .id = 5, .dont_fragment = false, .payload = 2000});
  const auto large = pieces_of(packet, 1220);
  ASSERT_EQ(large.size(), 2U);
  std::vector<Bytes> small;
  for (const auto& p : large)
    for (auto& q : pieces_of(p, 500)) small.push_back(std::move(q));
  EXPECT_TRUE(equal(together(small), ByteView(packet).subspan(20)));
}

TEST(Fragmenter, options_are_in_later_pieces_only_if_they_say_so) {
  Bytes packet = testing::packet_of({.protocol = kUdp, .id = 5, .dont_fragment = false, .payload = 400});
  const Bytes options{7, 3, 4, 0x82, 4, 9, 9, 0};  // record route (not copied), security (copied), end
  packet.insert(packet.begin() + 20, options.begin(), options.end());
  packet[0] = 0x47;
  store16(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  set_ipv4_checksum(packet.data());
  const auto pieces = pieces_of(packet, 200);
  ASSERT_GT(pieces.size(), 2U);
  EXPECT_TRUE(equal(ByteView(pieces[0]).subspan(20, 8), options));
  EXPECT_TRUE(equal(ByteView(pieces[1]).subspan(20, 8), Bytes{1, 1, 1, 0x82, 4, 9, 9, 0}));
  EXPECT_TRUE(equal(together(pieces), ByteView(packet).subspan(28)));
  packet[21] = 0;  // an option of no length cannot make it run on or beyond
  for (const auto& p : pieces_of(packet, 200)) EXPECT_EQ(p[0], 0x47);
}

}  // namespace
}  // namespace dormouse::esp
